"""Image: images, their content, members, tags, properties, tasks, metadata definitions."""
SERVICE = "image"
NOBODY = "00000000-0000-4000-8000-000000000000"
IMAGES = "/v2/images"
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
DATA = {"Content-Type": "application/octet-stream"}
JSON = {"Content-Type": "application/json"}


def cases(ask):
    versions(ask)
    create(ask)
    show(ask)
    lists(ask)
    update(ask)
    content(ask)
    members(ask)
    tags(ask)
    others(ask)
    metadefs(ask)
    delete(ask)


def versions(ask):
    ask("GET /", loose=("versions",))
    ask("GET /versions", loose=("versions",))
    ask("GET /", who="nobody", loose=("versions",))
    ask("HEAD /")
    ask("GET /v2", loose=("versions",))
    ask("GET /v2/", loose=("versions",))
    ask("GET /v1")
    ask("GET /v3/images")
    ask("GET /nothing")
    ask("GET /v2/nothing")
    ask("GET /v2/nothing", who="nobody")
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        ask(f"{method} {IMAGES}")
    for method in ("POST", "PUT", "HEAD", "OPTIONS"):
        ask(f"{method} {IMAGES}/{NOBODY}")
    ask(f"GET {IMAGES}", who="nobody")
    ask(f"GET {IMAGES}", who="torn")
    ask(f"GET {IMAGES}/", exact=True)
    ask(f"GET {IMAGES}?name={{run}}", headers={"Accept": "text/html"}, exact=True)
    for name in ("image", "images", "member", "members", "task", "tasks"):
        ask(f"GET /v2/schemas/{name}", loose=("properties", "links"))
    for name in ("metadefs/namespace", "metadefs/object", "metadefs/property", "metadefs/resource_type", "metadefs/tag"):
        ask(f"GET /v2/schemas/{name}", loose=("properties", "links", "definitions"))
    ask("GET /v2/schemas/nothing")
    ask("GET /v2/info/import")
    ask("GET /v2/info/stores", loose=("stores",))
    ask("GET /v2/info/stores/detail", loose=("stores",))
    ask("GET /v2/info/stores", who="nobody")
    ask("GET /v2/info/usage", loose=("usage",))


def create(ask):
    for body in ("", "{", "[]", "null", '"x"'):
        ask(f"POST {IMAGES}", body, headers=JSON)
    ask(f"POST {IMAGES}", "{}", headers={"Content-Type": "text/plain"})
    ask(f"POST {IMAGES}", {"name": "{run}-x"}, who="nobody")
    ask(f"POST {IMAGES}", {"name": "{run}-x"}, who="reader")
    ask(f"POST {IMAGES}", {}, who="member", keep={"bare": "id"}, undo=f"{IMAGES}/{{bare}}")
    ask(f"POST {IMAGES}", {"name": "{run}-image", "disk_format": "raw", "container_format": "bare"}, who="member", keep={"image": "id"}, undo=f"{IMAGES}/{{image}}")
    ask(f"POST {IMAGES}", {"id": "{image}"}, who="member")
    ask(f"POST {IMAGES}", {"name": "{run}-full", "disk_format": "qcow2", "container_format": "bare", "visibility": "shared", "min_disk": 1, "min_ram": 64, "protected": True, "tags": ["b", "a", "a"],
        "os_hidden": False, "hw_rng_model": "virtio", "anything": "else"}, who="member", keep={"full": "id"})
    for more in ({"name": 5}, {"name": "x" * 256}, {"name": None}, {"name": ""}, {"disk_format": "nothing"}, {"disk_format": 5}, {"disk_format": None}, {"container_format": "nothing"}, {"visibility": "nothing"}, {"visibility": 5},
                 {"visibility": "public"}, {"visibility": "community"}, {"min_disk": -1}, {"min_disk": "x"}, {"min_disk": 2**40}, {"min_ram": -1}, {"min_ram": None}, {"protected": "x"}, {"protected": 5}, {"tags": "x"}, {"tags": [5]}, {"tags": ["x" * 256]},
                 {"os_hidden": "x"}, {"id": "x"}, {"id": 5}, {"owner": "{other_project}"}, {"status": "active"}, {"size": 5}, {"checksum": "x"}, {"self": "x"}, {"file": "x"}, {"schema": "x"}, {"created_at": "x"}, {"locations": []},
                 {"anything": 5}, {"anything": None}, {"anything": {}}, {"anything": "x" * 300}, {"x" * 256: "y"}, {"os_glance_x": "y"}, {"owner_specified.x": "y"}, {"": "y"}):
        ask(f"POST {IMAGES}", {**more}, who="member", keep={"accident": "id"}, undo=f"{IMAGES}/{{accident}}")
    ask(f"POST {IMAGES}", {"visibility": "public", "name": "{run}-public"}, keep={"public": "id"}, undo=f"{IMAGES}/{{public}}")
    ask(f"POST {IMAGES}", {"owner": "{other_project}", "name": "{run}-theirs"}, keep={"theirs": "id"}, undo=f"{IMAGES}/{{theirs}}")
    ask(f"POST {IMAGES}", {"visibility": "private", "name": "{run}-private"}, who="member", keep={"private": "id"}, undo=f"{IMAGES}/{{private}}")


