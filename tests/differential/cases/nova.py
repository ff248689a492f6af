"""Compute: servers and what they do, flavors, keypairs, server groups, aggregates, quotas and the rest."""
SERVICE = "compute"
NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
V = "2.96"
P = "/v2.1"
SERVERS = f"{P}/servers"


def cases(ask):
    versions(ask)
    flavors(ask)
    keypairs(ask)
    server_groups(ask)
    ground(ask)
    servers(ask)
    lists(ask)
    changes(ask)
    parts(ask)
    actions(ask)
    aggregates(ask)
    others(ask)
    delete(ask)


def versions(ask):
    ask("GET /")
    ask("GET /", who="nobody")
    ask("HEAD /")
    ask(f"GET {P}")
    ask(f"GET {P}/")
    ask(f"GET {P}/", who="nobody")
    ask("GET /v2/")
    ask("GET /v3")
    ask("GET /nothing")
    ask(f"GET {P}/nothing", who="member")
    ask(f"GET {P}/nothing", who="nobody")
    for who in ("nobody", "torn"):
        ask(f"GET {SERVERS}", who=who)
        ask(f"GET {P}/flavors", who=who)
    for version in ("2.1", "2.26", "2.90", V, "latest", "2.999", "1.0", "3.0", "x", "2", ""):
        ask(f"GET {SERVERS}?name={{run}}", who="member", version=version)
    ask(f"GET {SERVERS}?name={{run}}", who="member", headers={"X-OpenStack-Nova-API-Version": "2.5"})
    ask(f"GET {SERVERS}?name={{run}}", who="member", headers={"X-OpenStack-Nova-API-Version": "x"})
    ask(f"GET {SERVERS}?name={{run}}", who="member", headers={"OpenStack-API-Version": "volume 3.5"})
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        ask(f"{method} {SERVERS}", who="member")
    for method in ("POST", "PATCH", "HEAD"):
        ask(f"{method} {SERVERS}/{NOBODY}", who="member")
    ask(f"GET {P}/{{own_project}}/servers?name={{run}}", who="member")
    ask(f"GET {P}/{{other_project}}/servers", who="member")
    ask(f"GET {SERVERS}/?name={{run}}", who="member")
    ask(f"GET {SERVERS}?name={{run}}", who="member", headers={"Accept": "text/html"})
    ask(f"GET {SERVERS}?name={{run}}", who="member", headers={"Accept": "application/xml"})
    ask(f"GET {P}/extensions", who="member", loose=("extensions",))
    ask(f"GET {P}/extensions/os-keypairs", who="member")
    ask(f"GET {P}/extensions/nothing", who="member")


def wrong_bodies(ask, path, wrapper, who="member", version=V):
    for body in ("", "{", "[]", "null", "{}", '{"x": {}}', '{"%s": null}' % wrapper, '{"%s": []}' % wrapper, '{"%s": {}}' % wrapper, '{"%s": {"nothing": 1}}' % wrapper):
        ask(f"POST {path}", body, headers=JSON, who=who, version=version)
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers={"Content-Type": "text/plain"}, who=who, version=version)
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers=JSON, who="nobody", version=version)


