"""Identity: what is made, shown, changed and deleted, and how it is refused."""
SERVICE = "identity"
NOBODY = "00000000000040008000000000000000"


def cases(ask):
    versions(ask)
    tokens(ask)
    projects(ask)
    users(ask)
    groups(ask)
    roles(ask)
    catalog(ask)
    domains(ask)
    credentials(ask)
    limits(ask)


def password(who, project=None, **more):
    auth = {"identity": {"methods": ["password"], "password": {"user": {"id": "{%s_user}" % who, "password": "{password}"}}}}
    if project:
        auth["scope"] = {"project": {"id": "{%s}" % project}}
    return {"auth": {**auth, **more}}


def versions(ask):
    ask("GET /", loose=("versions",))
    ask("GET /v3")
    ask("GET /v3/")
    ask("HEAD /v3")
    ask("OPTIONS /v3")
    ask("POST /v3", {})
    ask("GET /v2.0")
    ask("GET /v4")
    ask("GET /v3", who="nobody")
    ask("GET /v3/nothing")
    ask("GET /v3/nothing", who="nobody")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        ask(f"{method} /v3/projects")
    for method in ("PUT", "POST", "OPTIONS"):
        ask(f"{method} /v3/users/{{admin_user}}", {} if method != "OPTIONS" else None)
    ask("GET /v3/projects/")
    ask("GET /v3/projects", headers={"Accept": "text/html"})
    ask("GET /v3/projects", headers={"Accept": "text/xml"})