def show(ask):
    for who in ("member", "admin", "reader", "stranger", "nobody", "torn"):
        ask(f"GET {IMAGES}/{{image}}", who=who)
    ask(f"GET {IMAGES}/{{full}}", who="member")
    ask(f"GET {IMAGES}/{{public}}", who="stranger")
    ask(f"GET {IMAGES}/{{private}}", who="stranger")
    ask(f"GET {IMAGES}/{{theirs}}", who="member")
    ask(f"HEAD {IMAGES}/{{image}}", who="member")
    ask(f"GET {IMAGES}/{{image}}/", who="member")
    for wrong in (NOBODY, "nothing", "x" * 300, "%20"):
        ask(f"GET {IMAGES}/{wrong}", who="member")
        ask(f"DELETE {IMAGES}/{wrong}", who="member")
        ask(f"PATCH {IMAGES}/{wrong}", "[]", headers=PATCH, who="member")


def lists(ask):
    ask(f"GET {IMAGES}", who="member")
    mine = "owner={own_project}&"
    for query in ("sort_key=name&sort_dir=asc&name=in:{run}-image,{run}-full", "sort=name:desc&name=in:{run}-image,{run}-full", "name={run}-image", "name=in:{run}-image,{run}-full&sort=name:asc&limit=1", "status=queued&name={run}-image", "tag=a&name={run}-full",
                  "tag=a&tag=b&name={run}-full", "visibility=private&name={run}-private", "anything=else&name={run}-full", "protected=true&name={run}-full", "os_hidden=true", "size_min=1", "disk_format=qcow2&name={run}-full", "marker={image}&name={run}-image",
                  "limit=0", "name=in:{run}-image", "created_at=gt:2039-01-01T00:00:00Z", "nothing=x", "member_status=all&name={run}-image", "id={image}", "id=in:{image},{full}&sort=name:asc", "min_disk=1&name={run}-full", "owner=nothing"):
        ask(f"GET {IMAGES}?{mine}{query}", who="member", exact=True)
    for query in ("limit=x", "limit=-1", "limit=99999", f"marker={NOBODY}", "marker=nothing", "sort_key=nothing", "sort_dir=nothing", "sort=nothing", "sort=name:nothing", "sort=name&sort_key=name", "sort_key=name&sort_key=id&sort_dir=asc", "sort_dir=asc&sort_dir=desc&sort_dir=asc",
                  "visibility=nothing", "member_status=nothing", "protected=x", "os_hidden=x", "size_min=x", "size_max=-1", "created_at=x", "created_at=gt:x", "status=nothing", "name=in:\"x", "changes-since=2012-01-01", "min_ram=x"):
        ask(f"GET {IMAGES}?{query}", who="member")


def patch(ask, operations, who="member", image="{image}", headers=None, note=None):
    ask(f"PATCH {IMAGES}/{image}", operations, headers=headers or PATCH, who=who, note=note)