def flavors(ask):
    path = f"{P}/flavors"
    wrong_bodies(ask, path, "flavor", who="admin")
    good = {"name": "{run}-flavor", "ram": 64, "vcpus": 1, "disk": 1}
    ask(f"POST {path}", {"flavor": good}, who="member")
    ask(f"POST {path}", {"flavor": {**good, "id": "{run}-id"}}, keep={"flavor": "flavor.id"}, undo=f"{path}/{{flavor}}")
    ask(f"POST {path}", {"flavor": good}, note="again")
    ask(f"POST {path}", {"flavor": {**good, "name": "{run}-other", "id": "{run}-id"}}, note="same id")
    ask(f"POST {path}", {"flavor": {**good, "name": "{run}-full", "description": "d", "OS-FLV-EXT-DATA:ephemeral": 1, "swap": 2, "rxtx_factor": 1.5, "os-flavor-access:is_public": False}}, version=V, keep={"full_flavor": "flavor.id"}, undo=f"{path}/{{full_flavor}}")
    ask(f"POST {path}", {"flavor": {**good, "name": "{run}-bigger", "ram": 128, "vcpus": 2}}, version=V, keep={"bigger": "flavor.id"}, undo=f"{path}/{{bigger}}")
    ask(f"POST {path}", {"flavor": {**good, "name": "{run}-zero", "disk": 0}}, version=V, keep={"zero": "flavor.id"}, undo=f"{path}/{{zero}}")
    for more in ({"name": ""}, {"name": " "}, {"name": 5}, {"name": "x" * 256}, {"ram": 0}, {"ram": -1}, {"ram": "x"}, {"ram": 2**31}, {"vcpus": 0}, {"vcpus": "x"}, {"disk": -1}, {"disk": "x"}, {"swap": -1}, {"rxtx_factor": 0}, {"rxtx_factor": "x"}, {"id": ""}, {"id": "bad id!"}, {"os-flavor-access:is_public": "x"}, {"description": "x"}, {"nothing": 1}):
        ask(f"POST {path}", {"flavor": {**good, "name": "{run}-wrong", **more}}, keep={"accident": "flavor.id"}, undo=f"{path}/{{accident}}")
    for key in good:
        ask(f"POST {path}", {"flavor": {name: value for name, value in good.items() if name != key}}, note=f"without {key}")
    for version in ("2.1", "2.55", "2.61", V):
        ask(f"GET {path}/{{flavor}}", who="member", version=version)
    ask(f"GET {path}/{{full_flavor}}", version=V)
    ask(f"GET {path}/{{full_flavor}}", who="member", version=V)
    ask(f"GET {path}/nothing", who="member")
    ask(f"DELETE {path}/nothing")
    ask(f"GET {path}", who="member", version=V)
    ask(f"GET {path}/detail", who="member", version=V)
    for query in ("limit=x", "limit=-1", "limit=0", "marker=nothing", "minRam=x", "minDisk=x", "minRam=999999", "is_public=x", "sort_key=nothing", "sort_dir=nothing", "nothing=x"):
        ask(f"GET {path}?{query}", who="member")
    ask(f"GET {path}?is_public=None&sort_key=nothing")
    ask(f"PUT {path}/{{full_flavor}}", {"flavor": {"description": "new"}}, version=V)
    ask(f"PUT {path}/{{full_flavor}}", {"flavor": {"name": "x"}}, version=V)
    ask(f"PUT {path}/{{full_flavor}}", {"flavor": {"description": "new"}})
    specs = f"{path}/{{flavor}}/os-extra_specs"
    ask(f"POST {specs}", {"extra_specs": {"hw:cpu_policy": "shared", "k": "v"}})
    ask(f"POST {specs}", {"extra_specs": {"hw:cpu_policy": "nothing"}}, version=V)
    ask(f"POST {specs}", {"extra_specs": {"hw:nothing": "x"}}, version=V)
    ask(f"POST {specs}", {"extra_specs": {"bad key!": "x"}})
    ask(f"POST {specs}", {"extra_specs": {"k": {}}})
    ask(f"POST {specs}", {"extra_specs": {"k": "v"}}, who="member")
    ask(f"GET {specs}", who="member")
    ask(f"GET {specs}/k", who="member")
    ask(f"GET {specs}/nothing", who="member")
    ask(f"PUT {specs}/k", {"k": "w"})
    ask(f"PUT {specs}/k", {"other": "w"})
    ask(f"DELETE {specs}/k")
    ask(f"DELETE {specs}/k", note="again")
    ask(f"DELETE {specs}/hw:cpu_policy")
    ask(f"GET {path}/{{full_flavor}}/os-flavor-access")
    ask(f"GET {path}/{{flavor}}/os-flavor-access")
    ask(f"POST {path}/{{full_flavor}}/action", {"addTenantAccess": {"tenant": "{own_project}"}})
    ask(f"POST {path}/{{full_flavor}}/action", {"addTenantAccess": {"tenant": "{own_project}"}}, note="again")
    ask(f"POST {path}/{{full_flavor}}/action", {"addTenantAccess": {}})
    ask(f"POST {path}/{{full_flavor}}/action", {"nothing": {}})
    ask(f"POST {path}/{{full_flavor}}/action", {"removeTenantAccess": {"tenant": "{other_project}"}})
    ask(f"DELETE {path}/{{full_flavor}}", who="member")
    ask(f"DELETE {path}/{{full_flavor}}")
    ask(f"DELETE {path}/{{full_flavor}}", note="gone")


