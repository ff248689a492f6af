"""A client of the cloud's APIs that adds nothing: what was sent, what came back, and whether anything came back at all.

For tests that break things and tests that measure: no retries of writes, no waiting, one connection for each thread.
"""
import http.client
import json
import threading
import time
import urllib.parse

VERSIONS = {"compute": "2.90", "placement": "1.39", "volume": "3.60"}
PLACES = {"identity": "/identity/v3", "compute": "/compute/v2.1", "network": "/networking/v2.0", "volume": "/volume/v3",
          "image": "/image/v2", "placement": "/placement"}
#: Seconds after which an idle connection is not used for another request, as the server may be closing it.
IDLE = 10


class Unanswered(Exception):
    """Nobody knows whether the request was carried out."""


class Unreached(Unanswered):
    """There was no connection: the request was surely not carried out."""


class Answer:
    def __init__(self, method, path, status, headers, data):
        self.method, self.path, self.status, self.headers, self.data = method, path, status, headers, data

    @property
    def good(self):
        return 200 <= self.status < 300

    def json(self):
        return json.loads(self.data) if self.data else None

    def __str__(self):
        return f"{self.method} {self.path}: {self.status} {self.data[:300]!r}"


class Failed(Exception):
    """The answer was not the good one that was needed."""


class Cloud:
    """The cloud that these OS_* variables name, as that user."""

    def __init__(self, environment):
        auth = urllib.parse.urlsplit(environment["OS_AUTH_URL"])
        self.host, self.port = auth.hostname, auth.port
        self.user, self.password, self.project_name = (environment[f"OS_{key}"] for key in ("USERNAME", "PASSWORD", "PROJECT_NAME"))
        self.local = threading.local()
        self.token, self.project = None, None
        self.login()

    def login(self):
        domain = {"id": "default"}
        body = {"auth": {"identity": {"methods": ["password"], "password": {
            "user": {"name": self.user, "domain": domain, "password": self.password}}},
            "scope": {"project": {"name": self.project_name, "domain": domain}}}}
        answer = self.ask("POST", "identity", "/auth/tokens", body)
        if answer.status != 201:
            raise Failed(str(answer))
        self.token = answer.headers["X-Subject-Token"]
        self.project = answer.json()["token"]["project"]["id"]

    def ask(self, method, service, path, body=None, raw=None, headers=None, timeout=60):
        """One request, one answer of whatever status."""
        path = PLACES[service] + path
        headers = {"Accept": "application/json", **(headers or {})}
        if self.token:
            headers["X-Auth-Token"] = self.token
        if service in VERSIONS:
            headers["OpenStack-API-Version"] = f"{service} {VERSIONS[service]}"
        if raw is not None:
            headers.setdefault("Content-Type", "application/octet-stream")
        elif body is not None:
            raw = json.dumps(body)
            headers["Content-Type"] = "application/json"
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=raw, headers=headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.local.connection = None
            connection.close()
            raise Unanswered(f"{method} {path}: {error!r}") from error
        self.local.connection = None if response.will_close else connection
        self.local.used = time.monotonic()
        return Answer(method, path, response.status, response.headers, data)

    def connection(self, timeout):
        connection = getattr(self.local, "connection", None)
        if connection is not None and time.monotonic() - self.local.used < IDLE:
            return connection
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        try:
            connection.connect()
        except OSError as error:
            raise Unreached(repr(error)) from error
        return connection

    def need(self, *request, **options):
        """A request that must succeed; its answer, read."""
        answer = self.ask(*request, **options)
        if not answer.good:
            raise Failed(str(answer))
        return answer.json() if "json" in (answer.headers.get("Content-Type") or "") else answer.data

    def get(self, service, path):
        return self.need("GET", service, path)

    def pages(self, service, path, key):
        """A whole list, page by page, as its links lead."""
        found, next_path = [], path
        while next_path:
            page = self.get(service, next_path)
            found += page[key]
            link = page.get("next") or next((link["href"] for link in page.get(f"{key}_links", []) if link["rel"] == "next"), None)
            next_path = link and link[link.index(PLACES[service].rsplit("/", 1)[1]) + len(PLACES[service].rsplit("/", 1)[1]):]
        return found

    def unlimited(self):
        """Lifts the project's quotas."""
        everything = ("instances", "cores", "ram", "key_pairs", "server_groups")
        self.need("PUT", "compute", f"/os-quota-sets/{self.project}", {"quota_set": {name: -1 for name in everything}})
        kinds = ("network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule")
        self.need("PUT", "network", f"/quotas/{self.project}", {"quota": {kind: -1 for kind in kinds}})
        self.need("PUT", "volume", f"/os-quota-sets/{self.project}", {"quota_set": {name: -1 for name in ("volumes", "gigabytes", "snapshots")}})

    def until(self, what, seconds, check, every=0.2):
        """Waits until `check` answers something true."""
        deadline = time.monotonic() + seconds
        while True:
            found = check()
            if found:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {seconds} s: {what}")
            time.sleep(every)

    def image(self, name, content, disk_format="qcow2", **more):
        """An image that is ready."""
        body = {"name": name, "disk_format": disk_format, "container_format": "bare", "visibility": "public", **more}
        image = self.need("POST", "image", "/images", body)
        self.need("PUT", "image", f"/images/{image['id']}/file", raw=content)
        return image["id"]

    def network(self, name, cidr, external=None):
        """A network with a subnet, and a router to the external network if asked; (network, subnet, router)."""
        network = self.need("POST", "network", "/networks", {"network": {"name": name}})["network"]["id"]
        subnet = {"name": name, "network_id": network, "cidr": cidr, "ip_version": 4}
        subnet = self.need("POST", "network", "/subnets", {"subnet": subnet})["subnet"]["id"]
        router = None
        if external:
            body = {"router": {"name": name, "external_gateway_info": {"network_id": external}}}
            router = self.need("POST", "network", "/routers", body)["router"]["id"]
            self.need("PUT", "network", f"/routers/{router}/add_router_interface", {"subnet_id": subnet})
        return network, subnet, router