def update(ask):
    patch(ask, [{"op": "replace", "path": "/name", "value": "{run}-renamed"}])
    patch(ask, [{"op": "add", "path": "/fresh", "value": "v"}])
    patch(ask, [{"op": "add", "path": "/fresh", "value": "w"}])
    patch(ask, [{"op": "replace", "path": "/fresh", "value": "x"}])
    patch(ask, [{"op": "remove", "path": "/fresh"}])
    patch(ask, [{"op": "remove", "path": "/fresh"}], note="again")
    patch(ask, [{"op": "replace", "path": "/missing", "value": "x"}])
    patch(ask, [{"op": "replace", "path": "/tags", "value": ["x"]}])
    patch(ask, [{"op": "add", "path": "/tags/-", "value": "y"}])
    for operation in ({"op": "nothing", "path": "/name", "value": "x"}, {"op": "replace", "path": "name", "value": "x"}, {"op": "replace", "path": "/name"}, {"path": "/name", "value": "x"}, {"op": "replace", "value": "x"}, {"op": "replace", "path": "/a/b", "value": "x"},
                      {"op": "replace", "path": "/", "value": "x"}, {"op": "replace", "path": "/id", "value": "x"}, {"op": "replace", "path": "/status", "value": "active"}, {"op": "replace", "path": "/size", "value": 1}, {"op": "replace", "path": "/owner", "value": "{other_project}"},
                      {"op": "replace", "path": "/visibility", "value": "public"}, {"op": "replace", "path": "/visibility", "value": "nothing"}, {"op": "replace", "path": "/min_disk", "value": -1}, {"op": "replace", "path": "/min_disk", "value": "x"},
                      {"op": "replace", "path": "/disk_format", "value": "nothing"}, {"op": "replace", "path": "/name", "value": 5}, {"op": "remove", "path": "/name"}, {"op": "remove", "path": "/visibility"}, {"op": "replace", "path": "/created_at", "value": "x"},
                      {"op": "replace", "path": "/locations", "value": []}, {"op": "add", "path": "/os_glance_x", "value": "x"}, {"op": "replace", "path": "/protected", "value": "x"}, {"op": "add", "path": "/~2x", "value": "x"}, {"op": "add", "path": "/x~1y", "value": "x"}):
        patch(ask, [operation])
    for body in ("", "{", "{}", "[]", "[5]", "null"):
        patch(ask, body)
    patch(ask, [{"op": "replace", "path": "/name", "value": "x"}], headers=JSON)
    patch(ask, [{"replace": "/name", "value": "{run}-old"}], headers={"Content-Type": "application/openstack-images-v2.0-json-patch"})
    patch(ask, [{"op": "replace", "path": "/name", "value": "x"}], headers={"Content-Type": "application/json-patch+json"})
    for who in ("reader", "stranger", "nobody"):
        patch(ask, [{"op": "replace", "path": "/name", "value": "x"}], who=who)
    patch(ask, [{"op": "replace", "path": "/name", "value": "x"}], who="stranger", image="{public}")