def keypairs(ask):
    path = f"{P}/os-keypairs"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGO4kh1+w+4sQfmLGXP2OrUtxUXjf2gmPWfNJKgI6G+u x@y"
    wrong_bodies(ask, path, "keypair")
    ask(f"POST {path}", {"keypair": {"name": "{run}-key", "public_key": key}}, who="member", keep={"key": "keypair.name"}, undo=f"{path}/{{key}}")
    ask(f"POST {path}", {"keypair": {"name": "{run}-key", "public_key": key}}, who="member", note="again")
    ask(f"POST {path}", {"keypair": {"name": "{run}-new", "public_key": key, "type": "ssh"}}, who="member", version=V)
    ask(f"POST {path}", {"keypair": {"name": "{run}-gen"}}, who="member", loose=("keypair",))
    ask(f"POST {path}", {"keypair": {"name": "{run}-gen2"}}, who="member", version=V)
    for more in ({"name": ""}, {"name": 5}, {"name": "x" * 256}, {"name": "bad/name"}, {"name": " x"}, {"public_key": "x"}, {"public_key": ""}, {"public_key": 5}, {"type": "nothing"}, {"type": "x509"}, {"user_id": "{stranger_user}"}, {"nothing": 1}):
        ask(f"POST {path}", {"keypair": {"name": "{run}-wrong", "public_key": key, **more}}, who="member", version="2.10")
    ask(f"POST {path}", {"keypair": {"name": "{run}-key", "public_key": key}}, who="reader")
    ask(f"GET {path}/{{key}}", who="member")
    ask(f"GET {path}/{{key}}", who="member", version=V)
    ask(f"GET {path}/{{key}}", who="stranger")
    ask(f"GET {path}/nothing", who="member")
    ask(f"GET {path}", who="member", exact=True)
    ask(f"GET {path}?limit=1", who="member", version=V, exact=True)
    ask(f"GET {path}?limit=x", who="member", version=V)
    ask(f"GET {path}?marker=nothing", who="member", version=V)
    ask(f"GET {path}?user_id={{stranger_user}}", who="member", version=V)
    ask(f"GET {path}?nothing=x", who="member", version=V)
    ask(f"DELETE {path}/{{run}}-gen", who="member")
    ask(f"DELETE {path}/{{run}}-gen2", who="member", version=V)
    ask(f"DELETE {path}/{{run}}-new", who="member", version=V)
    ask(f"DELETE {path}/{{run}}-new", who="member", version=V, note="gone")


def server_groups(ask):
    path = f"{P}/os-server-groups"
    wrong_bodies(ask, path, "server_group")
    ask(f"POST {path}", {"server_group": {"name": "{run}-group", "policies": ["anti-affinity"]}}, who="member", keep={"group": "server_group.id"}, undo=f"{path}/{{group}}")
    ask(f"POST {path}", {"server_group": {"name": "{run}-group", "policy": "anti-affinity", "rules": {"max_server_per_host": 3}}}, who="member", version=V, keep={"group2": "server_group.id"}, undo=f"{path}/{{group2}}")
    for more in ({"name": ""}, {"name": 5}, {"policies": ["nothing"]}, {"policies": []}, {"policies": ["affinity", "anti-affinity"]}, {"policies": ["soft-affinity"]}, {"policy": "affinity"}):
        ask(f"POST {path}", {"server_group": {"name": "{run}-wrong", "policies": ["affinity"], **more}}, who="member", keep={"accident": "server_group.id"}, undo=f"{path}/{{accident}}")
    for more in ({"policy": "nothing"}, {"rules": {"max_server_per_host": 0}}, {"policy": "affinity", "rules": {"max_server_per_host": 2}}, {"rules": {"nothing": 1}}):
        ask(f"POST {path}", {"server_group": {"name": "{run}-wrong", "policy": "anti-affinity", **more}}, who="member", version=V, keep={"accident": "server_group.id"}, undo=f"{path}/{{accident}}")
    for version in ("2.1", "2.13", V):
        ask(f"GET {path}/{{group}}", who="member", version=version)
    ask(f"GET {path}/{{group2}}", who="member", version=V)
    ask(f"GET {path}/{NOBODY}", who="member")
    ask(f"GET {path}/nothing", who="member")
    ask(f"GET {path}/{{group}}", who="stranger")
    ask(f"GET {path}", who="member", version=V)
    ask(f"GET {path}?limit=x", who="member", version=V)
    ask(f"GET {path}?offset=-1", who="member", version=V)
    ask(f"GET {path}?all_projects=1", who="member", version=V)
    ask(f"DELETE {path}/{{group}}", who="stranger")
    ask(f"DELETE {path}/{{group}}", who="reader")
    ask(f"DELETE {path}/{{group}}", who="member")
    ask(f"DELETE {path}/{{group}}", who="member", note="gone")


