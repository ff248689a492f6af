"""What is wrong is refused with a precise 4xx in the service's own envelope, and leaves nothing behind.

One table: who asks what of whom, and what must be answered.
"""
import http.client
import json
import os
import sys
import urllib.parse

AUTH = urllib.parse.urlsplit(os.environ["OS_AUTH_URL"])
NOBODY = "00000000-0000-4000-8000-000000000000"
ENVELOPES = {
    "/identity": lambda body: body["error"]["message"],
    "/compute": lambda body: next(iter(body.values()))["message"],
    "/volume": lambda body: next(iter(body.values()))["message"],
    "/networking": lambda body: body["NeutronError"]["message"],
    "/placement": lambda body: body["errors"][0]["detail"],
}


def ask(method, path, token=None, body=None, headers=None, kind="application/json"):
    connection = http.client.HTTPConnection(AUTH.hostname, AUTH.port, timeout=30)
    headers = dict(headers or {})
    if token:
        headers["X-Auth-Token"] = token
    if body is not None:
        headers["Content-Type"] = kind
        body = body if isinstance(body, (bytes, str)) else json.dumps(body)
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, answer.headers, data


def token(user, project, password):
    domain = {"id": "default"}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {
        "name": user, "domain": domain, "password": password}}},
        "scope": {"project": {"name": project, "domain": domain}}}}
    status, headers, data = ask("POST", "/identity/v3/auth/tokens", body=body)
    assert status == 201, data
    return headers["X-Subject-Token"]


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, []

    def expect(self, what, wanted, got, path):
        status, headers, data = got
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        problem = None
        if status not in wanted:
            problem = f"answered {status} {data[:300]!r}, not {wanted}"
        elif status >= 400:
            problem = self.envelope(status, path, headers, data)
        if problem:
            self.failed.append(f"{what}: {problem}")
            print("FAILED", self.failed[-1], flush=True)
        else:
            self.passed += 1

    def envelope(self, status, path, headers, data):
        if not headers.get("x-openstack-request-id"):
            return "no request id"
        # Who has no token is refused in front of the service, in Keystone's words (but by Glance, which has its own).
        refused = status == 401 and not path.startswith("/image")
        service = "/identity" if refused else "/" + path.split("/")[1]
        if service not in ENVELOPES:
            return None
        try:
            message = ENVELOPES[service](json.loads(data))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration):
            return f"not in the envelope of {service}: {data[:200]!r}"
        for word in ("SELECT", "panicked", "sqlx", ".rs:", "Error("):
            if word in message:
                return f"shows what is inside: {message}"
        return None


