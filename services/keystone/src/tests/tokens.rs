//! Tokens: getting, showing, exchanging, revoking them.

use http::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, PASSWORD, by_password, by_token, make, project, put, request, token, validate};

#[tokio::test]
async fn a_password_gets_a_project_scoped_token_with_roles_and_catalog() {
    let cloud = Cloud::new().await;
    let answer = cloud.login(by_password("admin", PASSWORD, project("admin"))).await;
    assert_eq!(answer.status, 201);
    let shown = &answer.json["token"];
    assert_eq!(shown["user"]["name"], "admin");
    assert_eq!(shown["project"]["domain"]["id"], "default");
    assert_eq!(shown["methods"], json!(["password"]));
    let roles: Vec<&str> =
        shown["roles"].as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    for name in ["admin", "manager", "member", "reader"] {
        assert!(roles.contains(&name), "{roles:?}");
    }
    let id = shown["project"]["id"].as_str().unwrap();
    let volume = shown["catalog"].as_array().unwrap().iter().find(|one| one["type"] == "volumev3").unwrap();
    assert_eq!(volume["endpoints"][0]["url"], format!("http://cloud/volume/v3/{id}"));
    let again = validate(&cloud.admin().await, &token(&answer)).await;
    assert_eq!(again.json, answer.json);
}

#[tokio::test]
async fn without_a_catalog_when_none_is_wanted() {
    let cloud = Cloud::new().await;
    let body = json!({"auth": by_password("admin", PASSWORD, project("admin"))});
    let answer = cloud.client.post("/v3/auth/tokens?nocatalog", body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json["token"].get("catalog"), None);
}

#[tokio::test]
async fn every_scope_can_be_had_and_only_with_a_role_there() {
    let cloud = Cloud::new().await;
    let system = cloud.login(by_password("admin", PASSWORD, json!({"system": {"all": true}}))).await;
    assert_eq!(system.json["token"]["system"], json!({"all": true}));
    let unscoped = cloud.login(by_password("admin", PASSWORD, Value::Null)).await;
    assert_eq!(unscoped.status, 201);
    assert_eq!(unscoped.json["token"].get("roles"), None);
    assert_eq!(unscoped.json["token"].get("catalog"), None);
    for scope in [json!({"domain": {"id": "default"}}), project("admin"), json!({"system": {"all": true}})] {
        assert_eq!(cloud.login(by_password("demo", PASSWORD, scope)).await.status, 401);
    }
}

#[tokio::test]
async fn a_refused_login_does_not_tell_why() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let id =
        make(&admin, "/v3/users", json!({"user": {"name": "off", "password": "x", "enabled": false}})).await;
    let mut answers = Vec::new();
    for body in [
        by_password("nobody", "x", Value::Null),
        by_password("admin", "wrong", Value::Null),
        by_password("off", "x", Value::Null),
        by_password("demo", PASSWORD, project("no such project")),
        json!({"identity": {"methods": ["password"], "password": {"user": {"id": id, "password": "x"}}}}),
    ] {
        let answer = cloud.login(body).await;
        assert_eq!(answer.status, 401);
        answers.push(answer.json);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let no_token = cloud.login(by_token("gAAAAAnonsense", Value::Null)).await;
    assert_eq!(
        (no_token.status.as_u16(), no_token.json["error"]["message"].as_str()),
        (404, Some("Could not find token."))
    );
}

#[tokio::test]
async fn a_malformed_login_is_told_what_is_missing() {
    let cloud = Cloud::new().await;
    let cases = [
        json!({}),
        json!({"auth": {}}),
        json!({"auth": {"identity": {"methods": ["password"]}}}),
        json!({"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin", "password": "x"}}}}}),
        json!({"auth": {"identity": {"methods": "password"}}}),
        json!({"auth": by_password("admin", PASSWORD, json!({}))}),
        json!({"auth": by_password("admin", PASSWORD, json!({"project": {"name": "admin"}}))}),
        json!({"auth": by_password("admin", PASSWORD, json!({"project": {"id": "x"}, "domain": {"id": "x"}}))}),
    ];
    for case in cases {
        let answer = cloud.client.post("/v3/auth/tokens", case.clone()).await;
        assert_eq!(answer.status, 400, "{case}");
        assert!(!answer.json["error"]["message"].as_str().unwrap().contains(PASSWORD));
    }
    let broken = cloud
        .client
        .send_bytes(Method::POST, "/v3/auth/tokens", Some("application/json"), b"{".to_vec())
        .await;
    assert_eq!(broken.status, 400);
}

