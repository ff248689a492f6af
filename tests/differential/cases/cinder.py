"""Block storage: volumes, snapshots, types, transfers, attachments, backups, quotas."""
SERVICE = "volume"
NOBODY = "00000000-0000-4000-8000-000000000000"
JSON = {"Content-Type": "application/json"}
V = "3.70"
OWN = "/v3/{own_project}"


def cases(ask):
    versions(ask)
    volumes(ask)
    lists(ask)
    metadata(ask)
    actions(ask)
    snapshots(ask)
    types(ask)
    transfers(ask)
    attachments(ask)
    others(ask)
    delete(ask)


def versions(ask):
    ask("GET /")
    ask("GET /", who="nobody")
    ask("HEAD /")
    ask("GET /v3")
    ask("GET /v3/")
    ask("GET /v3/", who="nobody")
    ask("GET /v2/")
    ask("GET /nothing")
    ask(f"GET {OWN}/nothing", who="member")
    ask(f"GET {OWN}/nothing", who="nobody")
    for who in ("nobody", "torn"):
        ask(f"GET {OWN}/volumes", who=who)
    for version in ("3.0", "3.27", V, "latest", "3.999", "2.0", "x", "3"):
        ask(f"GET {OWN}/volumes?name={{run}}", who="member", version=version, exact=True)
    ask(f"GET {OWN}/volumes?name={{run}}", who="member", headers={"OpenStack-API-Version": "compute 2.1"}, exact=True)
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"):
        ask(f"{method} {OWN}/volumes", who="member")
    for method in ("POST", "PATCH", "HEAD"):
        ask(f"{method} {OWN}/volumes/{NOBODY}", who="member")
    ask("GET /v3/{other_project}/volumes", who="member")
    ask("GET /v3/nothing/volumes", who="member")
    ask("GET /v3/volumes?name={run}", who="member", exact=True)
    ask(f"GET {OWN}/volumes/", who="member", exact=True)
    ask(f"GET {OWN}/volumes?name={{run}}", who="member", headers={"Accept": "text/html"}, exact=True)
    ask(f"GET {OWN}/extensions", who="member")
    ask(f"GET {OWN}/limits", who="member", loose=("limits.absolute",))


def wrong_bodies(ask, path, wrapper, who="member", version=V):
    for body in ("", "{", "[]", "null", "{}", '{"x": {}}', '{"%s": null}' % wrapper, '{"%s": []}' % wrapper, '{"%s": {}}' % wrapper, '{"%s": {"nothing": 1}}' % wrapper):
        ask(f"POST {path}", body, headers=JSON, who=who, version=version)
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers={"Content-Type": "text/plain"}, who=who, version=version)
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers=JSON, who="nobody", version=version)


def wrong_ids(ask, path, wrapper, who="member"):
    for wrong in (NOBODY, "nothing"):
        ask(f"GET {path}/{wrong}", who=who, version=V)
        ask(f"DELETE {path}/{wrong}", who=who, version=V)
        ask(f"PUT {path}/{wrong}", {wrapper: {"description": "x"}}, who=who, version=V)


def ready(ask, what="volumes", name="volume", status="available"):
    ask.wait(f"{OWN}/{what}/{{{name}}}", f"{what[:-1]}.status", status, who="member")