def content(ask):
    file = f"{IMAGES}/{{image}}/file"
    ask(f"GET {file}", who="member", note="empty")
    ask(f"PUT {file}", b"content", headers=JSON, who="member")
    ask(f"PUT {file}", b"content", headers={"Content-Type": None}, who="member", note="no type")
    ask(f"PUT {file}", b"content", headers=DATA, who="stranger")
    ask(f"PUT {file}", b"content", headers=DATA, who="reader")
    ask(f"PUT {file}", b"content", headers=DATA, who="nobody")
    ask(f"PUT {IMAGES}/{NOBODY}/file", b"content", headers=DATA, who="member")
    ask(f"PUT {IMAGES}/{{bare}}/file", b"content", headers=DATA, who="member", note="no format")
    ask(f"PUT {file}", b"content", headers=DATA, who="member")
    ask(f"PUT {file}", b"content", headers=DATA, who="member", note="again")
    ask(f"GET {file}", who="member")
    ask(f"HEAD {file}", who="member")
    ask(f"GET {file}", who="member", headers={"Range": "bytes=2-4"})
    ask(f"GET {file}", who="member", headers={"Range": "bytes=-2"})
    ask(f"GET {file}", who="member", headers={"Range": "bytes=99-"})
    ask(f"GET {file}", who="member", headers={"Range": "x"})
    ask(f"GET {file}", who="member", headers={"Content-Range": "bytes 1-3/*"})
    ask(f"GET {file}", who="stranger")
    ask(f"GET {file}", who="nobody")
    ask(f"GET {IMAGES}/{NOBODY}/file", who="member")
    ask(f"POST {file}", {}, who="member")
    ask(f"GET {IMAGES}/{{image}}", who="member", note="active")
    patch(ask, [{"op": "replace", "path": "/disk_format", "value": "qcow2"}], note="active")
    patch(ask, [{"op": "replace", "path": "/min_ram", "value": 5}], note="active")
    ask(f"POST {IMAGES}/{{image}}/actions/deactivate", who="member")
    ask(f"GET {file}", who="member", note="deactivated")
    ask(f"POST {IMAGES}/{{image}}/actions/reactivate", who="member")
    ask(f"POST {IMAGES}/{{image}}/actions/nothing", who="member")
    ask(f"POST {IMAGES}/{{bare}}/actions/deactivate", who="member")
    ask(f"POST {IMAGES}/{{image}}/actions/deactivate", who="stranger")
    ask(f"POST {IMAGES}/{{image}}/import", {"method": {"name": "glance-direct"}}, who="member")
    for method in ({}, {"name": "nothing"}, {"name": "glance-direct"}, {"name": "web-download"}, {"name": "web-download", "uri": "file:///x"}):
        ask(f"POST {IMAGES}/{{bare}}/import", {"method": method}, who="member")
    ask(f"POST {IMAGES}/{{bare}}/import", {}, who="member")
    ask(f"POST {IMAGES}/{{bare}}/import", "{", headers=JSON, who="member")
    ask(f"PUT {IMAGES}/{{bare}}/stage", b"content", headers=JSON, who="member")
    ask(f"PUT {IMAGES}/{{image}}/stage", b"content", headers=DATA, who="member")
    ask(f"GET {IMAGES}/{{bare}}/tasks", who="member")
    ask(f"GET {IMAGES}/{NOBODY}/tasks", who="member")
    ask(f"GET {IMAGES}/{{image}}/locations", who="member")
    ask(f"DELETE /v2/stores/nothing/{{image}}", who="member")


def members(ask):
    path = f"{IMAGES}/{{full}}/members"
    ask(f"GET {path}", who="member")
    ask(f"POST {path}", {"member": "{other_project}"}, who="member")
    ask(f"POST {path}", {"member": "{other_project}"}, who="member", note="again")
    for body in ({}, {"member": ""}, {"member": 5}, {"member": "x" * 256}, [], "{"):
        ask(f"POST {path}", body, headers=JSON, who="member")
    ask(f"POST {path}", {"member": "{other_project}"}, who="stranger")
    ask(f"POST {IMAGES}/{{image}}/members", {"member": "{other_project}"}, who="stranger")
    ask(f"POST {IMAGES}/{{private}}/members", {"member": "{other_project}"}, who="member")
    ask(f"GET {IMAGES}/{{public}}/members", who="member")
    ask(f"GET {path}", who="member", note="one", exact=True)
    ask(f"GET {path}", who="stranger", exact=True)
    ask(f"GET {path}/{{other_project}}", who="member")
    ask(f"GET {path}/nothing", who="member")
    ask(f"GET {IMAGES}/{{full}}", who="stranger")
    ask(f"PUT {path}/{{other_project}}", {"status": "accepted"}, who="member")
    ask(f"PUT {path}/{{other_project}}", {"status": "nothing"}, who="stranger")
    ask(f"PUT {path}/{{other_project}}", {}, who="stranger")
    ask(f"PUT {path}/{{other_project}}", {"status": "accepted"}, who="stranger")
    ask(f"PUT {path}/nothing", {"status": "accepted"}, who="member")
    ask(f"GET {IMAGES}?visibility=shared&name={{run}}-full", who="stranger", exact=True)
    ask(f"DELETE {path}/{{other_project}}", who="stranger")
    ask(f"DELETE {path}/{{other_project}}", who="member")
    ask(f"DELETE {path}/{{other_project}}", who="member", note="again")


