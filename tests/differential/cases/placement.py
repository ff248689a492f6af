"""Placement: providers, inventories, traits, allocations, candidates."""
SERVICE = "placement"
NOBODY = "00000000-0000-4000-8000-000000000000"
LATEST = "1.39"
RP = "/resource_providers"


def cases(ask):
    root(ask)
    providers(ask)
    inventories(ask)
    traits(ask)
    classes(ask)
    allocations(ask)
    candidates(ask)


def root(ask):
    ask("GET /")
    ask("GET /", who="nobody")
    ask("GET /", version="1.10")
    ask("GET /", version="9.9")
    ask("HEAD /")
    ask("POST /", {})
    for path in (RP, "/resource_classes", "/traits", "/usages?project_id=x", "/nothing", "/allocations/x"):
        ask(f"GET {path}", who="nobody")
        ask(f"GET {path}", who="torn")
    for who in ("member", "reader"):
        for path in (RP, "/resource_classes", "/traits", "/usages", "/usages?project_id={own_project}", "/allocation_candidates?resources=VCPU:1", f"/allocations/{NOBODY}"):
            ask(f"GET {path}", who=who, version=LATEST)
    for version in ("1.0", "1.39", "latest", "1.40", "2.0", "0.9", "x", "1", ""):
        ask(f"GET {RP}?name={{run}}", version=version, exact=True)
    ask(f"GET {RP}?name={{run}}", headers={"OpenStack-API-Version": "compute 1.5"}, exact=True)
    ask(f"GET {RP}?name={{run}}", headers={"OpenStack-API-Version": "compute 2.5, placement 1.3"}, exact=True)
    ask(f"GET {RP}?name={{run}}", headers={"OpenStack-API-Version": "placement"}, exact=True)
    ask(f"GET {RP}/?name={{run}}")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        ask(f"{method} {RP}")
        ask(f"{method} /traits", version=LATEST)
    ask(f"POST {RP}/{NOBODY}", {})
    ask(f"GET {RP}?name={{run}}", headers={"Accept": "text/html"})
    ask(f"GET {RP}?name={{run}}", headers={"Accept": "*/*"}, exact=True)
    ask("GET /nothing")
    ask("GET /nothing", version=LATEST)


def providers(ask):
    for body in ("", "{", "[]", "null", "{}"):
        ask(f"POST {RP}", body, headers={"Content-Type": "application/json"}, version=LATEST)
    ask(f"POST {RP}", '{"name": "{run}-x"}', headers={"Content-Type": "text/plain"}, version=LATEST)
    ask(f"POST {RP}", {"name": "{run}-x"}, who="member", version=LATEST)
    ask(f"POST {RP}", {"name": "{run}-x"}, who="nobody", version=LATEST)
    ask(f"POST {RP}", {"name": "{run}-old", "uuid": "{run_uuid}"}, undo=f"{RP}/{{run_uuid}}") if "run_uuid" in ask.cloud.known else None
    ask(f"POST {RP}", {"name": "{run}-rp"}, version=LATEST, keep={"rp": "uuid"}, undo=f"{RP}/{{rp}}")
    ask(f"POST {RP}", {"name": "{run}-rp"}, version=LATEST, note="once more")
    ask(f"POST {RP}", {"name": "{run}-other", "uuid": "{rp}"}, version=LATEST)
    ask(f"POST {RP}", {"name": "{run}-child", "parent_provider_uuid": "{rp}"}, version=LATEST, keep={"child": "uuid"}, undo=f"{RP}/{{child}}")
    ask(f"POST {RP}", {"name": "{run}-a", "parent_provider_uuid": "{rp}"}, version="1.13")
    ask(f"POST {RP}", {"name": "{run}-a", "parent_provider_uuid": NOBODY}, version=LATEST)
    for more in ({"name": ""}, {"name": "x" * 201}, {"name": 5}, {"uuid": "x"}, {"uuid": 5}, {"unknown": 1}, {"parent_provider_uuid": "x"}):
        ask(f"POST {RP}", {"name": "{run}-wrong", **more}, version=LATEST)
    for version in ("1.0", "1.14", LATEST):
        ask(f"GET {RP}/{{rp}}", version=version)
    ask(f"GET {RP}/{{child}}", version=LATEST)
    ask(f"GET {RP}/{NOBODY}", version=LATEST)
    ask(f"GET {RP}/nothing", version=LATEST)
    ask(f"GET {RP}/{NOBODY}")
    ask(f"DELETE {RP}/{NOBODY}", version=LATEST)
    ask(f"PUT {RP}/{NOBODY}", {"name": "x"}, version=LATEST)
    for query in ("name={run}-rp", "uuid={child}", "in_tree={rp}", "uuid=x", "in_tree=x", "nothing=1", "limit=1", "resources=VCPU:1", "resources=NOTHING:1", "resources=VCPU", "resources=VCPU:0", "resources=VCPU:x",
                  "resources=", "member_of=x", f"member_of={NOBODY}", f"member_of=in:{NOBODY},x", "required=NOTHING", "required=HW_CPU_X86_AVX", "required=!HW_CPU_X86_AVX", "required=", "name={run}-rp&name={run}-child"):
        ask(f"GET {RP}?{query}", version=LATEST, exact=query.startswith(("name", "uuid", "in_tree")))
    ask(f"GET {RP}?in_tree={{rp}}", version="1.13")
    ask(f"PUT {RP}/{{rp}}", {"name": "{run}-renamed"}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}", {"name": "{run}-child"}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}", {}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}", {"name": "x", "uuid": "{rp}"}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}", {"name": "{run}-renamed", "parent_provider_uuid": "{child}"}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}", {"name": "{run}-renamed"}, who="member", version=LATEST)
    for version in ("1.1", "1.18", LATEST):
        ask(f"GET {RP}/{{rp}}/aggregates", version=version)
    ask(f"PUT {RP}/{{rp}}/aggregates", [NOBODY], version="1.1")
    ask(f"PUT {RP}/{{rp}}/aggregates", {"aggregates": [NOBODY], "resource_provider_generation": 99}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}/aggregates", {"aggregates": ["x"], "resource_provider_generation": 0}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}/aggregates", {"aggregates": [NOBODY, NOBODY], "resource_provider_generation": 0}, version=LATEST)
    ask(f"PUT {RP}/{{rp}}/aggregates", {"aggregates": []}, version=LATEST)
    ask(f"PUT {RP}/{NOBODY}/aggregates", {"aggregates": [], "resource_provider_generation": 0}, version=LATEST)
    ask(f"GET {RP}/{{rp}}/aggregates", version="1.0")
    ask(f"DELETE {RP}/{{rp}}", version=LATEST, note="with a child")