def volumes(ask):
    path = f"{OWN}/volumes"
    wrong_bodies(ask, path, "volume")
    wrong_ids(ask, path, "volume")
    ask(f"POST {path}", {"volume": {"size": 1}}, who="reader", version=V)
    ask(f"POST {path}", {"volume": {"size": 1}}, who="member", keep={"volume": "volume.id"}, undo=f"{path}/{{volume}}")
    ask(f"POST {path}", {"volume": {"size": 1, "name": "{run}-full", "description": "d", "metadata": {"a": "1"}, "multiattach": False, "consistencygroup_id": None, "snapshot_id": None, "imageRef": None, "source_volid": None, "availability_zone": "nova"}}, who="member", version=V,
        keep={"full": "volume.id"}, undo=f"{path}/{{full}}")
    for more in ({"size": 0}, {"size": -1}, {"size": "x"}, {"size": None}, {"size": 1.5}, {"size": "2x"}, {"size": 2**40}, {"name": 5}, {"name": "x" * 256}, {"description": "x" * 256}, {"description": 5}, {"metadata": "x"}, {"metadata": {"a": 5}}, {"metadata": {"": "x"}}, {"metadata": {"x" * 256: "y"}}, {"metadata": {"x": "y" * 256}},
                 {"volume_type": "nothing"}, {"volume_type": 5}, {"volume_type": NOBODY}, {"snapshot_id": NOBODY}, {"snapshot_id": "x"}, {"source_volid": NOBODY}, {"source_volid": "x"}, {"imageRef": NOBODY}, {"imageRef": "x"}, {"imageRef": 5}, {"availability_zone": "nothing"}, {"availability_zone": 5}, {"multiattach": "x"},
                 {"multiattach": True}, {"backup_id": NOBODY}, {"group_id": NOBODY}, {"consistencygroup_id": NOBODY}, {"scheduler_hints": "x"}, {"status": "x"}, {"source_replica": NOBODY}, {"user_id": "x"}, {"snapshot_id": NOBODY, "source_volid": NOBODY}):
        ask(f"POST {path}", {"volume": {"size": 1, **more}}, who="member", version=V, keep={"accident": "volume.id"}, undo=f"{path}/{{accident}}")
    ask(f"POST {path}", {"volume": {"size": 1}, "OS-SCH-HNT:scheduler_hints": {"different_host": "x"}}, who="member", version=V, keep={"accident": "volume.id"}, undo=f"{path}/{{accident}}")
    ask(f"POST {path}", {"volume": {"imageRef": NOBODY}}, who="member", version=V)
    ready(ask)
    ready(ask, name="full")
    for version in ("3.0", "3.48", V):
        ask(f"GET {path}/{{full}}", who="member", version=version)
    for who in ("reader", "stranger", "nobody"):
        ask(f"GET {OWN}/volumes/{{full}}", who=who, version=V)
    ask("GET /v3/{other_project}/volumes/{full}", who="stranger", version=V)
    ask("PUT /v3/{other_project}/volumes/{full}", {"volume": {"name": "x"}}, who="stranger", version=V)
    ask("DELETE /v3/{other_project}/volumes/{full}", who="stranger", version=V)
    ask("GET /v3/{admin_project}/volumes/{full}", version=V)
    for more in ({}, {"name": "{run}-full"}, {"display_name": "{run}-full", "display_description": "e"}, {"name": 5}, {"name": "x" * 256}, {"metadata": {"b": "2"}}, {"metadata": "x"}, {"size": 5}, {"nothing": 1}):
        ask(f"PUT {path}/{{full}}", {"volume": more}, who="member", version=V)
    ask(f"PUT {path}/{{full}}", {}, who="member", version=V)
    ask(f"PUT {path}/{{full}}", {"volume": {"name": "x"}}, who="reader", version=V)


def lists(ask):
    path = f"{OWN}/volumes"
    for version in ("3.0", V):
        ask(f"GET {path}", who="member", version=version)
        ask(f"GET {path}/detail", who="member", version=version)
    ask(f"GET {path}/detail?name={{run}}-full", who="member", version=V, exact=True)
    ask(f"GET {path}?sort=name:asc&limit=1", who="member", version=V)
    for query in ("limit=x", "limit=-1", "limit=0", "limit=99999", "offset=x", "offset=-1", f"marker={NOBODY}", "marker=nothing", "sort=nothing", "sort=name:nothing", "sort_key=nothing", "sort_dir=nothing", "sort=name&sort_key=name", "nothing=x", "all_tenants=x", "all_tenants=1", "with_count=true", "with_count=x", "status=nothing",
                  "bootable=x", "metadata=x", "metadata={'a':'1'}", "name~=full", "created_at=gt:x", "created_at=gt:2001-01-01", "group_id=x", "glance_metadata=x"):
        ask(f"GET {path}?{query}", who="member", version=V)
    ask("GET /v3/{admin_project}/volumes/detail?all_tenants=1&name={run}-full", version=V, exact=True)
    ask(f"GET {path}/summary", who="member", version=V, loose=("volume-summary",))
    ask(f"GET {path}/summary", who="member", version="3.11")