def tokens(ask):
    ask.cloud.known["password"] = ask.cloud.password
    ask("POST /v3/auth/tokens", password("member", "own_project"), who="nobody", loose=("token.catalog",))
    ask("POST /v3/auth/tokens?nocatalog", password("member", "own_project"), who="nobody", keep={"token": "@X-Subject-Token"})
    ask("POST /v3/auth/tokens", password("member"), who="nobody", keep={"unscoped": "@X-Subject-Token"})
    ask("POST /v3/auth/tokens", password("member", scope={"project": {"name": "{run}-own", "domain": {"id": "default"}}}), who="nobody", loose=("token.catalog",))
    ask("POST /v3/auth/tokens", password("member", scope={"project": {"name": "{run}-own"}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"project": {"name": "{run}-own", "domain": {"name": "Nowhere"}}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"project": {"id": NOBODY}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"domain": {"id": "default"}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"system": {"all": True}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"system": {"all": False}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope="unscoped"), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"project": {}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", scope={"project": {"id": "{own_project}"}, "domain": {"id": "default"}}), who="nobody")
    ask("POST /v3/auth/tokens", password("member", "other_project"), who="nobody")
    wrong = {"id": "{member_user}", "password": "wrong"}
    for user in (wrong, {"id": NOBODY, "password": "wrong"}, {"name": "nobody", "domain": {"id": "default"}, "password": "x"},
                 {"name": "nobody", "password": "x"}, {"name": "nobody", "domain": {"id": "nowhere"}, "password": "x"},
                 {"id": "{member_user}"}, {}, {"id": 5, "password": "x"}, {"id": "{member_user}", "password": 5},
                 {"id": "{member_user}", "password": None}, {"name": "x" * 300, "domain": {"id": "default"}, "password": "x"}):
        ask("POST /v3/auth/tokens", {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}, who="nobody")
    for body in ({}, {"auth": {}}, {"auth": None}, {"auth": []}, {"auth": {"identity": {}}}, {"auth": {"identity": {"methods": []}}},
                 {"auth": {"identity": {"methods": ["password"]}}}, {"auth": {"identity": {"methods": ["nothing"], "nothing": {}}}},
                 {"auth": {"identity": {"methods": ["token"], "token": {}}}}, {"auth": {"identity": {"methods": ["token"], "token": {"id": "torn"}}}},
                 {"auth": {"identity": {"methods": "password"}}}, {"auth": {"identity": {"methods": ["totp"], "totp": {"user": wrong}}}},
                 {"auth": {"identity": {"methods": ["external"]}}}, [], "", "{", "null", '"x"', "5"):
        ask("POST /v3/auth/tokens", body, who="nobody", headers={"Content-Type": "application/json"} if isinstance(body, str) else None)
    ask("POST /v3/auth/tokens", "auth=1", who="nobody", headers={"Content-Type": "application/x-www-form-urlencoded"})
    ask("POST /v3/auth/tokens", "{}", who="nobody", headers={"Content-Type": "text/plain"})
    ask("POST /v3/auth/tokens", {"auth": {"identity": {"methods": ["token"], "token": {"id": "{unscoped}"}}, "scope": {"project": {"id": "{own_project}"}}}},
        who="nobody", loose=("token.catalog",))
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, loose=("token.catalog",))
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, who="member", loose=("token.catalog",))
    ask("GET /v3/auth/tokens?nocatalog", headers={"X-Subject-Token": "{token}"})
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, who="stranger")
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, who="nobody")
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "torn"})
    ask("GET /v3/auth/tokens")
    ask("HEAD /v3/auth/tokens", headers={"X-Subject-Token": "{token}"})
    ask("HEAD /v3/auth/tokens", headers={"X-Subject-Token": "torn"})
    ask("PUT /v3/auth/tokens", {})
    ask("DELETE /v3/auth/tokens", headers={"X-Subject-Token": "torn"})
    ask("DELETE /v3/auth/tokens")
    ask("DELETE /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, who="stranger")
    ask("DELETE /v3/auth/tokens", headers={"X-Subject-Token": "{token}"})
    ask("GET /v3/auth/tokens", headers={"X-Subject-Token": "{token}"}, note="revoked")
    ask("GET /v3/auth/catalog", who="member", loose=("catalog",))
    ask("GET /v3/auth/catalog", who="nobody")
    ask("HEAD /v3/auth/catalog", who="member")
    ask("GET /v3/auth/projects", who="member")
    ask("GET /v3/auth/domains", who="member")
    ask("GET /v3/auth/system", who="member")
    ask("GET /v3/auth/system")
    for path in ("/v3/projects", "/v3/users", "/v3/auth/projects"):
        ask(f"GET {path}", who="nobody")
        ask(f"GET {path}", who="torn")
    ask("GET /v3/OS-FEDERATION/projects", who="member")


def wrong_bodies(ask, path, wrapper):
    for body in ("", "{", "[]", "null", "{}", '{"x": {}}', '{"%s": null}' % wrapper, '{"%s": []}' % wrapper, '{"%s": {}}' % wrapper):
        ask(f"POST {path}", body, headers={"Content-Type": "application/json"})
    ask(f"POST {path}", '{"%s": {}}' % wrapper, headers={"Content-Type": "text/plain"})
    ask(f"POST {path}", '{"%s": {}}' % wrapper, who="member", headers={"Content-Type": "application/json"})
    ask(f"POST {path}", '{"%s": {}}' % wrapper, who="nobody", headers={"Content-Type": "application/json"})


def projects(ask):
    wrong_bodies(ask, "/v3/projects", "project")
    ask("POST /v3/projects", {"project": {"name": "{run}-minimal"}}, keep={"project": "project.id"}, undo="/v3/projects/{project}")
    ask("POST /v3/projects", {"project": {"name": "{run}-minimal"}}, note="once more")
    ask("POST /v3/projects", {"project": {"name": "{run}-full", "description": "d", "domain_id": "default", "enabled": False, "is_domain": False,
        "parent_id": "default", "tags": ["b", "a"], "options": {}, "extra": "x"}}, keep={"full": "project.id"}, undo="/v3/projects/{full}")
    for more in ({"name": ""}, {"name": " "}, {"name": "x" * 65}, {"name": 5}, {"name": None}, {"enabled": "yes"}, {"enabled": None}, {"enabled": "true"},
                 {"description": 5}, {"description": None}, {"domain_id": "nowhere"}, {"domain_id": None}, {"domain_id": 5}, {"parent_id": "nowhere"},
                 {"parent_id": "{project}", "is_domain": True}, {"is_domain": "x"}, {"tags": "x"}, {"tags": ["a/b"]}, {"tags": ["a,b"]}, {"tags": ["a", "a"]},
                 {"tags": ["x" * 256]}, {"tags": [5]}, {"options": {"nothing": True}}, {"options": {"immutable": "x"}}, {"links": {}}, {"id": "mine"}):
        ask("POST /v3/projects", {"project": {"name": "{run}-wrong", **more}}, keep={"accident": "project.id"}, undo="/v3/projects/{accident}")
        ask.quietly("identity", "DELETE /v3/projects/{accident}") if "accident" in ask.cloud.known and ask.answers[list(ask.answers)[-1]]["status"] == 201 else None
    ask("GET /v3/projects/{project}")
    ask("HEAD /v3/projects/{project}")
    ask("GET /v3/projects/{project}/")
    ask("GET /v3/projects/{project}?parents_as_list")
    ask("GET /v3/projects/{project}?subtree_as_ids")
    ask("GET /v3/projects/{project}?parents_as_ids&parents_as_list")
    ask("GET /v3/projects/{project}", who="member")
    ask("GET /v3/projects/{own_project}", who="member")
    ask("GET /v3/projects/{own_project}", who="stranger")
    ask("GET /v3/projects/{project}", who="nobody")
    ask(f"GET /v3/projects/{NOBODY}")
    ask(f"GET /v3/projects/{NOBODY}", who="member")
    ask(f"DELETE /v3/projects/{NOBODY}")
    ask(f"PATCH /v3/projects/{NOBODY}", {"project": {"name": "x"}})
    ask("GET /v3/projects/" + "x" * 300)
    ask("GET /v3/projects")
    ask("GET /v3/projects", who="member")
    ask("GET /v3/projects?name={run}-minimal", exact=True)
    ask("GET /v3/projects?name={run}-nothing", exact=True)
    ask("GET /v3/projects?name__contains={run}-min", exact=True)
    ask("GET /v3/projects?name__nothing={run}-min")
    ask("GET /v3/projects?enabled=maybe&name={run}-minimal", exact=True)
    ask("GET /v3/projects?enabled=0&name={run}-full", exact=True)
    ask("GET /v3/projects?nothing=x")
    ask("GET /v3/projects?domain_id=nowhere", exact=True)
    ask("GET /v3/projects?tags=a,b", exact=True)
    ask("GET /v3/projects?parent_id={project}", exact=True)
    ask("GET /v3/projects?limit=1")
    ask("GET /v3/projects?limit=x")
    ask("GET /v3/projects?limit=-1")
    ask("GET /v3/projects?marker=nothing&limit=2")
    for more in ({}, {"name": "{run}-renamed"}, {"name": ""}, {"name": None}, {"description": "new"}, {"enabled": "x"}, {"domain_id": "nowhere"},
                 {"parent_id": "{own_project}"}, {"tags": ["t"]}, {"is_domain": True}, {"name": "{run}-full"}, {"id": "x"}, {"unknown": None}):
        ask("PATCH /v3/projects/{project}", {"project": more})
    ask("PATCH /v3/projects/{project}", {"project": {"description": "x"}}, who="member")
    ask("PATCH /v3/projects/{project}", "{", headers={"Content-Type": "application/json"})
    ask("PATCH /v3/projects/{project}", {})
    ask("GET /v3/projects/{full}/tags")
    ask("PUT /v3/projects/{full}/tags", {"tags": ["x", "y"]})
    ask("PUT /v3/projects/{full}/tags", {"tags": "x"})
    ask("PUT /v3/projects/{full}/tags", {})
    ask("PUT /v3/projects/{full}/tags/z")
    ask("PUT /v3/projects/{full}/tags/" + "z" * 256)
    ask("GET /v3/projects/{full}/tags/z")
    ask("GET /v3/projects/{full}/tags/nothing")
    ask("DELETE /v3/projects/{full}/tags/nothing")
    ask("DELETE /v3/projects/{full}/tags/z")
    ask("DELETE /v3/projects/{full}/tags")
    ask("DELETE /v3/projects/{full}", who="member")
    ask("DELETE /v3/projects/{full}")
    ask("DELETE /v3/projects/{full}", note="gone")


def users(ask):
    wrong_bodies(ask, "/v3/users", "user")
    ask("POST /v3/users", {"user": {"name": "{run}-minimal"}}, keep={"user": "user.id"}, undo="/v3/users/{user}")
    ask("POST /v3/users", {"user": {"name": "{run}-minimal"}}, note="once more")
    ask("POST /v3/users", {"user": {"name": "{run}-full", "description": "d", "domain_id": "default", "enabled": False, "password": "secret-1",
        "email": "a@example.org", "default_project_id": "{project}", "options": {"lock_password": True, "ignore_lockout_failure_attempts": True}}},
        keep={"full_user": "user.id"}, undo="/v3/users/{full_user}")
    for more in ({"name": ""}, {"name": "x" * 256}, {"name": 5}, {"name": None}, {"enabled": "yes"}, {"enabled": None}, {"password": ""}, {"password": 5}, {"password": None},
                 {"domain_id": "nowhere"}, {"domain_id": None}, {"default_project_id": "nowhere"}, {"default_project_id": 5}, {"email": 5}, {"description": 5},
                 {"options": {"nothing": 1}}, {"options": {"lock_password": "x"}}, {"options": {"multi_factor_auth_rules": "x"}}, {"id": "mine"}, {"federated": "x"}):
        ask("POST /v3/users", {"user": {"name": "{run}-wrong", **more}}, keep={"accident": "user.id"}, undo="/v3/users/{accident}")
        ask.quietly("identity", "DELETE /v3/users/{accident}") if ask.answers[list(ask.answers)[-1]]["status"] == 201 else None
    ask("GET /v3/users/{user}")
    ask("GET /v3/users/{full_user}")
    ask("HEAD /v3/users/{user}")
    ask("GET /v3/users/{user}", who="member")
    ask("GET /v3/users/{member_user}", who="member")
    ask(f"GET /v3/users/{NOBODY}")
    ask(f"GET /v3/users/{NOBODY}", who="member")
    ask(f"DELETE /v3/users/{NOBODY}")
    ask(f"PATCH /v3/users/{NOBODY}", {"user": {"name": "x"}})
    ask("GET /v3/users")
    ask("GET /v3/users", who="member")
    ask("GET /v3/users?name={run}-minimal", exact=True)
    ask("GET /v3/users?name__startswith={run}-min", exact=True)
    ask("GET /v3/users?name__iendswith={run}-MINIMAL", exact=True)
    ask("GET /v3/users?enabled=false&name={run}-full", exact=True)
    ask("GET /v3/users?password_expires_at=lt:2016-12-08T22:02:00Z", exact=True)
    ask("GET /v3/users?password_expires_at=lt:nothing")
    ask("GET /v3/users?password_expires_at=x")
    ask("GET /v3/users?limit=0")
    ask("GET /v3/users?domain_id=nowhere", exact=True)
    for more in ({}, {"name": "{run}-renamed"}, {"name": ""}, {"name": None}, {"enabled": False}, {"domain_id": "nowhere"}, {"password": "secret-2"},
                 {"email": None}, {"description": "x"}, {"name": "{run}-full"}, {"options": {"lock_password": None}}, {"default_project_id": None}):
        ask("PATCH /v3/users/{user}", {"user": more})
    ask("PATCH /v3/users/{user}", {"user": {"description": "x"}}, who="member")
    for body in ({"user": {"password": "a", "original_password": "b"}}, {"user": {"password": "a"}}, {"user": {"original_password": "a"}}, {"user": {}}, {},
                 {"user": {"password": 5, "original_password": "b"}}, {"user": {"password": "{password}", "original_password": "{password}"}}):
        ask("POST /v3/users/{member_user}/password", body, who="nobody")
    # Who changes the password ends all tokens of before.
    ask.cloud.renew()
    ask(f"POST /v3/users/{NOBODY}/password", {"user": {"password": "a", "original_password": "b"}}, who="nobody")
    ask("GET /v3/users/{member_user}/projects", exact=True)
    ask("GET /v3/users/{member_user}/projects", who="member", exact=True)
    ask("GET /v3/users/{member_user}/projects", who="stranger")
    ask("GET /v3/users/{member_user}/groups", exact=True)
    ask(f"GET /v3/users/{NOBODY}/projects")
    ask(f"GET /v3/users/{NOBODY}/groups")
    ask("DELETE /v3/users/{full_user}", who="member")
    ask("DELETE /v3/users/{full_user}")
    ask("DELETE /v3/users/{full_user}", note="gone")


def groups(ask):
    wrong_bodies(ask, "/v3/groups", "group")
    ask("POST /v3/groups", {"group": {"name": "{run}-minimal"}}, keep={"group": "group.id"}, undo="/v3/groups/{group}")
    ask("POST /v3/groups", {"group": {"name": "{run}-minimal"}}, note="once more")
    ask("POST /v3/groups", {"group": {"name": "{run}-full", "description": "d", "domain_id": "default"}}, keep={"full_group": "group.id"}, undo="/v3/groups/{full_group}")
    for more in ({"name": ""}, {"name": "x" * 65}, {"name": 5}, {"description": 5}, {"domain_id": "nowhere"}, {"domain_id": None}):
        ask("POST /v3/groups", {"group": {"name": "{run}-wrong", **more}}, keep={"accident": "group.id"}, undo="/v3/groups/{accident}")
    ask("GET /v3/groups/{group}")
    ask(f"GET /v3/groups/{NOBODY}")
    ask("GET /v3/groups/{group}", who="member")
    ask("GET /v3/groups?name={run}-minimal", exact=True)
    ask("GET /v3/groups", who="member")
    ask("PATCH /v3/groups/{group}", {"group": {"name": "{run}-renamed"}})
    ask("PATCH /v3/groups/{group}", {"group": {"name": "{run}-full"}})
    ask("PATCH /v3/groups/{group}", {"group": {}})
    ask("GET /v3/groups/{group}/users")
    ask("PUT /v3/groups/{group}/users/{user}")
    ask("PUT /v3/groups/{group}/users/{user}", note="again")
    ask("GET /v3/groups/{group}/users", exact=True)
    ask("HEAD /v3/groups/{group}/users/{user}")
    ask("GET /v3/groups/{group}/users/{user}")
    ask("HEAD /v3/groups/{group}/users/{member_user}")
    ask(f"PUT /v3/groups/{{group}}/users/{NOBODY}")
    ask(f"PUT /v3/groups/{NOBODY}/users/{{user}}")
    ask("GET /v3/users/{user}/groups", exact=True)
    ask("DELETE /v3/groups/{group}/users/{user}")
    ask("DELETE /v3/groups/{group}/users/{user}", note="again")
    ask("DELETE /v3/groups/{group}", who="member")
    ask("DELETE /v3/groups/{full_group}")
    ask("DELETE /v3/groups/{full_group}", note="gone")


def roles(ask):
    wrong_bodies(ask, "/v3/roles", "role")
    ask("POST /v3/roles", {"role": {"name": "{run}-minimal"}}, keep={"role": "role.id"}, undo="/v3/roles/{role}")
    ask("POST /v3/roles", {"role": {"name": "{run}-minimal"}}, note="once more")
    ask("POST /v3/roles", {"role": {"name": "{run}-full", "description": "d", "options": {"immutable": True}}}, keep={"full_role": "role.id"})
    ask("POST /v3/roles", {"role": {"name": "{run}-domain", "domain_id": "default"}}, keep={"domain_role": "role.id"}, undo="/v3/roles/{domain_role}")
    for more in ({"name": ""}, {"name": "x" * 256}, {"name": 5}, {"description": 5}, {"domain_id": "nowhere"}, {"options": {"immutable": "x"}}):
        ask("POST /v3/roles", {"role": {"name": "{run}-wrong", **more}}, keep={"accident": "role.id"}, undo="/v3/roles/{accident}")
    ask("GET /v3/roles/{role}")
    ask("GET /v3/roles/{role}", who="member")
    ask(f"GET /v3/roles/{NOBODY}")
    ask("GET /v3/roles?name={run}-minimal", exact=True)
    ask("GET /v3/roles?domain_id=default&name={run}-domain", exact=True)
    ask("PATCH /v3/roles/{role}", {"role": {"name": "{run}-renamed"}})
    ask("PATCH /v3/roles/{full_role}", {"role": {"description": "x"}})
    ask("DELETE /v3/roles/{full_role}")
    ask("PATCH /v3/roles/{full_role}", {"role": {"options": {"immutable": None}}})
    ask("DELETE /v3/roles/{full_role}", note="not immutable")
    grant = "/v3/projects/{project}/users/{user}/roles/{role}"
    ask(f"HEAD {grant}")
    ask(f"GET {grant}")
    ask(f"DELETE {grant}")
    ask(f"PUT {grant}")
    ask(f"PUT {grant}", note="again")
    ask(f"HEAD {grant}", note="granted")
    ask(f"PUT {grant}", who="member")
    ask("GET /v3/projects/{project}/users/{user}/roles", exact=True)
    ask(f"PUT /v3/projects/{NOBODY}/users/{{user}}/roles/{{role}}")
    ask(f"PUT /v3/projects/{{project}}/users/{NOBODY}/roles/{{role}}")
    ask(f"PUT /v3/projects/{{project}}/users/{{user}}/roles/{NOBODY}")
    ask("PUT /v3/projects/{project}/users/{user}/roles/{domain_role}")
    ask("PUT /v3/projects/{project}/groups/{group}/roles/{role}")
    ask("PUT /v3/domains/default/users/{user}/roles/{role}")
    ask("GET /v3/domains/default/users/{user}/roles", exact=True)
    ask("PUT /v3/system/users/{user}/roles/{role}")
    ask("GET /v3/system/users/{user}/roles", exact=True)
    ask("HEAD /v3/system/users/{user}/roles/{role}")
    ask("DELETE /v3/system/users/{user}/roles/{role}")
    ask("DELETE /v3/system/users/{user}/roles/{role}", note="again")
    ask("GET /v3/role_assignments?user.id={user}", exact=True)
    ask("GET /v3/role_assignments?user.id={user}&include_names")
    ask("GET /v3/role_assignments?user.id={member_user}&effective", exact=True)
    ask("GET /v3/role_assignments?scope.project.id={project}&scope.domain.id=default")
    ask("GET /v3/role_assignments?user.id={user}&group.id={group}")
    ask("GET /v3/role_assignments?effective&group.id={group}")
    ask(f"GET /v3/role_assignments?user.id={NOBODY}", exact=True)
    ask("GET /v3/role_assignments", who="member")
    ask("GET /v3/roles/{role}/implies")
    ask("PUT /v3/roles/{role}/implies/{role_reader}")
    ask("GET /v3/roles/{role}/implies/{role_reader}")
    ask("HEAD /v3/roles/{role}/implies/{role_reader}")
    ask("PUT /v3/roles/{role_reader}/implies/{role_admin}")
    ask("PUT /v3/roles/{role}/implies/{role_admin}")
    ask("GET /v3/roles/{role}/implies/{role_member}")
    ask("DELETE /v3/roles/{role}/implies/{role_reader}")
    ask("DELETE /v3/roles/{role}/implies/{role_reader}", note="again")
    ask("GET /v3/role_inferences")
    ask(f"DELETE {grant}", note="granted")


def catalog(ask):
    ask("POST /v3/regions", {"region": {"id": "{run}-region", "description": "d"}}, keep={"region": "region.id"}, undo="/v3/regions/{region}")
    ask("POST /v3/regions", {"region": {"id": "{run}-region"}}, note="once more")
    ask("POST /v3/regions", {"region": {}}, keep={"anonymous": "region.id"}, undo="/v3/regions/{anonymous}")
    ask("POST /v3/regions", {"region": {"id": "x" * 256}})
    ask("POST /v3/regions", {"region": {"id": 5}})
    ask("POST /v3/regions", {"region": {"parent_region_id": "nowhere"}})
    ask("PUT /v3/regions/{run}-put", {"region": {"description": "p"}}, undo="/v3/regions/{run}-put")
    ask("GET /v3/regions/{region}")
    ask("GET /v3/regions/nowhere")
    ask("GET /v3/regions", who="nobody")
    ask("GET /v3/regions", who="member")
    ask("PATCH /v3/regions/{region}", {"region": {"description": "new"}})
    ask("PATCH /v3/regions/nowhere", {"region": {"description": "new"}})
    wrong_bodies(ask, "/v3/services", "service")
    ask("POST /v3/services", {"service": {"type": "{run}-type"}}, keep={"service": "service.id"}, undo="/v3/services/{service}")
    ask("POST /v3/services", {"service": {"type": "{run}-t", "name": "{run}-s", "description": "d", "enabled": False}}, keep={"full_service": "service.id"},
        undo="/v3/services/{full_service}")
    for more in ({"type": ""}, {"type": 5}, {"type": "x" * 256}, {"enabled": "x"}, {"name": 5}):
        ask("POST /v3/services", {"service": {"type": "{run}-wrong", **more}}, keep={"accident": "service.id"}, undo="/v3/services/{accident}")
    ask("GET /v3/services/{service}")
    ask(f"GET /v3/services/{NOBODY}")
    ask("GET /v3/services?type={run}-type", exact=True)
    ask("GET /v3/services", who="member")
    ask("PATCH /v3/services/{service}", {"service": {"description": "new"}})
    wrong_bodies(ask, "/v3/endpoints", "endpoint")
    ask("POST /v3/endpoints", {"endpoint": {"service_id": "{service}", "interface": "public", "url": "http://127.0.0.1:1/x"}}, keep={"endpoint": "endpoint.id"},
        undo="/v3/endpoints/{endpoint}")
    ask("POST /v3/endpoints", {"endpoint": {"service_id": "{service}", "interface": "internal", "url": "http://127.0.0.1:1/$(project_id)s", "region_id": "{region}",
        "enabled": False, "name": "n", "description": "d"}}, keep={"full_endpoint": "endpoint.id"}, undo="/v3/endpoints/{full_endpoint}")
    for more in ({"interface": "nothing"}, {"interface": 5}, {"url": ""}, {"url": "no url"}, {"url": "http://x/%(nothing)s"}, {"service_id": NOBODY}, {"region_id": "nowhere"}, {"enabled": "x"}):
        ask("POST /v3/endpoints", {"endpoint": {"service_id": "{service}", "interface": "public", "url": "http://127.0.0.1:1/x", **more}}, keep={"accident": "endpoint.id"},
            undo="/v3/endpoints/{accident}")
    ask("GET /v3/endpoints/{endpoint}")
    ask(f"GET /v3/endpoints/{NOBODY}")
    ask("GET /v3/endpoints?service_id={service}&interface=public&region_id={region}", exact=True)
    ask("GET /v3/endpoints", who="member")
    ask("PATCH /v3/endpoints/{endpoint}", {"endpoint": {"url": "http://127.0.0.1:2/y"}})
    ask("PATCH /v3/endpoints/{endpoint}", {"endpoint": {"interface": "nothing"}})
    ask("DELETE /v3/regions/{region}")
    ask("DELETE /v3/endpoints/{full_endpoint}")
    ask("DELETE /v3/endpoints/{full_endpoint}", note="gone")
    ask("DELETE /v3/services/{full_service}")
    ask("DELETE /v3/regions/{region}", note="no endpoints")
    ask("DELETE /v3/regions/{region}", note="gone")


def domains(ask):
    wrong_bodies(ask, "/v3/domains", "domain")
    ask("POST /v3/domains", {"domain": {"name": "{run}-d", "enabled": True, "description": "d"}}, keep={"domain": "domain.id"})
    ask("POST /v3/domains", {"domain": {"name": "{run}-d"}}, note="once more")
    for more in ({"name": ""}, {"name": "x" * 65}, {"name": 5}, {"enabled": "x"}, {"description": 5}):
        ask("POST /v3/domains", {"domain": {"name": "{run}-wrong", **more}})
    ask("GET /v3/domains/{domain}")
    ask("GET /v3/domains/default")
    ask("GET /v3/domains/nowhere")
    ask("GET /v3/domains/default", who="member")
    ask("GET /v3/domains?name={run}-d", exact=True)
    ask("GET /v3/domains", who="member")
    ask("GET /v3/domains/{domain}/config")
    ask("DELETE /v3/domains/{domain}")
    ask("PATCH /v3/domains/{domain}", {"domain": {"name": "Default"}})
    ask("PATCH /v3/domains/{domain}", {"domain": {"enabled": False}})
    ask("DELETE /v3/domains/{domain}", note="disabled")
    ask("DELETE /v3/domains/{domain}", note="gone")
    ask("DELETE /v3/domains/default")


def credentials(ask):
    wrong_bodies(ask, "/v3/credentials", "credential")
    ask("POST /v3/credentials", {"credential": {"type": "cert", "blob": "x", "user_id": "{member_user}"}}, keep={"credential": "credential.id"}, undo="/v3/credentials/{credential}")
    ask("POST /v3/credentials", {"credential": {"type": "ec2", "blob": "x", "user_id": "{member_user}"}})
    ask("POST /v3/credentials", {"credential": {"type": "ec2", "blob": "{\"access\": \"a\", \"secret\": \"s\"}", "user_id": "{member_user}"}})
    ask("POST /v3/credentials", {"credential": {"type": 5, "blob": "x", "user_id": "{member_user}"}})
    ask("POST /v3/credentials", {"credential": {"type": "cert", "blob": "x", "user_id": "{member_user}"}}, who="stranger")
    ask("GET /v3/credentials/{credential}")
    ask("GET /v3/credentials/{credential}", who="stranger")
    ask(f"GET /v3/credentials/{NOBODY}")
    ask("GET /v3/credentials?user_id={member_user}&type=cert", exact=True)
    ask("GET /v3/credentials?user_id={stranger_user}", exact=True)
    ask("PATCH /v3/credentials/{credential}", {"credential": {"blob": "y"}})
    ask("DELETE /v3/credentials/{credential}")
    ask("DELETE /v3/credentials/{credential}", note="gone")
    ask("POST /v3/users/{member_user}/credentials/OS-EC2", {"tenant_id": "{own_project}"}, who="member", keep={"ec2": "credential.access"})
    ask("POST /v3/users/{member_user}/credentials/OS-EC2", {}, who="member")
    ask("GET /v3/users/{member_user}/credentials/OS-EC2", who="member", exact=True, loose=("credentials",))
    ask("GET /v3/users/{member_user}/credentials/OS-EC2/nothing", who="member")
    ask("GET /v3/users/{member_user}/credentials/OS-EC2", who="stranger")
    path = "/v3/users/{member_user}/application_credentials"
    wrong_bodies(ask, path, "application_credential")
    ask(f"POST {path}", {"application_credential": {"name": "{run}-app"}}, who="member", keep={"app": "application_credential.id", "app_secret": "application_credential.secret"})
    ask(f"POST {path}", {"application_credential": {"name": "{run}-app"}}, who="member", note="once more")
    ask(f"POST {path}", {"application_credential": {"name": "{run}-full", "secret": "s3cret-of-mine", "description": "d", "expires_at": "2039-01-01T00:00:00",
        "roles": [{"name": "member"}], "unrestricted": False, "access_rules": [{"method": "GET", "path": "/v2.1/servers", "service": "compute"}]}}, who="member", keep={"app_full": "application_credential.id"})
    for more in ({"name": ""}, {"name": 5}, {"expires_at": "2001-01-01T00:00:00"}, {"expires_at": "x"}, {"roles": [{"name": "admin"}]}, {"roles": [{"id": NOBODY}]}, {"roles": "x"}, {"unrestricted": "x"},
                 {"access_rules": [{"method": "EAT"}]}, {"secret": 5}):
        ask(f"POST {path}", {"application_credential": {"name": "{run}-wrong", **more}}, who="member")
    ask(f"GET {path}", who="member")
    ask(f"GET {path}/{{app}}", who="member")
    ask(f"GET {path}/{NOBODY}", who="member")
    ask(f"GET {path}", who="stranger")
    ask(f"GET {path}/{{app}}", who="stranger")
    ask("GET /v3/users/{member_user}/access_rules", who="member")
    app = {"id": "{app}", "secret": "{app_secret}"}
    ask("POST /v3/auth/tokens?nocatalog", {"auth": {"identity": {"methods": ["application_credential"], "application_credential": app}}}, who="nobody")
    ask("POST /v3/auth/tokens", {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {**app, "secret": "wrong"}}}}, who="nobody")
    ask("POST /v3/auth/tokens", {"auth": {"identity": {"methods": ["application_credential"], "application_credential": {}}}}, who="nobody")
    ask("POST /v3/auth/tokens", {"auth": {"identity": {"methods": ["application_credential"], "application_credential": app}, "scope": {"project": {"id": "{own_project}"}}}}, who="nobody")
    ask(f"DELETE {path}/{{app}}", who="stranger")
    ask(f"DELETE {path}/{{app}}", who="member")
    ask(f"DELETE {path}/{{app}}", who="member", note="gone")
    ask("POST /v3/OS-TRUST/trusts", {"trust": {}}, who="member")
    ask("POST /v3/OS-TRUST/trusts", {"trust": {"trustor_user_id": "{member_user}", "trustee_user_id": "{stranger_user}", "project_id": "{own_project}", "impersonation": False,
        "roles": [{"name": "member"}]}}, who="member", keep={"trust": "trust.id"})
    ask("POST /v3/OS-TRUST/trusts", {"trust": {"trustor_user_id": "{stranger_user}", "trustee_user_id": "{member_user}", "impersonation": False}}, who="member")
    ask("GET /v3/OS-TRUST/trusts/{trust}", who="member")
    ask("GET /v3/OS-TRUST/trusts/{trust}", who="reader")
    ask(f"GET /v3/OS-TRUST/trusts/{NOBODY}", who="member")
    ask("GET /v3/OS-TRUST/trusts", who="member")
    ask("GET /v3/OS-TRUST/trusts?trustor_user_id={member_user}", who="member")
    ask("GET /v3/OS-TRUST/trusts/{trust}/roles", who="member")
    ask("DELETE /v3/OS-TRUST/trusts/{trust}", who="stranger")
    ask("DELETE /v3/OS-TRUST/trusts/{trust}", who="member")
    ask("DELETE /v3/OS-TRUST/trusts/{trust}", who="member", note="gone")