def ground(ask):
    """An image, a network and a volume for the servers."""
    ask.quietly("image", "POST /v2/images", {"name": "{run}-image", "disk_format": "raw", "container_format": "bare", "visibility": "private"}, who="member", keep={"image": "id"}, undo="/v2/images/{image}")
    ask.cloud.send("image", "PUT", ask.filled("/v2/images/{image}/file"), b"0" * 4096, who="member", headers={"Content-Type": "application/octet-stream"})
    ask.quietly("network", "POST /v2.0/networks", {"network": {"name": "{run}-net"}}, who="member", keep={"net": "network.id"}, undo="/v2.0/networks/{net}")
    ask.quietly("network", "POST /v2.0/subnets", {"subnet": {"network_id": "{net}", "cidr": "10.88.0.0/24", "ip_version": 4}}, who="member", keep={"subnet": "subnet.id"})
    ask.quietly("volume", "POST /v3/{own_project}/volumes", {"volume": {"size": 1}}, who="member", keep={"volume": "volume.id"}, undo="/v3/{own_project}/volumes/{volume}")
    ask.wait("/v3/{own_project}/volumes/{volume}", "volume.status", "available", who="member", service="volume")


GOOD = {"name": "{run}-server", "imageRef": "{image}", "flavorRef": "{flavor}", "networks": [{"uuid": "{net}"}]}


def ready(ask, server="server", status="ACTIVE"):
    ask.wait(f"{SERVERS}/{{{server}}}", "server.status", status, who="member")


def servers(ask):
    wrong_bodies(ask, SERVERS, "server")
    for version, more in (("2.1", {"networks": [{"uuid": "{net}"}]}), (V, {"name": "{run}-full", "description": "d", "key_name": "{key}", "metadata": {"a": "1"}, "tags": ["x"], "config_drive": True, "user_data": "eA==", "adminPass": "secret", "availability_zone": "nova",
                                        "security_groups": [{"name": "default"}], "min_count": 1, "max_count": 1, "OS-DCF:diskConfig": "MANUAL", "hostname": "full-host"})):
        ask(f"POST {SERVERS}", {"server": {**GOOD, **more}}, who="member", version=version, keep={"server" if version == "2.1" else "full": "server.id"})
    ask.cloud.undo += [("compute", ask.filled(f"{SERVERS}/{{{name}}}")) for name in ("server", "full")]
    for key in GOOD:
        ask(f"POST {SERVERS}", {"server": {name: value for name, value in GOOD.items() if name != key}}, who="member", version=V, note=f"without {key}")
    for more in ({"name": ""}, {"name": " "}, {"name": 5}, {"name": None}, {"name": "x" * 256}, {"name": " x"}, {"imageRef": NOBODY}, {"imageRef": "x"}, {"imageRef": 5}, {"imageRef": ""}, {"flavorRef": "nothing"}, {"flavorRef": None}, {"flavorRef": 777}, {"networks": "x"}, {"networks": "auto"}, {"networks": []}, {"networks": [{}]},
                 {"networks": [{"uuid": NOBODY}]}, {"networks": [{"uuid": "x"}]}, {"networks": [{"port": NOBODY}]}, {"networks": [{"uuid": "{net}", "fixed_ip": "10.99.0.1"}]}, {"networks": [{"uuid": "{net}", "fixed_ip": "x"}]}, {"key_name": "nothing"}, {"key_name": 5}, {"metadata": "x"}, {"metadata": {"a": 5}}, {"metadata": {"": "x"}},
                 {"metadata": {"x" * 256: "y"}}, {"metadata": {"x": "y" * 256}}, {"tags": "x"}, {"tags": ["a,b"]}, {"tags": ["x" * 61]}, {"config_drive": "x"}, {"user_data": "!"}, {"user_data": 5}, {"availability_zone": "nothing"}, {"availability_zone": "nova:nothing"}, {"availability_zone": ""}, {"security_groups": [{"name": "nothing"}]},
                 {"security_groups": "x"}, {"min_count": 0}, {"min_count": "x"}, {"min_count": 3, "max_count": 2}, {"adminPass": 5}, {"OS-DCF:diskConfig": "x"}, {"hostname": "bad host"}, {"host": "nothing"}, {"hypervisor_hostname": "nothing"}, {"description": "x" * 256}, {"nothing": 1}, {"personality": []},
                 {"block_device_mapping_v2": "x"}, {"block_device_mapping_v2": [{}]}, {"block_device_mapping_v2": [{"boot_index": 0, "uuid": NOBODY, "source_type": "volume", "destination_type": "volume"}]}, {"block_device_mapping_v2": [{"boot_index": 1, "uuid": "{image}", "source_type": "image", "destination_type": "volume"}]},
                 {"block_device_mapping_v2": [{"boot_index": 0, "source_type": "nothing"}]}, {"accessIPv4": "x"}, {"return_reservation_id": True}, {"trusted_image_certificates": ["x"]}):
        ask(f"POST {SERVERS}", {"server": {**GOOD, "name": "{run}-wrong", **more}}, who="member", version=V, keep={"accident": "server.id"})
        if ask.answers[list(ask.answers)[-1]]["status"] == 202:
            ask.quietly("compute", f"DELETE {SERVERS}/{{accident}}", who="member")
    for hints in ({"group": NOBODY}, {"group": "x"}, {"same_host": NOBODY}, {"different_host": "x"}, "x"):
        ask(f"POST {SERVERS}", {"server": {**GOOD, "name": "{run}-wrong"}, "os:scheduler_hints": hints}, who="member", version=V, keep={"accident": "server.id"}, undo=f"{SERVERS}/{{accident}}")
    ask(f"POST {SERVERS}", {"server": GOOD}, who="reader", version=V)
    ask(f"POST {SERVERS}", {"server": GOOD}, who="stranger", version=V)
    ask(f"POST {SERVERS}", {"server": {**GOOD, "return_reservation_id": True}}, who="reader")
    ready(ask)
    ready(ask, "full")
    for version in ("2.1", "2.47", "2.75", V):
        ask(f"GET {SERVERS}/{{full}}", who="member", version=version, loose=(".addresses",))
    ask(f"GET {SERVERS}/{{full}}", version=V)
    ask(f"GET {SERVERS}/{{server}}", who="member")
    for who in ("reader", "stranger", "nobody"):
        ask(f"GET {SERVERS}/{{server}}", who=who)
    for wrong in (NOBODY, "nothing", "x" * 300):
        ask(f"GET {SERVERS}/{wrong}", who="member")
        ask(f"DELETE {SERVERS}/{wrong}", who="member")
        ask(f"PUT {SERVERS}/{wrong}", {"server": {"name": "x"}}, who="member")