def metadata(ask):
    path = f"{OWN}/volumes/{{full}}/metadata"
    ask(f"GET {path}", who="member")
    ask(f"POST {path}", {"metadata": {"k": "v"}}, who="member")
    ask(f"GET {path}/k", who="member")
    ask(f"GET {path}/nothing", who="member")
    ask(f"PUT {path}/k", {"meta": {"k": "w"}}, who="member")
    ask(f"PUT {path}/k", {"meta": {"other": "w"}}, who="member")
    ask(f"PUT {path}/k", {"meta": {"k": "w", "l": "w"}}, who="member")
    ask(f"PUT {path}", {"metadata": {"only": "this"}}, who="member")
    for body in ({}, {"metadata": {}}, {"metadata": None}, {"metadata": {"": "x"}}, {"metadata": {"x" * 256: "y"}}, {"metadata": {"x": 5}}, "{"):
        ask(f"POST {path}", body, headers=JSON, who="member")
    ask(f"DELETE {path}/only", who="member")
    ask(f"DELETE {path}/only", who="member", note="again")
    ask(f"GET {OWN}/volumes/{NOBODY}/metadata", who="member")
    ask(f"POST {path}", {"metadata": {"k": "v"}}, who="reader")


def act(ask, body, who="member", volume="{full}", version=V, note=None):
    ask(f"POST {OWN if who != 'stranger' else '/v3/{other_project}'}/volumes/{volume}/action", body, who=who, version=version, note=note, headers=JSON if isinstance(body, str) else None)


def actions(ask):
    for body in ("", "{", "[]", "{}", '{"nothing": {}}', '{"os-extend": {}, "os-reserve": {}}'):
        act(ask, body)
    for action in ({"os-extend": {}}, {"os-extend": None}, {"os-extend": {"new_size": 0}}, {"os-extend": {"new_size": 1}}, {"os-extend": {"new_size": "x"}}, {"os-extend": {"new_size": -1}}, {"os-set_bootable": {}}, {"os-set_bootable": {"bootable": "x"}}, {"os-set_bootable": {"bootable": True}},
                   {"os-update_readonly_flag": {"readonly": True}}, {"os-update_readonly_flag": {"readonly": "x"}}, {"os-update_readonly_flag": {}}, {"os-reset_status": {"status": "error"}}, {"os-force_delete": {}}, {"os-retype": {"new_type": "nothing"}}, {"os-retype": {}}, {"os-migrate_volume": {"host": "x"}},
                   {"os-attach": {}}, {"os-attach": {"instance_uuid": "x", "mountpoint": "/dev/vdb"}}, {"os-detach": {}}, {"os-reserve": {}}, {"os-unreserve": {}}, {"os-begin_detaching": {}}, {"os-roll_detaching": {}}, {"os-initialize_connection": {}}, {"os-terminate_connection": {}},
                   {"os-volume_upload_image": {}}, {"os-volume_upload_image": {"image_name": ""}}, {"os-set_image_metadata": {"metadata": {"a": "b"}}}, {"os-show_image_metadata": {}}, {"os-unset_image_metadata": {"key": "a"}}, {"os-unset_image_metadata": {"key": "nothing"}}, {"os-set_image_metadata": {}},
                   {"revert": {"snapshot_id": NOBODY}}, {"revert": {}}, {"os-unmanage": {}}, {"os-reimage": {"image_id": NOBODY}}):
        act(ask, action)
    act(ask, {"os-reserve": {}}, who="stranger")
    act(ask, {"os-reserve": {}}, who="reader")
    act(ask, {"os-extend": {"new_size": 2}}, volume=NOBODY)
    act(ask, {"os-extend": {"new_size": 2}}, volume="nothing")
    act(ask, {"os-reset_status": {"status": "nothing"}}, who="member", note="member")
    ask("POST /v3/{admin_project}/volumes/{full}/action", {"os-reset_status": {"status": "nothing"}}, version=V)
    ask("POST /v3/{admin_project}/volumes/{full}/action", {"os-reset_status": {"status": "error"}}, version=V)
    act(ask, {"os-extend": {"new_size": 2}}, note="in error")
    ask("POST /v3/{admin_project}/volumes/{full}/action", {"os-reset_status": {}}, version=V)
    ask("POST /v3/{admin_project}/volumes/{full}/action", {"os-reset_status": {"status": "available"}}, version=V)
    act(ask, {"os-extend": {"new_size": 2}})
    ready(ask, name="full")