def inventories(ask):
    path = f"{RP}/{{child}}/inventories"
    ask(f"GET {path}", version=LATEST)
    ask(f"GET {path}/VCPU", version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 0, "inventories": {"VCPU": {"total": 8}, "MEMORY_MB": {"total": 1024, "reserved": 24, "min_unit": 1, "max_unit": 512, "step_size": 1, "allocation_ratio": 1.5}}}, version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 0, "inventories": {}}, version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 0, "inventories": {}}, version="1.0")
    ask(f"PUT {path}", {"inventories": {}}, version=LATEST)
    for inventory in ({}, {"total": 0}, {"total": -1}, {"total": "x"}, {"total": 2**31}, {"total": 5, "reserved": 6}, {"total": 5, "reserved": -1}, {"total": 5, "allocation_ratio": -1}, {"total": 5, "step_size": 0},
                      {"total": 5, "min_unit": 3, "max_unit": 2}, {"total": 5, "unknown": 1}):
        ask(f"PUT {path}", {"resource_provider_generation": 1, "inventories": {"VCPU": inventory}}, version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 1, "inventories": {"NOTHING": {"total": 1}}}, version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 1, "inventories": {"lower": {"total": 1}}}, version=LATEST)
    ask(f"PUT {path}", {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 8}, "DISK_GB": {"total": 100}}}, version=LATEST, note="again")
    ask(f"GET {path}", version="1.0", note="filled")
    ask(f"GET {path}", version=LATEST, note="filled")
    ask(f"GET {path}/VCPU", version=LATEST, note="filled")
    ask(f"GET {path}/NOTHING", version=LATEST)
    ask(f"PUT {path}/VCPU", {"resource_provider_generation": 2, "total": 16}, version=LATEST)
    ask(f"PUT {path}/VCPU", {"resource_provider_generation": 1, "total": 16}, version=LATEST)
    ask(f"PUT {path}/PCPU", {"resource_provider_generation": 3, "total": 16}, version=LATEST)
    ask(f"POST {path}", {"resource_provider_generation": 3, "resource_class": "PCPU", "total": 2}, version=LATEST)
    ask(f"POST {path}", {"resource_provider_generation": 4, "resource_class": "PCPU", "total": 2}, version=LATEST)
    ask(f"DELETE {path}/PCPU", version=LATEST)
    ask(f"DELETE {path}/PCPU", version=LATEST, note="again")
    ask(f"GET {RP}/{NOBODY}/inventories", version=LATEST)
    ask(f"GET {RP}/{{child}}/usages", version=LATEST)
    ask(f"GET {RP}/{NOBODY}/usages", version=LATEST)
    ask(f"GET {RP}/{{child}}/allocations", version=LATEST)
    ask(f"DELETE {path}", version="1.4")