def lists(ask):
    for version in ("2.1", V):
        ask(f"GET {SERVERS}", who="member", version=version)
        ask(f"GET {SERVERS}/detail", who="member", version=version)
    ask(f"GET {SERVERS}/detail?name={{run}}-full", who="member", version=V, exact=True)
    ask(f"GET {SERVERS}?limit=1&name={{run}}", who="member", version=V)
    ask(f"GET {SERVERS}?sort_key=display_name&sort_dir=asc&status=ACTIVE&name={{run}}", who="member", version=V, exact=True)
    for query in ("limit=x", "limit=-1", "limit=0", f"marker={NOBODY}", "marker=nothing", "sort_key=nothing", "sort_key=uuid&sort_dir=nothing", "nothing=x", "status=nothing", "all_tenants=1", "all_tenants=x", "changes-since=x", "changes-since=2039-01-01T00:00:00", "changes-before=2001-01-01T00:00:00", "ip=[", "ip=10.99", "flavor=nothing", "image=nothing",
                  "tags=x", "tags-any=x", "not-tags=x", "locked=x", "deleted=true", "host=x", "name=[", "access_ip_v4=x", "task_state=x", "vm_state=x", "created_at=x", "uuid=x", "config_drive=x"):
        ask(f"GET {SERVERS}?{query}", who="member", version=V)
    ask(f"GET {SERVERS}?nothing=x", who="member")
    ask(f"GET {SERVERS}?limit=0", who="member")
    ask(f"GET {SERVERS}?all_tenants=1&name={{run}}-full", version=V, exact=True)


def changes(ask):
    for more in ({}, {"name": "{run}-full"}, {"name": ""}, {"name": 5}, {"name": "x" * 256}, {"description": "new"}, {"description": 5}, {"accessIPv4": "10.0.0.9"}, {"accessIPv4": "x"}, {"accessIPv6": "x"}, {"OS-DCF:diskConfig": "AUTO"}, {"OS-DCF:diskConfig": "x"}, {"hostname": "other-host"}, {"nothing": 1}):
        ask(f"PUT {SERVERS}/{{full}}", {"server": more}, who="member", version=V)
    ask(f"PUT {SERVERS}/{{full}}", {}, who="member", version=V)
    ask(f"PUT {SERVERS}/{{full}}", {"server": {"name": "x"}}, who="reader", version=V)
    ask(f"PUT {SERVERS}/{{full}}", {"server": {"name": "x"}}, who="stranger", version=V)