def tags(ask):
    path = f"{IMAGES}/{{full}}/tags"
    ask(f"PUT {path}/new", who="member")
    ask(f"PUT {path}/new", who="stranger")
    ask(f"PUT {path}/" + "x" * 256, who="member")
    ask(f"PUT {IMAGES}/{NOBODY}/tags/x", who="member")
    ask(f"DELETE {path}/new", who="member")
    ask(f"DELETE {path}/new", who="member", note="again")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}/a", who="member")


def others(ask):
    ask("GET /v2/tasks")
    ask("GET /v2/tasks", who="member")
    ask(f"GET /v2/tasks/{NOBODY}")
    ask("POST /v2/tasks", {})
    ask("POST /v2/tasks", {"type": "import", "input": {}}, who="member")
    ask("GET /v2/tasks?limit=x")
    ask("GET /v2/tasks?sort_key=nothing")
    ask("GET /v2/cache")
    ask("GET /v2/cached_images")


def metadefs(ask):
    path = "/v2/metadefs/namespaces"
    ask(f"GET {path}", who="member")
    ask(f"GET {path}?limit=x", who="member")
    ask(f"GET {path}?sort_key=nothing", who="member")
    ask(f"POST {path}", {"namespace": "{run}::one"}, keep={"ns": "namespace"}, undo=f"{path}/{{ns}}")
    ask(f"POST {path}", {"namespace": "{run}::one"}, note="again")
    ask(f"POST {path}", {"namespace": "{run}::two"}, who="member")
    for body in ({}, {"namespace": ""}, {"namespace": "x" * 81}, {"namespace": 5}, {"namespace": "{run}::x", "visibility": "nothing"}, {"namespace": "{run}::x", "unknown": 1}):
        ask(f"POST {path}", body)
    ask(f"GET {path}/{{ns}}", who="admin")
    ask(f"GET {path}/{{ns}}", who="member")
    ask(f"GET {path}/nothing")
    ask(f"PUT {path}/{{ns}}", {"namespace": "{run}::one", "description": "d", "visibility": "public"})
    ask(f"PUT {path}/nothing", {"namespace": "nothing"})
    for kind, body in (("objects", {"name": "o"}), ("properties", {"name": "p", "title": "P", "type": "string"}), ("resource_types", {"name": "{run}::type"})):
        ask(f"GET {path}/{{ns}}/{kind}")
        ask(f"POST {path}/{{ns}}/{kind}", body)
        ask(f"POST {path}/{{ns}}/{kind}", body, note="again")
        ask(f"POST {path}/{{ns}}/{kind}", {})
        ask(f"POST {path}/nothing/{kind}", body)
        ask(f"GET {path}/{{ns}}/{kind}", note="one", exact=True)
        ask(f"GET {path}/{{ns}}/{kind}/nothing")
    ask(f"GET {path}/{{ns}}/objects/o")
    ask(f"GET {path}/{{ns}}/properties/p")
    ask(f"POST {path}/{{ns}}/tags/t")
    ask(f"GET {path}/{{ns}}/tags/t")
    ask(f"POST {path}/{{ns}}/tags", {"tags": [{"name": "u"}]})
    ask(f"GET {path}/{{ns}}/tags", exact=True)
    ask("GET /v2/metadefs/resource_types")
    ask(f"DELETE {path}/{{ns}}/objects/o")
    ask(f"DELETE {path}/{{ns}}/objects/o", note="again")
    ask(f"DELETE {path}/{{ns}}", who="member")
    ask(f"DELETE {path}/{{ns}}")
    ask(f"DELETE {path}/{{ns}}", note="again")


def delete(ask):
    ask(f"DELETE {IMAGES}/{{full}}", who="member", note="protected")
    patch(ask, [{"op": "replace", "path": "/protected", "value": False}], image="{full}")
    for who in ("reader", "stranger", "nobody", "member"):
        ask(f"DELETE {IMAGES}/{{full}}", who=who)
    ask(f"DELETE {IMAGES}/{{full}}", who="member", note="gone")
    ask(f"DELETE {IMAGES}/{{public}}", who="stranger")