#[tokio::test]
async fn cve_2026_44394_rescoping_keeps_the_expiry_and_the_chain() {
    let cloud = Cloud::new().await;
    let first = cloud.login(by_password("admin", PASSWORD, Value::Null)).await;
    let second = cloud.login(by_token(&token(&first), project("admin"))).await;
    let third = cloud.login(by_token(&token(&second), project("admin"))).await;
    assert_eq!(third.status, 201);
    assert_eq!(third.json["token"]["expires_at"], first.json["token"]["expires_at"]);
    assert_eq!(second.json["token"]["methods"], json!(["password", "token"]));
    let (root, ids) = (&first.json["token"]["audit_ids"], &third.json["token"]["audit_ids"]);
    assert_eq!(root.as_array().unwrap().len(), 1);
    assert_eq!(ids[1], root[0]);
    assert_ne!(ids[0], second.json["token"]["audit_ids"][0]);
}

#[tokio::test]
async fn ossa_2016_008_audit_ids_revoke_the_whole_chain() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let first = cloud.login(by_password("demo", PASSWORD, Value::Null)).await;
    let second = cloud.login(by_token(&token(&first), project("demo"))).await;
    let root = first.json["token"]["audit_ids"][0].as_str().unwrap();
    let tx = cloud.keystone.change().await.unwrap();
    cloud.keystone.authority.void(tx.db(), format!("chain:{root}")).await.unwrap();
    tx.commit().await.unwrap();
    for answer in [&first, &second] {
        assert_eq!(validate(&admin, &token(answer)).await.status, 404);
        assert_eq!(cloud.client.with_token(&token(answer)).get("/v3/auth/projects").await.status, 401);
    }
}

#[tokio::test]
async fn a_revoked_token_is_gone_and_others_stay() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let (one, other) = (
        cloud.login(by_password("demo", PASSWORD, project("demo"))).await,
        cloud.login(by_password("demo", PASSWORD, project("demo"))).await,
    );
    let demo = cloud.client.with_token(&token(&one));
    let revoked = demo.with_header("x-subject-token", &token(&one)).delete("/v3/auth/tokens").await;
    assert_eq!(revoked.status, 204);
    assert_eq!(demo.get("/v3/auth/projects").await.status, 401);
    assert_eq!(validate(&admin, &token(&one)).await.status, 404);
    // Not because it is remembered: a Keystone that remembers nothing refuses it too.
    cloud.keystone.authority.directory.memory.tokens.invalidate_all();
    assert_eq!(validate(&admin, &token(&one)).await.status, 404);
    assert_eq!(validate(&admin, &token(&other)).await.status, 200);
}

#[tokio::test]
async fn only_the_subject_and_administrators_and_services_see_a_token() {
    let cloud = Cloud::new().await;
    let admin = cloud.login(by_password("admin", PASSWORD, project("admin"))).await;
    let demo = cloud.login(by_password("demo", PASSWORD, project("demo"))).await;
    let client = cloud.client.with_token(&token(&demo));
    assert_eq!(validate(&client, &token(&demo)).await.status, 200);
    assert_eq!(validate(&client, &token(&admin)).await.status, 403);
    let head = client
        .with_header("x-subject-token", &token(&demo))
        .send(Method::HEAD, "/v3/auth/tokens", None)
        .await;
    assert_eq!(head.status, 200);
    assert!(head.bytes.is_empty());
    assert_eq!(validate(&cloud.client, &token(&demo)).await.status, 401);
    assert_eq!(client.get("/v3/auth/tokens").await.status, 404);
}