def parts(ask):
    path = f"{SERVERS}/{{full}}"
    ask(f"GET {path}/metadata", who="member")
    ask(f"POST {path}/metadata", {"metadata": {"k": "v"}}, who="member")
    ask(f"PUT {path}/metadata", {"metadata": {"only": "this"}}, who="member")
    ask(f"PUT {path}/metadata/k", {"meta": {"k": "w"}}, who="member")
    ask(f"PUT {path}/metadata/k", {"meta": {"other": "w"}}, who="member")
    ask(f"PUT {path}/metadata/k", {"meta": {"k": "w", "l": "w"}}, who="member")
    ask(f"GET {path}/metadata/k", who="member")
    ask(f"GET {path}/metadata/nothing", who="member")
    ask(f"DELETE {path}/metadata/nothing", who="member")
    ask(f"DELETE {path}/metadata/k", who="member")
    for body in ({}, {"metadata": {}}, {"metadata": None}, {"metadata": {"": "x"}}, {"metadata": {"x" * 256: "y"}}, {"metadata": {"x": 5}}, {"metadata": {"x": None}}, "{"):
        ask(f"POST {path}/metadata", body, headers=JSON, who="member")
    ask(f"GET {SERVERS}/{NOBODY}/metadata", who="member")
    ask(f"GET {path}/tags", who="member", version=V)
    ask(f"GET {path}/tags", who="member")
    ask(f"PUT {path}/tags", {"tags": ["b", "a"]}, who="member", version=V)
    ask(f"PUT {path}/tags", {"tags": "x"}, who="member", version=V)
    ask(f"PUT {path}/tags/new", who="member", version=V)
    ask(f"PUT {path}/tags/new", who="member", version=V, note="again")
    ask(f"PUT {path}/tags/" + "x" * 61, who="member", version=V)
    ask(f"GET {path}/tags/new", who="member", version=V)
    ask(f"GET {path}/tags/nothing", who="member", version=V)
    ask(f"DELETE {path}/tags/nothing", who="member", version=V)
    ask(f"DELETE {path}/tags/new", who="member", version=V)
    ask(f"DELETE {path}/tags", who="member", version=V)
    ask(f"GET {path}/ips", who="member")
    ask(f"GET {path}/ips/{{run}}-net", who="member")
    ask(f"GET {path}/ips/nothing", who="member")
    ask(f"GET {path}/os-interface", who="member")
    ask(f"GET {path}/os-interface/{NOBODY}", who="member")
    ask(f"POST {path}/os-interface", {"interfaceAttachment": {"net_id": NOBODY}}, who="member")
    ask(f"POST {path}/os-interface", {"interfaceAttachment": {"port_id": NOBODY, "net_id": NOBODY}}, who="member")
    ask(f"POST {path}/os-interface", {"interfaceAttachment": {"nothing": 1}}, who="member")
    ask(f"DELETE {path}/os-interface/{NOBODY}", who="member")
    ask(f"GET {path}/os-security-groups", who="member")
    ask(f"GET {path}/os-instance-actions", who="member", exact=True, version=V)
    ask(f"GET {path}/os-instance-actions/nothing", who="member")
    ask(f"GET {path}/os-instance-actions?limit=x", who="member", version=V)
    ask(f"GET {path}/diagnostics", who="member")
    ask(f"GET {path}/topology", version=V, who="member")
    ask(f"GET {path}/os-server-password", who="member")
    ask(f"GET {path}/migrations", version=V)
    ask(f"GET {path}/shares", who="member", version="2.97")
    volumes = f"{path}/os-volume_attachments"
    wrong_bodies(ask, volumes, "volumeAttachment")
    ask(f"GET {volumes}", who="member", exact=True)
    ask(f"POST {volumes}", {"volumeAttachment": {"volumeId": NOBODY}}, who="member")
    ask(f"POST {volumes}", {"volumeAttachment": {"volumeId": "x"}}, who="member")
    ask(f"POST {volumes}", {"volumeAttachment": {"volumeId": "{volume}", "device": "x"}}, who="member")
    ask(f"GET {volumes}/{NOBODY}", who="member")
    ask(f"DELETE {volumes}/{NOBODY}", who="member")
    ask(f"GET {volumes}?limit=x", who="member")


def act(ask, body, who="member", server="{server}", version=V, note=None):
    ask(f"POST {SERVERS}/{server}/action", body, who=who, version=version, note=note, headers=JSON if isinstance(body, str) else None)


