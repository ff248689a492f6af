"""A cloud as its clients reach it: where its services are, and tokens of the people whom the cases speak as."""
import json
import re
import uuid

import requests

#: The services, by their types in the catalog.
TYPES = {"identity": ("identity",), "image": ("image",), "placement": ("placement",), "compute": ("compute",),
         "network": ("network",), "volume": ("block-storage", "volumev3")}
#: Those whom the cases speak as, besides `admin` (the cloud's administrator), `nobody` (without a token) and `torn` (with
#: a token that is none): role and project.
PEOPLE = {"member": ("member", "own"), "reader": ("reader", "own"), "stranger": ("member", "other")}
DEFAULT = {"id": "default"}


class Unready(Exception):
    """The cloud refused what the cases stand on."""


def from_file(path, name):
    """OS_* of a cloud of a clouds.yaml file."""
    import yaml
    with open(path) as file:
        auth = yaml.safe_load(file)["clouds"][name]["auth"]
    return {f"OS_{key.upper()}": value for key, value in auth.items()}


def unanswered():
    """What stands for an answer where a server closes the connection instead."""
    response = requests.Response()
    response.status_code, response._content = 0, b""
    return response


class Cloud:
    """The cloud that these OS_* variables name, with two projects and a few people of this run in it."""

    def __init__(self, environment):
        self.http = requests.Session()
        self.http.trust_env = False
        self.roots = {"identity": re.sub(r"/v3/?$", "", environment["OS_AUTH_URL"].rstrip("/"))}
        self.tokens = {"nobody": None, "torn": "gAAAAABtorn"}
        self.run = "r" + uuid.uuid4().hex[:9]
        self.known = {"run": self.run}
        self.undo = []
        self.password = "P-" + uuid.uuid4().hex
        name, password = environment["OS_USERNAME"], environment["OS_PASSWORD"]
        self.credentials = {"admin": (name, password, environment["OS_PROJECT_NAME"])}
        token = self.login("admin")
        self.known |= {"admin_user": token["user"]["id"], "admin_project": token["project"]["id"], "admin_name": name}
        for service, types in TYPES.items():
            for entry in token["catalog"]:
                if service not in self.roots and entry["type"] in types:
                    url = next(endpoint["url"] for endpoint in entry["endpoints"] if endpoint["interface"] == "public")
                    self.roots[service] = re.sub(r"/v\d+(\.\d+)?(/.*)?$", "", url.rstrip("/"))
        self.known |= {f"role_{role['name']}": role["id"] for role in self.need("GET", "/v3/roles")["roles"]}
        self.people()

    def people(self):
        for project in ("own", "other"):
            made = self.need("POST", "/v3/projects", {"project": {"name": f"{self.run}-{project}", "domain_id": "default"}})
            self.known[f"{project}_project"] = made["project"]["id"]
            self.undo.append(("identity", f"/v3/projects/{made['project']['id']}"))
        for who, (role, project) in PEOPLE.items():
            body = {"name": f"{self.run}-{who}", "password": self.password, "domain_id": "default"}
            user = self.need("POST", "/v3/users", {"user": body})["user"]["id"]
            self.undo.append(("identity", f"/v3/users/{user}"))
            self.known[f"{who}_user"] = user
            self.need("PUT", f"/v3/projects/{self.known[project + '_project']}/users/{user}/roles/{self.known['role_' + role]}")
            self.credentials[who] = (f"{self.run}-{who}", self.password, f"{self.run}-{project}")
        self.renew()

    def renew(self):
        """New tokens for all: the cases of Keystone end some."""
        for who in self.credentials:
            self.login(who)

    def login(self, who):
        name, password, project = self.credentials[who]
        user = {"name": name, "password": password, "domain": DEFAULT}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
                         "scope": {"project": {"name": project, "domain": DEFAULT}}}}
        answer = self.send("identity", "POST", "/v3/auth/tokens", body, who="nobody")
        if answer.status_code != 201:
            raise Unready(f"no token for {name}: {answer.text}")
        self.tokens[who] = answer.headers["X-Subject-Token"]
        return answer.json()["token"]

    def send(self, service, method, path, body=None, who="admin", headers=None):
        """One request, one answer."""
        headers = {"Accept": "application/json", "User-Agent": "differential", **(headers or {})}
        if self.tokens[who] is not None:
            headers["X-Auth-Token"] = self.tokens[who]
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        headers = {name: value for name, value in headers.items() if value is not None}
        try:
            return self.http.request(method, self.roots[service] + path, data=body, headers=headers, allow_redirects=False, timeout=90)
        except requests.exceptions.ConnectionError as error:
            print(f"  no answer: {method} {path}: {error}", flush=True)
            return unanswered()

    def need(self, method, path, body=None):
        answer = self.send("identity", method, path, body)
        if not answer.ok:
            raise Unready(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def leave(self):
        """Takes away what was made, last first."""
        for service, path in reversed(self.undo):
            self.send(service, "DELETE", path)
        self.undo = []