def snapshots(ask):
    path = f"{OWN}/snapshots"
    wrong_bodies(ask, path, "snapshot")
    wrong_ids(ask, path, "snapshot")
    ask(f"POST {path}", {"snapshot": {"volume_id": "{full}"}}, who="reader", version=V)
    ask(f"POST {path}", {"snapshot": {"volume_id": "{full}"}}, who="member", version=V, keep={"snapshot": "snapshot.id"}, undo=f"{path}/{{snapshot}}")
    ready(ask, "snapshots", "snapshot")
    ask(f"POST {path}", {"snapshot": {"volume_id": "{volume}", "name": "{run}-full", "description": "d", "metadata": {"a": "1"}, "force": True}}, who="member", keep={"full_snapshot": "snapshot.id"}, undo=f"{path}/{{full_snapshot}}")
    for more in ({"volume_id": NOBODY}, {"volume_id": "x"}, {"volume_id": 5}, {"name": 5}, {"name": "x" * 256}, {"description": "x" * 256}, {"metadata": "x"}, {"metadata": {"a": 5}}, {"force": "x"}, {"force": False}):
        ask(f"POST {path}", {"snapshot": {"volume_id": "{full}", **more}}, who="member", version=V, keep={"accident": "snapshot.id"}, undo=f"{path}/{{accident}}")
    ready(ask, "snapshots", "full_snapshot")
    ask(f"GET {path}/{{full_snapshot}}", who="member")
    ask(f"GET {path}/{{snapshot}}", who="member", version=V)
    ask("GET /v3/{other_project}/snapshots/{snapshot}", who="stranger", version=V)
    ask("DELETE /v3/{other_project}/snapshots/{snapshot}", who="stranger", version=V)
    ask(f"GET {path}", who="member", version=V)
    ask(f"GET {path}/detail", who="member", version=V)
    ask(f"GET {path}/detail?volume_id={{volume}}", who="member", version=V, exact=True)
    for query in ("limit=x", "limit=-1", "marker=nothing", "sort=nothing", "nothing=x", "sort_key=nothing", "status=nothing"):
        ask(f"GET {path}?{query}", who="member", version=V)
    for more in ({}, {"name": "{run}-new"}, {"name": 5}, {"name": "x" * 256}, {"nothing": 1}):
        ask(f"PUT {path}/{{full_snapshot}}", {"snapshot": more}, who="member", version=V)
    ask(f"GET {path}/{{full_snapshot}}/metadata", who="member")
    ask(f"POST {path}/{{full_snapshot}}/metadata", {"metadata": {"b": "2"}}, who="member")
    ask(f"DELETE {path}/{{full_snapshot}}/metadata/b", who="member")
    ask(f"DELETE {path}/{{full_snapshot}}/metadata/nothing", who="member")
    ask(f"DELETE {OWN}/volumes/{{full}}", who="member", version=V, note="with snapshots")
    ask(f"POST {OWN}/volumes", {"volume": {"size": 1, "snapshot_id": "{snapshot}"}}, who="member", version=V)
    ask(f"POST {OWN}/volumes", {"volume": {"size": 1, "source_volid": "{full}"}}, who="member", version=V)
    ask(f"POST {path}/{{snapshot}}/action", {"os-reset_status": {"status": "nothing"}}, who="admin", version=V)
    ask(f"DELETE {path}/{{full_snapshot}}", who="reader", version=V)
    ask(f"DELETE {path}/{{full_snapshot}}", who="member", version=V)
    ask.wait(f"{path}/{{full_snapshot}}", "", None, who="member")
    ask(f"DELETE {path}/{{full_snapshot}}", who="member", version=V, note="gone")