def actions(ask):
    for body in ("", "{", "[]", "null", "{}", '{"nothing": {}}', '{"reboot": {"type": "SOFT"}, "os-stop": null}'):
        act(ask, body)
    for action in ({"reboot": {}}, {"reboot": {"type": "x"}}, {"reboot": None}, {"os-start": None}, {"unpause": None}, {"resume": None}, {"unrescue": None}, {"unshelve": None}, {"confirmResize": None}, {"revertResize": None}, {"resize": {}}, {"resize": {"flavorRef": "nothing"}}, {"resize": {"flavorRef": "{flavor}"}}, {"resize": {"flavorRef": 777}},
                   {"rebuild": {}}, {"rebuild": {"imageRef": NOBODY}}, {"rebuild": {"imageRef": "x"}}, {"rebuild": {"imageRef": "{image}", "nothing": 1}}, {"changePassword": {}}, {"changePassword": {"adminPass": 5}}, {"createImage": {}}, {"createImage": {"name": ""}}, {"createImage": {"name": "x", "metadata": "y"}}, {"createBackup": {}},
                   {"createBackup": {"name": "x", "backup_type": "daily", "rotation": -1}}, {"lock": {"locked_reason": 5}}, {"lock": None}, {"unlock": None}, {"os-getConsoleOutput": {"length": "x"}}, {"os-getConsoleOutput": {}}, {"os-getVNCConsole": {"type": "novnc"}}, {"addSecurityGroup": {"name": "nothing"}}, {"addSecurityGroup": {}}, {"removeSecurityGroup": {"name": "nothing"}},
                   {"addFloatingIp": {"address": "x"}}, {"os-migrateLive": {}}, {"os-migrateLive": {"host": None, "block_migration": "auto"}}, {"migrate": None}, {"evacuate": {}}, {"restore": None}, {"injectNetworkInfo": None}, {"resetNetwork": None}, {"os-resetState": {"state": "error"}}, {"trigger_crash_dump": None}, {"shelveOffload": None}, {"rescue": "x"}, {"os-stop": "x"}):
        act(ask, action)
    for who in ("reader", "stranger", "nobody"):
        act(ask, {"os-stop": None}, who=who)
    act(ask, {"os-stop": None}, server=NOBODY)
    act(ask, {"os-stop": None}, server="nothing")
    act(ask, {"os-resetState": {"state": "nothing"}}, who="admin")
    act(ask, {"os-resetState": {}}, who="admin")
    # A stop with any value is a stop.
    ready(ask, status="SHUTOFF")
    act(ask, {"os-stop": None})
    ready(ask, status="SHUTOFF")
    act(ask, {"os-stop": None}, note="stopped")
    act(ask, {"pause": None}, note="stopped")
    act(ask, {"suspend": None}, note="stopped")
    ask(f"GET {SERVERS}/{{server}}", who="member", version=V, note="stopped")
    act(ask, {"os-start": None}, note="stopped")
    ready(ask)
    act(ask, {"pause": None})
    ready(ask, status="PAUSED")
    act(ask, {"os-stop": None}, note="paused")
    act(ask, {"unpause": None}, note="paused")
    ready(ask)
    act(ask, {"lock": {"locked_reason": "r"}})
    act(ask, {"os-stop": None}, note="locked", who="member")
    act(ask, {"unlock": None}, note="locked")
    act(ask, {"os-resetState": {"state": "error"}}, who="admin")
    act(ask, {"os-stop": None}, note="in error")
    act(ask, {"os-resetState": {"state": "active"}}, who="admin")


def aggregates(ask):
    path = f"{P}/os-aggregates"
    wrong_bodies(ask, path, "aggregate", who="admin")
    ask(f"GET {path}", who="member")
    ask(f"POST {path}", {"aggregate": {"name": "{run}-agg"}}, keep={"aggregate": "aggregate.id"}, undo=f"{path}/{{aggregate}}", loose=("aggregate",))
    ask(f"POST {path}", {"aggregate": {"name": "{run}-agg"}}, note="again")
    for more in ({"name": ""}, {"name": 5}, {"name": "x" * 256}, {"availability_zone": ""}, {"availability_zone": 5}, {"nothing": 1}):
        ask(f"POST {path}", {"aggregate": {"name": "{run}-wrong", **more}})
    ask(f"GET {path}/{{aggregate}}", version=V, loose=("aggregate",))
    ask(f"GET {path}/999999")
    ask(f"GET {path}/nothing")
    ask(f"DELETE {path}/999999")
    ask(f"PUT {path}/{{aggregate}}", {"aggregate": {}})
    ask(f"PUT {path}/{{aggregate}}", {"aggregate": {"name": "{run}-new"}}, loose=("aggregate",))
    for action in ({"add_host": {"host": "nothing"}}, {"add_host": {}}, {"remove_host": {"host": "nothing"}}, {"set_metadata": {"metadata": {}}}, {"set_metadata": {"metadata": {"x": "y"}}}, {"set_metadata": {"metadata": {"availability_zone": ""}}}, {"nothing": {}}):
        ask(f"POST {path}/{{aggregate}}/action", action, loose=("aggregate",))
    ask(f"GET {path}", loose=("aggregates",))