#[tokio::test]
async fn changes_are_honoured_at_once() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let user = make(&admin, "/v3/users", json!({"user": {"name": "eve", "password": "x"}})).await;
    let id = make(&admin, "/v3/projects", json!({"project": {"name": "p"}})).await;
    let role = cloud.id(&admin, "/v3/roles?name=member").await;
    let grant = format!("/v3/projects/{id}/users/{user}/roles/{role}");
    assert_eq!(put(&admin, &grant).await.status, 204);
    let login = by_password("eve", "x", project("p"));
    let works = async |token: &str| validate(&admin, token).await.status == 200;

    let first = token(&cloud.login(login.clone()).await);
    assert!(works(&first).await);
    assert_eq!(admin.delete(&grant).await.status, 204);
    assert!(!works(&first).await);
    put(&admin, &grant).await;
    assert!(works(&first).await);

    let project_path = format!("/v3/projects/{id}");
    admin.patch(&project_path, json!({"project": {"enabled": false}})).await;
    assert!(!works(&first).await);
    admin.patch(&project_path, json!({"project": {"enabled": true}})).await;
    assert!(!works(&first).await, "tokens of before stay void");

    let second = token(&cloud.login(login.clone()).await);
    let user_path = format!("/v3/users/{user}");
    admin.patch(&user_path, json!({"user": {"password": "y"}})).await;
    assert!(!works(&second).await);
    assert_eq!(cloud.login(login).await.status, 401);

    let third = token(&cloud.login(by_password("eve", "y", project("p"))).await);
    admin.delete(&user_path).await;
    assert!(!works(&third).await);
}

#[tokio::test]
async fn ossa_2026_001_identity_headers_from_outside_mean_nothing() {
    let cloud = Cloud::new().await;
    let forged = [
        ("x-user-id", "admin"),
        ("x-roles", "admin"),
        ("x-is-admin-project", "true"),
        ("x-identity-status", "Confirmed"),
        ("remote_user", "admin"),
    ];
    let dress = |client: platform::http::testing::Client| {
        forged.iter().fold(client, |client, (name, value)| client.with_header(name, value))
    };
    assert_eq!(dress(cloud.client.clone()).get("/v3/users").await.status, 401);
    assert_eq!(dress(cloud.demo().await).get("/v3/users").await.status, 403);
}

#[tokio::test]
async fn the_default_project_is_the_scope_when_none_is_named() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let id = cloud.id(&admin, "/v3/projects?name=demo").await;
    let user = cloud.id(&admin, "/v3/users?name=demo").await;
    admin.patch(&format!("/v3/users/{user}"), json!({"user": {"default_project_id": id}})).await;
    let answer = cloud.login(by_password("demo", PASSWORD, Value::Null)).await;
    assert_eq!(answer.json["token"]["project"]["id"], id);
    let unscoped = cloud.login(by_password("demo", PASSWORD, json!({"unscoped": {}}))).await;
    assert_eq!(unscoped.json["token"].get("project"), None);
}

#[tokio::test]
async fn tokens_outlive_a_restart_and_a_rotation() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let before = token(&cloud.login(by_password("demo", PASSWORD, project("demo"))).await);
    cloud.keystone.rotate().unwrap();
    cloud.keystone.authority.directory.memory.tokens.invalidate_all();
    assert_eq!(validate(&admin, &before).await.status, 200);
    assert!(cloud.folder.path().join("fernet-keys/0").exists());
}

#[tokio::test]
async fn the_bootstrap_can_be_asked_again() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let before = admin.get("/v3/users").await.json;
    let again = crate::BootstrapRequest { admin_password: "other".into(), ..request() };
    cloud.keystone.bootstrap(&again).await.unwrap();
    assert_eq!(admin.get("/v3/users").await.json, before);
    assert_eq!(cloud.login(by_password("admin", PASSWORD, Value::Null)).await.status, 201);
    let reset = crate::BootstrapRequest { reset_admin_password: true, ..again };
    cloud.keystone.bootstrap(&reset).await.unwrap();
    assert_eq!(cloud.login(by_password("admin", "other", Value::Null)).await.status, 201);
}