def types(ask):
    admin = "/v3/{admin_project}"
    path = f"{admin}/types"
    wrong_bodies(ask, path, "volume_type", who="admin")
    wrong_ids(ask, path, "volume_type", who="admin")
    ask(f"POST {OWN}/types", {"volume_type": {"name": "{run}-x"}}, who="member")
    ask(f"POST {path}", {"volume_type": {"name": "{run}-type"}}, keep={"type": "volume_type.id"}, undo=f"{path}/{{type}}")
    ask(f"POST {path}", {"volume_type": {"name": "{run}-type"}}, note="again")
    ask(f"POST {path}", {"volume_type": {"name": "{run}-full", "description": "d", "os-volume-type-access:is_public": False, "extra_specs": {"a": "b"}}}, keep={"full_type": "volume_type.id"}, undo=f"{path}/{{full_type}}")
    for more in ({"name": ""}, {"name": 5}, {"name": "x" * 256}, {"description": 5}, {"extra_specs": "x"}, {"extra_specs": {"a": 5}}, {"os-volume-type-access:is_public": "x"}):
        ask(f"POST {path}", {"volume_type": {"name": "{run}-wrong", **more}}, keep={"accident": "volume_type.id"}, undo=f"{path}/{{accident}}")
    ask(f"GET {path}/{{full_type}}")
    ask(f"GET {OWN}/types/{{type}}", who="member")
    ask(f"GET {OWN}/types/{{full_type}}", who="member")
    ask(f"GET {OWN}/types", who="member")
    ask(f"GET {OWN}/types/default", who="member", loose=("volume_type",))
    ask(f"GET {path}?is_public=None", version=V)
    ask(f"GET {path}?is_public=x", version=V)
    ask(f"GET {path}?limit=x", version=V)
    ask(f"GET {path}?sort=nothing", version=V)
    ask(f"PUT {path}/{{type}}", {"volume_type": {"description": "new"}})
    ask(f"PUT {path}/{{type}}", {"volume_type": {"name": "{run}-full"}})
    ask(f"PUT {path}/{{type}}", {"volume_type": {}})
    ask(f"PUT {path}/{{type}}", {"volume_type": {"name": " "}})
    specs = f"{path}/{{type}}/extra_specs"
    ask(f"POST {specs}", {"extra_specs": {"k": "v"}})
    ask(f"POST {specs}", {"extra_specs": {"k:bad key!": "v"}})
    ask(f"POST {specs}", {})
    ask(f"GET {specs}")
    ask(f"GET {specs}/k")
    ask(f"GET {specs}/nothing")
    ask(f"PUT {specs}/k", {"k": "w"})
    ask(f"PUT {specs}/k", {"other": "w"})
    ask(f"DELETE {specs}/k")
    ask(f"DELETE {specs}/nothing")
    ask(f"GET {path}/{{type}}/encryption")
    ask(f"POST {path}/{{type}}/encryption", {"encryption": {"provider": "luks", "control_location": "nothing"}})
    ask(f"GET {path}/{{full_type}}/os-volume-type-access")
    ask(f"GET {path}/{{type}}/os-volume-type-access")
    ask(f"POST {path}/{{full_type}}/action", {"addProjectAccess": {"project": "{own_project}"}})
    ask(f"POST {path}/{{full_type}}/action", {"addProjectAccess": {"project": "{own_project}"}}, note="again")
    ask(f"POST {path}/{{type}}/action", {"addProjectAccess": {"project": "{own_project}"}})
    ask(f"POST {path}/{{full_type}}/action", {"addProjectAccess": {}})
    ask(f"GET {path}/{{full_type}}/os-volume-type-access", note="one")
    ask(f"POST {path}/{{full_type}}/action", {"removeProjectAccess": {"project": "nothing"}})
    ask(f"DELETE {OWN}/types/{{type}}", who="member")
    ask(f"DELETE {path}/{{type}}")
    ask(f"DELETE {path}/{{type}}", note="gone")
    qos = f"{admin}/qos-specs"
    ask(f"POST {qos}", {"qos_specs": {"name": "{run}-qos", "consumer": "back-end", "k": "v"}}, keep={"qos": "qos_specs.id"}, undo=f"{qos}/{{qos}}")
    ask(f"POST {qos}", {"qos_specs": {"name": "{run}-qos"}}, note="again")
    ask(f"POST {qos}", {"qos_specs": {"name": ""}})
    ask(f"POST {qos}", {"qos_specs": {"name": "x", "consumer": "nothing"}})
    ask(f"GET {qos}/{{qos}}")
    ask(f"GET {qos}/{NOBODY}")
    ask(f"GET {qos}")
    ask(f"GET {OWN}/qos-specs", who="member")
    ask(f"GET {qos}/{{qos}}/associations")
    ask(f"GET {qos}/{{qos}}/associate?vol_type_id={NOBODY}")
    ask(f"DELETE {qos}/{{qos}}")
    ask(f"DELETE {qos}/{{qos}}", note="gone")