def others(ask):
    quota = f"{P}/os-quota-sets/{{own_project}}"
    ask(f"GET {quota}", who="member", loose=("quota_set",))
    ask(f"GET {quota}", who="member", version=V, loose=("quota_set",))
    ask(f"GET {quota}/defaults", who="member", loose=("quota_set",))
    ask(f"GET {quota}/detail", who="member", loose=("quota_set",))
    ask(f"GET {quota}", who="stranger", loose=("quota_set",))
    ask(f"PUT {quota}", {"quota_set": {"cores": 5}}, who="member")
    for body in ({"quota_set": {"cores": 50}}, {"quota_set": {"cores": -2}}, {"quota_set": {"cores": "x"}}, {"quota_set": {"nothing": 1}}, {"quota_set": {}}, {}, {"quota_set": {"cores": 0}}):
        ask(f"PUT {quota}", body, version=V, loose=("quota_set",))
    ask(f"DELETE {quota}")
    ask(f"GET {P}/os-quota-sets/{NOBODY}")
    ask(f"GET {P}/os-quota-class-sets/default", loose=("quota_class_set",))
    ask(f"GET {P}/limits", who="member", loose=("limits.absolute",))
    ask(f"GET {P}/limits", who="member", version=V)
    ask(f"GET {P}/limits?nothing=x", who="member", version=V)
    for path in ("os-services", "os-hypervisors", "os-hypervisors/detail", "os-migrations", "os-hosts", "os-assisted-volume-snapshots", "os-fping", "os-cells", "os-agents", "os-cloudpipe", "os-certificates", "os-tenant-networks", "os-networks", "os-security-groups", "os-floating-ips", "os-floating-ip-pools", "os-volumes", "os-snapshots", "images",
                 "os-simple-tenant-usage", "os-instance_usage_audit_log", "os-availability-zone", "os-availability-zone/detail", "os-server-external-events", "os-baremetal-nodes", "os-hypervisors/statistics"):
        for who in ("member", "admin"):
            ask(f"GET {P}/{path}", who=who)
            ask(f"GET {P}/{path}", who=who, version=V)
    for path in ("os-services", "os-hypervisors", "os-hosts", "os-migrations", "os-networks", "images", "os-security-groups", "os-floating-ips", "os-volumes"):
        ask(f"GET {P}/{path}/{NOBODY}")
    ask(f"PUT {P}/os-services/{NOBODY}", {"status": "disabled"}, version=V)
    ask(f"PUT {P}/os-services/x", {"status": "disabled"}, version=V)
    ask(f"GET {P}/os-services?binary=nova-nothing", exact=True)
    ask(f"GET {P}/os-hypervisors?limit=x", version=V)
    ask(f"GET {P}/os-hypervisors?hypervisor_hostname_pattern=nothing", version=V)
    ask(f"POST {SERVERS}", {"server": {**GOOD, "flavorRef": "{zero}"}}, who="member", version=V, note="no disk")
    ask(f"GET {P}/os-simple-tenant-usage/{{own_project}}", who="member", loose=("tenant_usage",))
    ask(f"GET {P}/os-simple-tenant-usage/{{own_project}}?start=x", who="member")
    ask(f"GET {P}/os-simple-tenant-usage/{{own_project}}", who="stranger")
    ask(f"POST {P}/os-server-external-events", {"events": [{"name": "nothing", "server_uuid": NOBODY}]})
    ask(f"POST {P}/os-server-external-events", {"events": [{"name": "network-changed", "server_uuid": NOBODY}]})
    ask(f"POST {P}/os-server-external-events", {"events": []})
    ask(f"POST {P}/os-server-external-events", {}, who="member")
    ask(f"POST {P}/os-console-auth-tokens/x", {}, version=V)
    ask(f"GET {P}/os-console-auth-tokens/{NOBODY}", version=V)
    consoles = f"{SERVERS}/{{server}}/remote-consoles"
    for console in ({"protocol": "vnc", "type": "novnc"}, {"protocol": "nothing", "type": "novnc"}, {"protocol": "vnc", "type": "nothing"}, {}):
        ask(f"POST {consoles}", {"remote_console": console}, who="member", version=V, loose=("remote_console",))


def delete(ask):
    for who in ("reader", "stranger", "nobody"):
        ask(f"DELETE {SERVERS}/{{full}}", who=who, version=V)
    for server in ("full", "server"):
        ask(f"DELETE {SERVERS}/{{{server}}}", who="member", version=V)
        ask.wait(f"{SERVERS}/{{{server}}}", "", None, who="member")
    ask(f"GET {SERVERS}/{{full}}", who="member", version=V, note="gone")
    ask(f"DELETE {SERVERS}/{{full}}", who="member", version=V, note="gone")