def traits(ask):
    ask("GET /traits?name=startswith:HW_CPU_X86_AVX512", version=LATEST, loose=("traits",))
    ask("GET /traits?name=in:HW_CPU_X86_AVX,NOTHING", version=LATEST)
    ask("GET /traits?name=x", version=LATEST)
    ask("GET /traits?associated=x", version=LATEST)
    ask("GET /traits?nothing=x", version=LATEST)
    ask("GET /traits", version="1.5")
    ask("GET /traits/HW_CPU_X86_AVX", version="1.6")
    ask("GET /traits/HW_CPU_X86_AVX", version=LATEST)
    ask("GET /traits/CUSTOM_NOTHING", version=LATEST)
    ask("PUT /traits/CUSTOM_DIFFERENTIAL", version=LATEST, undo="/traits/CUSTOM_DIFFERENTIAL")
    ask("PUT /traits/CUSTOM_DIFFERENTIAL", version=LATEST, note="again")
    ask("PUT /traits/custom_x", version=LATEST)
    ask("PUT /traits/HW_X", version=LATEST)
    ask("PUT /traits/CUSTOM_" + "X" * 260, version=LATEST)
    ask("PUT /traits/CUSTOM_X", who="member", version=LATEST)
    ask("DELETE /traits/HW_CPU_X86_AVX", version=LATEST)
    ask("DELETE /traits/CUSTOM_NOTHING", version=LATEST)
    path = f"{RP}/{{child}}/traits"
    ask(f"GET {path}", version=LATEST)
    ask(f"PUT {path}", {"traits": ["CUSTOM_DIFFERENTIAL"], "resource_provider_generation": 99}, version=LATEST)
    ask(f"PUT {path}", {"traits": ["CUSTOM_NOTHING"], "resource_provider_generation": 5}, version=LATEST)
    ask(f"PUT {path}", {"traits": "x", "resource_provider_generation": 5}, version=LATEST)
    ask(f"PUT {path}", {"traits": []}, version=LATEST)
    ask(f"PUT {path}", {"traits": ["CUSTOM_DIFFERENTIAL"], "resource_provider_generation": 5}, version=LATEST)
    ask("DELETE /traits/CUSTOM_DIFFERENTIAL", version=LATEST)
    ask(f"DELETE {path}", version=LATEST)
    ask(f"GET {RP}/{NOBODY}/traits", version=LATEST)


def classes(ask):
    ask("GET /resource_classes", version="1.1")
    ask("GET /resource_classes", version=LATEST)
    ask("GET /resource_classes/VCPU", version="1.2")
    ask("GET /resource_classes/VCPU", version=LATEST)
    ask("GET /resource_classes/CUSTOM_NOTHING", version=LATEST)
    ask("POST /resource_classes", {"name": "CUSTOM_DIFFERENTIAL_ONE"}, version=LATEST, undo="/resource_classes/CUSTOM_DIFFERENTIAL_ONE")
    ask("POST /resource_classes", {"name": "CUSTOM_DIFFERENTIAL_ONE"}, version=LATEST, note="again")
    for name in ("", "VCPU", "custom_x", "CUSTOM_x", "CUSTOM_" + "X" * 260, 5, None):
        ask("POST /resource_classes", {"name": name}, version=LATEST)
    ask("POST /resource_classes", {}, version=LATEST)
    ask("PUT /resource_classes/CUSTOM_DIFFERENTIAL_TWO", version=LATEST, undo="/resource_classes/CUSTOM_DIFFERENTIAL_TWO")
    ask("PUT /resource_classes/CUSTOM_DIFFERENTIAL_TWO", version=LATEST, note="again")
    ask("PUT /resource_classes/CUSTOM_DIFFERENTIAL_TWO", {"name": "CUSTOM_X"}, version=LATEST)
    ask("PUT /resource_classes/x", version=LATEST)
    ask("DELETE /resource_classes/VCPU", version=LATEST)
    ask("DELETE /resource_classes/CUSTOM_NOTHING", version=LATEST)
    ask("DELETE /resource_classes/CUSTOM_DIFFERENTIAL_TWO", version=LATEST)