#: Where something is made: path, the body's wrapper, a body that would do, and the list that must not grow.
PLACES = [
    ("/identity/v3/projects", {"project": {"name": "x"}}),
    ("/identity/v3/users", {"user": {"name": "x"}}),
    ("/identity/v3/roles", {"role": {"name": "x"}}),
    ("/identity/v3/domains", {"domain": {"name": "x"}}),
    ("/image/v2/images", None),
    ("/networking/v2.0/networks", {"network": {"name": "x"}}),
    ("/networking/v2.0/subnets", {"subnet": {"name": "x", "ip_version": 4, "cidr": "10.0.0.0/24", "network_id": NOBODY}}),
    ("/networking/v2.0/ports", {"port": {"network_id": NOBODY}}),
    ("/networking/v2.0/routers", {"router": {"name": "x"}}),
    ("/networking/v2.0/floatingips", {"floatingip": {"floating_network_id": NOBODY}}),
    ("/networking/v2.0/security-groups", {"security_group": {"name": "x"}}),
    ("/networking/v2.0/security-group-rules", {"security_group_rule": {"security_group_id": NOBODY, "direction": "ingress"}}),
    ("/compute/v2.1/servers", {"server": {"name": "x", "flavorRef": "1", "imageRef": NOBODY}}),
    ("/compute/v2.1/flavors", {"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1}}),
    ("/compute/v2.1/os-keypairs", {"keypair": {"name": "x"}}),
    ("/compute/v2.1/os-server-groups", {"server_group": {"name": "x", "policies": ["affinity"]}}),
    ("/volume/v3/volumes", {"volume": {"size": 1}}),
    ("/volume/v3/snapshots", {"snapshot": {"volume_id": NOBODY}}),
    ("/placement/resource_providers", {"name": "x"}),
]
TORN = [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"x": 1}', b"\xff\xfe", b"{" * 2000, b"[" * 100000]


def torn_bodies(checks, admin):
    for path, _ in PLACES:
        for body in TORN:
            if path == "/image/v2/images" and body in (b"{}",):
                continue
            status = (400, 413, 415, 422)
            checks.expect(f"POST {path} with {body[:12]!r}", status, ask("POST", path, admin, body), path)
        checks.expect(f"POST {path} oversize", (400, 413), ask("POST", path, admin, b'{"x":"' + b"a" * 3_000_000 + b'"}'), path)
        checks.expect(f"POST {path} without a token", 401, ask("POST", path, None, b"{}"), path)
        checks.expect(f"POST {path} with a torn token", 401, ask("POST", path, "gAAAAAnonsense", b"{}"), path)


def wrong_types(checks, admin):
    wrong = [None, 5, -1, 1.5, True, [], {}, "x" * 300, "\u0000", 10**30, ["x"], {"x": {}}]
    for path, body in PLACES:
        if body is None:
            continue
        (wrapper, inner), = [(key, value) for key, value in body.items()] if isinstance(next(iter(body.values())), dict) else [(None, body)]
        for field in inner:
            for value in wrong:
                if field in ("name", "direction") and value is None:
                    continue
                sent = {**inner, field: value}
                sent = {wrapper: sent} if wrapper else sent
                answer = ask("POST", path, admin, sent)
                checks.expect(f"POST {path} {field}={str(value)[:20]!r}", (200, 201, 202, 400, 403, 404, 409, 413), answer, path)


def wrong_ids(checks, admin):
    places = ["/identity/v3/projects/", "/identity/v3/users/", "/identity/v3/roles/", "/identity/v3/domains/", "/image/v2/images/",
              "/networking/v2.0/networks/", "/networking/v2.0/subnets/", "/networking/v2.0/ports/", "/networking/v2.0/routers/",
              "/networking/v2.0/floatingips/", "/networking/v2.0/security-groups/", "/networking/v2.0/security-group-rules/",
              "/compute/v2.1/servers/", "/compute/v2.1/flavors/", "/compute/v2.1/os-keypairs/", "/compute/v2.1/os-server-groups/",
              "/volume/v3/volumes/", "/volume/v3/snapshots/", "/placement/resource_providers/"]
    for place in places:
        for name in (NOBODY, "nothing", "%00", "%27%20OR%201=1", "..%2f..%2fetc", "x" * 300):
            for method in ("GET", "DELETE"):
                checks.expect(f"{method} {place}{name[:20]}", (400, 404), ask(method, place + name, admin), place)


def other_peoples(checks, admin, demo):
    """What the administrator's project owns is not there for another project's member."""
    made = []
    for path, body, key in (
        ("/networking/v2.0/networks", {"network": {"name": "mine"}}, "network"),
        ("/networking/v2.0/routers", {"router": {"name": "mine"}}, "router"),
        ("/networking/v2.0/security-groups", {"security_group": {"name": "mine"}}, "security_group"),
        ("/volume/v3/volumes", {"volume": {"size": 1, "name": "mine"}}, "volume"),
        ("/image/v2/images", {"name": "mine", "visibility": "private"}, None),
    ):
        status, _, data = ask("POST", path, admin, body)
        assert status in (200, 201, 202), (path, status, data)
        found = json.loads(data)
        made.append((path, (found[key] if key else found)["id"], key))
    for path, id, key in made:
        checks.expect(f"GET another's {path}", 404, ask("GET", f"{path}/{id}", demo), path)
        checks.expect(f"DELETE another's {path}", (403, 404), ask("DELETE", f"{path}/{id}", demo), path)
        if key and "volume" not in path:
            checks.expect(f"PUT another's {path}", (403, 404), ask("PUT", f"{path}/{id}", demo, {key: {"name": "stolen"}}), path)
        listed = json.loads(ask("GET", path, demo)[2])
        assert id not in json.dumps(listed), f"{path} shows another's"
    for path, body in (("/identity/v3/users", {"user": {"name": "y"}}), ("/compute/v2.1/flavors", {"flavor": {"name": "y", "ram": 1, "vcpus": 1, "disk": 1}}),
                       ("/placement/resource_providers", {"name": "y"})):
        checks.expect(f"a member may not POST {path}", 403, ask("POST", path, demo, body), path)
    for path, id, _ in made:
        checks.expect(f"DELETE own {path}", (200, 202, 204), ask("DELETE", f"{path}/{id}", admin), path)


def images(checks, admin):
    def image(disk_format):
        status, _, data = ask("POST", "/image/v2/images", admin, {"name": "lie", "disk_format": disk_format, "container_format": "bare"})
        assert status == 201, data
        return json.loads(data)["id"]

    qcow2 = bytes.fromhex("514649fb00000003") + (0).to_bytes(8, "big") + (0).to_bytes(4, "big") + (16).to_bytes(4, "big") \
        + (1 << 20).to_bytes(8, "big") + bytes(4) + (1).to_bytes(4, "big") + (0x30000).to_bytes(8, "big") + bytes(512)
    backed = qcow2[:8] + (104).to_bytes(8, "big") + (11).to_bytes(4, "big") + qcow2[20:104] + b"/etc/passwd" + bytes(400)
    data_file = bytearray(qcow2)
    data_file[72:80] = (4).to_bytes(8, "big")
    vmdk = b"# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 100 FLAT \"/etc/passwd\" 0\n" + bytes(600)
    for what, disk_format, content in (
        ("raw that is qcow2", "raw", qcow2), ("qcow2 with a backing file", "qcow2", backed),
        ("qcow2 with a data file", "qcow2", bytes(data_file)), ("qcow2 that is not", "qcow2", b"MZ" + bytes(1000)),
        ("vmdk with a flat extent", "vmdk", vmdk), ("iso that is not", "iso", bytes(70000)),
    ):
        id = image(disk_format)
        path = f"/image/v2/images/{id}/file"
        checks.expect(f"upload of {what}", (400, 409, 415), ask("PUT", path, admin, content, kind="application/octet-stream"), path)
        status = json.loads(ask("GET", f"/image/v2/images/{id}", admin)[2])["status"]
        checks.expect(f"{what} is not active", 200, (200 if status in ("queued", "killed") else 599, {}, status.encode()), path)
        ask("DELETE", f"/image/v2/images/{id}", admin)
    truncated(checks, admin, image("raw"))


def truncated(checks, admin, id):
    """An upload that ends before its length leaves the image as it was."""
    path = f"/image/v2/images/{id}/file"
    connection = http.client.HTTPConnection(AUTH.hostname, AUTH.port, timeout=10)
    connection.putrequest("PUT", path)
    for name, value in (("X-Auth-Token", admin), ("Content-Type", "application/octet-stream"), ("Content-Length", "1000000")):
        connection.putheader(name, value)
    connection.endheaders()
    connection.send(b"x" * 1000)
    connection.sock.close()
    import time
    for _ in range(50):
        status = json.loads(ask("GET", f"/image/v2/images/{id}", admin)[2])["status"]
        if status == "queued":
            break
        time.sleep(0.1)
    checks.expect("a truncated upload", 200, (200 if status == "queued" else 599, {}, status.encode()), path)
    ask("DELETE", f"/image/v2/images/{id}", admin)


def counts(admin):
    found = {}
    for path in ("/networking/v2.0/networks", "/networking/v2.0/subnets", "/networking/v2.0/routers", "/networking/v2.0/floatingips",
                 "/image/v2/images", "/volume/v3/volumes/detail?all_tenants=1", "/compute/v2.1/servers?all_tenants=1"):
        body = json.loads(ask("GET", path, admin)[2])
        found[path] = sum(len(value) for value in body.values() if isinstance(value, list))
    return found


def main():
    admin, demo = token("admin", "admin", os.environ["OS_PASSWORD"]), token("demo", "demo", os.environ["DEMO_PASSWORD"])
    checks = Checks()
    torn_bodies(checks, admin)
    wrong_ids(checks, admin)
    before = counts(admin)
    other_peoples(checks, admin, demo)
    images(checks, admin)
    import time
    time.sleep(2)
    after = counts(admin)
    checks.expect(f"nothing is left: {before} {after}", 200, (200 if before == after else 599, {}, b"counts differ"), "/")
    wrong_types(checks, admin)
    print(f"{checks.passed} passed, {len(checks.failed)} failed", flush=True)
    sys.exit(1 if checks.failed else 0)


main()