def transfers(ask):
    path = f"{OWN}/os-volume-transfer"
    wrong_bodies(ask, path, "transfer")
    ask(f"POST {path}", {"transfer": {"volume_id": NOBODY}}, who="member")
    ask(f"POST {path}", {"transfer": {"volume_id": "x"}}, who="member")
    ask(f"POST {path}", {"transfer": {"volume_id": "{volume}", "name": "{run}-t"}}, who="member", keep={"transfer": "transfer.id", "auth_key": "transfer.auth_key"})
    ask(f"POST {path}", {"transfer": {"volume_id": "{volume}"}}, who="member", note="again")
    ask(f"GET {path}/{{transfer}}", who="member")
    ask("GET /v3/{other_project}/os-volume-transfer/{transfer}", who="stranger")
    ask(f"GET {path}/{NOBODY}", who="member")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}/detail", who="member")
    ask("POST /v3/{other_project}/os-volume-transfer/{transfer}/accept", {"accept": {"auth_key": "wrong"}}, who="stranger")
    ask("POST /v3/{other_project}/os-volume-transfer/{transfer}/accept", {"accept": {}}, who="stranger")
    ask(f"POST /v3/{{other_project}}/os-volume-transfer/{NOBODY}/accept", {"accept": {"auth_key": "x"}}, who="stranger")
    ask(f"GET {OWN}/volumes/{{volume}}", who="member", version=V, note="awaiting transfer")
    ask(f"DELETE {path}/{{transfer}}", who="member")
    ask(f"DELETE {path}/{{transfer}}", who="member", note="gone")
    ask(f"GET {OWN}/volume-transfers", who="member", version=V)


def attachments(ask):
    path = f"{OWN}/attachments"
    wrong_bodies(ask, path, "attachment")
    wrong_ids(ask, path, "attachment")
    ask(f"GET {path}", who="member", version=V)
    ask(f"GET {path}", who="member", version="3.26")
    ask(f"POST {path}", {"attachment": {"volume_uuid": NOBODY, "instance_uuid": NOBODY}}, who="member", version=V)
    ask(f"POST {path}", {"attachment": {"volume_uuid": "x", "instance_uuid": NOBODY}}, who="member", version=V)
    ask(f"POST {path}", {"attachment": {"volume_uuid": "{volume}", "instance_uuid": NOBODY}}, who="member", version=V, keep={"attachment": "attachment.id"})
    ask(f"GET {path}/{{attachment}}", who="member", version=V)
    ask(f"GET {path}/detail", who="member", version=V)
    ask(f"POST {path}/{{attachment}}/action", {"os-complete": {}}, who="member", version=V)
    ask(f"POST {path}/{{attachment}}/action", {"nothing": {}}, who="member", version=V)
    ask(f"PUT {path}/{{attachment}}", {"attachment": {"connector": {}}}, who="member", version=V)
    ask(f"DELETE {path}/{{attachment}}", who="stranger", version=V)
    ask(f"DELETE {OWN}/volumes/{{volume}}", who="member", version=V, note="reserved")
    ask(f"DELETE {path}/{{attachment}}", who="member", version=V)
    ready(ask)