def allocations(ask):
    consumer = "11111111-1111-4111-8111-111111111111"
    path = f"/allocations/{consumer}"
    good = {"allocations": {"{child}": {"resources": {"VCPU": 2}}}, "project_id": "{own_project}", "user_id": "{member_user}", "consumer_generation": None, "consumer_type": "INSTANCE"}
    ask(f"GET {path}", version=LATEST)
    ask(f"GET {path}")
    ask("GET /allocations/x", version=LATEST)
    for more in ({"allocations": {}}, {"allocations": []}, {"project_id": ""}, {"project_id": 5}, {"project_id": "x" * 256}, {"consumer_generation": 7}, {"consumer_generation": "x"}, {"consumer_type": "lower"}, {"unknown": 1},
                 {"allocations": {NOBODY: {"resources": {"VCPU": 1}}}}, {"allocations": {"x": {"resources": {"VCPU": 1}}}}, {"allocations": {"{child}": {"resources": {}}}},
                 {"allocations": {"{child}": {"resources": {"VCPU": 0}}}}, {"allocations": {"{child}": {"resources": {"VCPU": 999}}}}, {"allocations": {"{child}": {"resources": {"NOTHING": 1}}}},
                 {"allocations": {"{child}": {"resources": {"FPGA": 1}}}}, {"allocations": {"{child}": {"resources": {"VCPU": "x"}}}}):
        ask(f"PUT {path}", {**good, **more}, version=LATEST)
    for key in good:
        ask(f"PUT {path}", {name: value for name, value in good.items() if name != key}, version=LATEST, note=f"without {key}")
    ask(f"PUT {path}", good, version=LATEST, undo=path)
    ask(f"PUT {path}", good, version=LATEST, note="again")
    ask(f"PUT {path}", good, who="member", version=LATEST)
    for version in ("1.0", "1.12", "1.28", LATEST):
        ask(f"GET {path}", version=version, note="made")
    ask(f"GET {RP}/{{child}}/allocations", version=LATEST, note="made")
    ask(f"GET {RP}/{{child}}/usages", version=LATEST, note="used")
    ask("GET /usages?project_id={own_project}", version="1.9")
    ask("GET /usages?project_id={own_project}", version=LATEST)
    ask("GET /usages?project_id={own_project}&user_id={member_user}&consumer_type=INSTANCE", version=LATEST)
    ask("GET /usages?project_id={own_project}&consumer_type=x", version=LATEST)
    ask("GET /usages", version=LATEST)
    ask("GET /usages?user_id=x", version=LATEST)
    ask("GET /usages?project_id=x&nothing=1", version=LATEST)
    ask("GET /usages?project_id=nothing", version=LATEST)
    ask(f"DELETE {RP}/{{child}}", version=LATEST, note="used")
    ask(f"PUT {RP}/{{child}}/inventories", {"resource_provider_generation": 7, "inventories": {}}, version=LATEST, note="used")
    ask(f"DELETE {RP}/{{child}}/inventories/VCPU", version=LATEST, note="used")
    for body in ({}, [], {consumer: {}}, {"x": good}):
        ask("POST /allocations", body, version=LATEST)
    ask("POST /allocations", {consumer: {**good, "allocations": {}, "consumer_generation": 1}}, version=LATEST)
    ask(f"DELETE {path}", version=LATEST)
    ask(f"DELETE {path}", version=LATEST, note="again")
    ask("DELETE /allocations/x", version=LATEST)
    ask("POST /reshaper", {}, version=LATEST)
    ask("POST /reshaper", {"inventories": {}, "allocations": {}}, version=LATEST)


def candidates(ask):
    for query in ("", "resources=", "resources=VCPU", "resources=VCPU:x", "resources=VCPU:0", "resources=NOTHING:1", "resources=VCPU:1&limit=0", "resources=VCPU:1&limit=x", "resources=VCPU:1&limit=1,2", "resources=VCPU:1&nothing=1",
                  "resources=VCPU:1&required=NOTHING", "resources=VCPU:1&member_of=x", "resources=VCPU:1&in_tree=x", "resources1=VCPU:1&resources2=VCPU:1", "resources1=VCPU:1&resources2=VCPU:1&group_policy=x",
                  "resources=VCPU:1&required=!CUSTOM_X,CUSTOM_X", "resources=VCPU:1&required1=CUSTOM_X", "resources=VCPU:1&same_subtree=_A", "resources=VCPU:1&root_required=NOTHING", "resources=FPGA:1"):
        ask(f"GET /allocation_candidates?{query}", version=LATEST)
    ask("GET /allocation_candidates?resources=VCPU:1", version="1.9")
    ask("GET /allocation_candidates?resources=FPGA:1", version="1.10")
    ask("GET /allocation_candidates?resources=VCPU:1&in_tree={rp}", version=LATEST)
    ask("GET /allocation_candidates?resources=VCPU:1&in_tree={rp}", version="1.31")
    ask("POST /allocation_candidates", {}, version=LATEST)