def limits(ask):
    ask("GET /v3/limits/model", who="member")
    ask("GET /v3/registered_limits")
    ask("GET /v3/limits")
    ask("POST /v3/registered_limits", {"registered_limits": [{"service_id": "{service}", "resource_name": "{run}-things", "default_limit": 5}]}, keep={"registered": "registered_limits.0.id"},
        undo="/v3/registered_limits/{registered}", exact=True)
    ask("POST /v3/registered_limits", {"registered_limits": [{"service_id": "{service}", "resource_name": "{run}-things", "default_limit": 5}]}, note="once more")
    ask("POST /v3/registered_limits", {"registered_limits": [{"service_id": "{service}", "resource_name": "{run}-x", "default_limit": "x"}]})
    ask("POST /v3/registered_limits", {"registered_limits": [{"service_id": NOBODY, "resource_name": "{run}-x", "default_limit": 1}]})
    ask("POST /v3/registered_limits", {"registered_limits": []})
    ask("GET /v3/registered_limits/{registered}")
    ask(f"GET /v3/registered_limits/{NOBODY}")
    ask("PATCH /v3/registered_limits/{registered}", {"registered_limit": {"default_limit": 9}})
    ask("POST /v3/limits", {"limits": [{"service_id": "{service}", "project_id": "{project}", "resource_name": "{run}-things", "resource_limit": 3}]}, keep={"limit": "limits.0.id"},
        undo="/v3/limits/{limit}", exact=True)
    ask("POST /v3/limits", {"limits": [{"service_id": "{service}", "project_id": "{project}", "resource_name": "{run}-nothing", "resource_limit": 3}]})
    ask("GET /v3/limits/{limit}")
    ask(f"GET /v3/limits/{NOBODY}")
    ask("DELETE /v3/registered_limits/{registered}")
    ask("DELETE /v3/limits/{limit}")
    ask("DELETE /v3/limits/{limit}", note="gone")
    ask("GET /v3/policies")
    ask("GET /v3/OS-EP-FILTER/projects/{project}/endpoints", exact=True)
    ask("GET /v3/OS-REVOKE/events")