def others(ask):
    admin = "/v3/{admin_project}"
    quota = f"{admin}/os-quota-sets/{{own_project}}"
    ask(f"GET {OWN}/os-quota-sets/{{own_project}}", who="member", loose=("quota_set",))
    ask(f"GET {OWN}/os-quota-sets/{{own_project}}?usage=True", who="member", loose=("quota_set",))
    ask(f"GET {OWN}/os-quota-sets/{{own_project}}?usage=x", who="member", loose=("quota_set",))
    ask(f"GET {OWN}/os-quota-sets/{{own_project}}/defaults", who="member", loose=("quota_set",))
    ask(f"GET {OWN}/os-quota-sets/{{other_project}}", who="member", loose=("quota_set",))
    ask(f"PUT {OWN}/os-quota-sets/{{own_project}}", {"quota_set": {"volumes": 5}}, who="member")
    for body in ({"quota_set": {"volumes": 5}}, {"quota_set": {"volumes": -2}}, {"quota_set": {"volumes": "x"}}, {"quota_set": {"nothing": 1}}, {"quota_set": {}}, {}):
        ask(f"PUT {quota}", body, loose=("quota_set",))
    ask(f"DELETE {quota}")
    ask(f"GET {admin}/os-quota-class-sets/default", loose=("quota_class_set",))
    ask(f"GET {admin}/os-services")
    ask(f"GET {OWN}/os-services", who="member")
    ask(f"PUT {admin}/os-services/disable", {"binary": "cinder-volume", "host": "nothing"})
    ask(f"GET {OWN}/os-availability-zone", who="member")
    ask(f"GET {OWN}/os-hosts", who="member")
    ask(f"GET {admin}/scheduler-stats/get_pools")
    ask(f"GET {admin}/scheduler-stats/get_pools?detail=True", loose=("pools",))
    ask(f"GET {OWN}/scheduler-stats/get_pools", who="member")
    ask(f"GET {OWN}/messages", who="member", version=V)
    ask(f"GET {OWN}/messages/{NOBODY}", who="member", version=V)
    ask(f"GET {OWN}/backups", who="member", version=V)
    ask(f"GET {OWN}/backups/{NOBODY}", who="member", version=V)
    ask(f"DELETE {OWN}/backups/{NOBODY}", who="member", version=V)
    wrong_bodies(ask, f"{OWN}/backups", "backup")
    ask(f"POST {OWN}/backups", {"backup": {"volume_id": NOBODY}}, who="member", version=V)
    ask(f"GET {OWN}/groups", who="member", version=V)
    ask(f"GET {OWN}/groups/{NOBODY}", who="member", version=V)
    ask(f"GET {OWN}/group_types", who="member", version=V)
    ask(f"GET {OWN}/group_snapshots", who="member", version=V)
    ask(f"GET {OWN}/consistencygroups", who="member")
    ask(f"GET {OWN}/resource_filters", who="member", version=V, loose=("resource_filters",))
    ask(f"GET {admin}/capabilities/nothing")
    ask(f"GET {admin}/clusters", version=V)
    ask(f"GET {admin}/workers", version=V)
    ask(f"GET {admin}/default-types", version=V)


def delete(ask):
    path = f"{OWN}/volumes"
    ask(f"DELETE {path}/{{volume}}", who="reader", version=V)
    ask(f"DELETE {path}/{{volume}}?force=x", who="member", version=V)
    ask(f"DELETE {path}/{{volume}}?cascade=true", who="member", version=V)
    ask.wait(f"{path}/{{volume}}", "", None, who="member")
    ask(f"DELETE {path}/{{volume}}", who="member", version=V, note="gone")
    ask(f"GET {path}/{{volume}}", who="member", version=V, note="gone")
    ask(f"DELETE {OWN}/snapshots/{{snapshot}}", who="member", version=V)
    ask.wait(f"{OWN}/snapshots/{{snapshot}}", "", None, who="member")
