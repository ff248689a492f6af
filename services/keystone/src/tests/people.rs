//! Users, their passwords, groups.

use http::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, PASSWORD, by_password, make, project, put};
use crate::Config;

#[tokio::test]
async fn a_user_is_made_shown_changed_and_deleted() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let body = json!({"user": {
        "name": "ann", "password": "x", "email": "ann@example.org", "description": "d", "project_id": "p",
    }});
    let made = admin.post("/v3/users", body).await;
    assert_eq!(made.status, 201);
    let user = &made.json["user"];
    assert_eq!(user["email"], "ann@example.org");
    assert_eq!(user["project_id"], "p");
    assert_eq!(user["enabled"], true);
    assert_eq!(user["domain_id"], "default");
    assert_eq!(user["password_expires_at"], Value::Null);
    assert_eq!(user.get("password"), None);
    let path = format!("/v3/users/{}", user["id"].as_str().unwrap());
    assert_eq!(user["links"]["self"], format!("http://cloud/identity{path}"));
    assert_eq!(admin.get(&path).await.json, made.json);
    let changed = admin.patch(&path, json!({"user": {"name": "anna", "email": "a@example.org"}})).await;
    assert_eq!((changed.status.as_u16(), &changed.json["user"]["name"]), (200, &json!("anna")));
    assert_eq!(admin.get(&path).await.json["user"]["email"], "a@example.org");
    assert_eq!(admin.delete(&path).await.status, 204);
    let gone = admin.get(&path).await;
    assert_eq!(gone.status, 404);
    let id = user["id"].as_str().unwrap();
    assert_eq!(gone.json["error"]["message"], format!("Could not find user: {id}."));
}

#[tokio::test]
async fn bad_users_are_refused() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let cases = [
        (json!({"user": {}}), 400),
        (json!({"user": {"name": ""}}), 400),
        (json!({"user": {"name": "  "}}), 400),
        (json!({"user": {"name": "x".repeat(256)}}), 400),
        (json!({"user": {"name": 5}}), 400),
        (json!({"user": {"name": "x", "enabled": "True"}}), 400),
        (json!({"user": {"name": "x", "options": {"no such": true}}}), 400),
        (json!({"user": {"name": "x", "default_project_id": "default"}}), 400),
        (json!({"user": {"name": "x", "domain_id": "no such"}}), 404),
        (json!({"user": {"name": "admin"}}), 409),
        (json!({}), 400),
    ];
    for (body, status) in cases {
        let answer = admin.post("/v3/users", body.clone()).await;
        assert_eq!(answer.status, status, "{body} {:?}", answer.json);
    }
    let large = json!({"user": {"name": "x", "description": "y".repeat(200_000)}});
    assert_eq!(admin.post("/v3/users", large).await.status, 413);
    let before = admin.get("/v3/users").await.json["users"].as_array().unwrap().len();
    assert_eq!(before, 2);
}

#[tokio::test]
async fn users_are_found_by_name_and_by_part_of_it() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    for name in ["alpha", "alphabet", "beta"] {
        make(&admin, "/v3/users", json!({"user": {"name": name}})).await;
    }
    for (query, count) in [
        ("name=alpha", 1),
        ("name__contains=pha", 2),
        ("name__startswith=alpha", 2),
        ("name__endswith=bet", 1),
        ("name=nobody", 0),
        ("enabled=false", 0),
        ("enabled=1&name=beta", 1),
        ("domain_id=other", 0),
    ] {
        let answer = admin.get(&format!("/v3/users?{query}")).await;
        assert_eq!(answer.json["users"].as_array().unwrap().len(), count, "{query}");
    }
    let first = admin.get("/v3/users?limit=2").await;
    assert_eq!(first.json["users"].as_array().unwrap().len(), 2);
    let next = first.json["links"]["next"].as_str().unwrap().strip_prefix("http://cloud/identity").unwrap();
    let second = admin.get(next).await;
    assert_eq!(second.json["users"].as_array().unwrap().len(), 2);
    assert_ne!(second.json["users"][0]["id"], first.json["users"][1]["id"]);
    assert_eq!(admin.get("/v3/users?limit=x").await.status, 400);
    assert_eq!(admin.get("/v3/users?marker=nobody").await.status, 400);
}

#[tokio::test]
async fn who_is_no_administrator_sees_only_itself() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let (me, other) =
        (cloud.id(&admin, "/v3/users?name=demo").await, cloud.id(&admin, "/v3/users?name=admin").await);
    assert_eq!(demo.get(&format!("/v3/users/{me}")).await.status, 200);
    for answer in [
        demo.get("/v3/users").await,
        demo.get(&format!("/v3/users/{other}")).await,
        demo.get("/v3/users/nobody").await,
        demo.patch(&format!("/v3/users/{me}"), json!({"user": {"enabled": true}})).await,
        demo.delete(&format!("/v3/users/{other}")).await,
        demo.post("/v3/users", json!({"user": {"name": "x"}})).await,
    ] {
        assert_eq!(answer.status, 403, "{:?}", answer.json);
    }
    let refused = demo.get("/v3/users").await;
    let text = "You are not authorized to perform the requested action: identity:list_users.";
    assert_eq!(refused.json, json!({"error": {"code": 403, "message": text, "title": "Forbidden"}}));
}

#[tokio::test]
async fn a_user_changes_its_own_password_with_the_old_one() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let demo = cloud.demo().await;
    let id = cloud.id(&admin, "/v3/users?name=demo").await;
    let path = format!("/v3/users/{id}/password");
    let change = |old: &str, new: &str| json!({"user": {"original_password": old, "password": new}});
    assert_eq!(cloud.client.post(&path, change("wrong", "new")).await.status, 401);
    assert_eq!(cloud.client.post("/v3/users/nobody/password", change("x", "y")).await.status, 401);
    assert_eq!(cloud.client.post(&path, json!({"user": {"password": "y"}})).await.status, 400);
    assert_eq!(cloud.client.post(&path, change(PASSWORD, "new")).await.status, 204);
    assert_eq!(demo.get("/v3/auth/projects").await.status, 401, "tokens of before are void");
    assert_eq!(cloud.login(by_password("demo", PASSWORD, Value::Null)).await.status, 401);
    assert_eq!(cloud.login(by_password("demo", "new", project("demo"))).await.status, 201);
}

#[tokio::test]
async fn the_last_passwords_are_not_taken_again() {
    let cloud = Cloud::with(Config { unique_last_password_count: 3, ..Config::default() }).await;
    let admin = cloud.admin().await;
    let path = format!("/v3/users/{}/password", cloud.id(&admin, "/v3/users?name=demo").await);
    let change = async |old: &str, new: &str| {
        let body = json!({"user": {"original_password": old, "password": new}});
        cloud.client.post(&path, body).await.status.as_u16()
    };
    assert_eq!(change(PASSWORD, "one").await, 204);
    assert_eq!(change("one", "one").await, 400);
    assert_eq!(change("one", PASSWORD).await, 400);
    assert_eq!(change("one", "two").await, 204);
    assert_eq!(change("two", "one").await, 400);
    assert_eq!(change("two", "three").await, 204);
    assert_eq!(change("three", PASSWORD).await, 204, "long enough ago");
}

#[tokio::test]
async fn ossa_2021_003_a_locked_account_is_no_oracle() {
    let config = Config { lockout_failure_attempts: 2, lockout_duration: 1, ..Config::default() };
    let cloud = Cloud::with(config).await;
    let login = async |password: &str| cloud.login(by_password("demo", password, Value::Null)).await;
    let wrong = login("wrong").await;
    assert_eq!(login(PASSWORD).await.status, 201, "a success begins anew");
    login("wrong").await;
    login("wrong").await;
    let locked = login(PASSWORD).await;
    assert_eq!((locked.status.as_u16(), &locked.json), (401, &wrong.json));
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(login(PASSWORD).await.status, 201);
}

#[tokio::test]
async fn passwords_expire_when_the_operator_says_so() {
    let cloud = Cloud::with(Config { change_password_upon_first_use: true, ..Config::default() }).await;
    let admin = cloud.admin().await;
    let id = make(&admin, "/v3/users", json!({"user": {"name": "new", "password": "first"}})).await;
    let refused = cloud.login(by_password("new", "first", Value::Null)).await;
    assert_eq!(refused.status, 401);
    assert!(refused.json["error"]["message"].as_str().unwrap().contains("expired"));
    let body = json!({"user": {"original_password": "first", "password": "second"}});
    assert_eq!(cloud.client.post(&format!("/v3/users/{id}/password"), body).await.status, 204);
    assert_eq!(cloud.login(by_password("new", "second", Value::Null)).await.status, 201);
}

#[tokio::test]
async fn groups_have_members() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let user = cloud.id(&admin, "/v3/users?name=demo").await;
    let group = make(&admin, "/v3/groups", json!({"group": {"name": "g", "description": "d"}})).await;
    let member = format!("/v3/groups/{group}/users/{user}");
    assert_eq!(admin.send(Method::HEAD, &member, None).await.status, 404);
    assert_eq!(put(&admin, &member).await.status, 204);
    assert_eq!(put(&admin, &member).await.status, 204, "again is the same");
    assert_eq!(admin.send(Method::HEAD, &member, None).await.status, 204);
    assert_eq!(admin.get(&format!("/v3/groups/{group}/users")).await.json["users"][0]["id"], user);
    assert_eq!(admin.get(&format!("/v3/users/{user}/groups")).await.json["groups"][0]["id"], group);
    assert_eq!(put(&admin, &format!("/v3/groups/{group}/users/nobody")).await.status, 404);
    assert_eq!(admin.delete(&member).await.status, 204);
    assert_eq!(admin.delete(&member).await.status, 404);
    let renamed = admin.patch(&format!("/v3/groups/{group}"), json!({"group": {"name": "h"}})).await;
    assert_eq!(renamed.json["group"]["name"], "h");
    assert_eq!(admin.post("/v3/groups", json!({"group": {"name": "h"}})).await.status, 409);
    assert_eq!(admin.delete(&format!("/v3/groups/{group}")).await.status, 204);
    assert_eq!(admin.get(&format!("/v3/groups/{group}")).await.status, 404);
}

#[tokio::test]
async fn a_manager_of_a_domain_manages_its_people_and_no_others() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let body = json!({"user": {"name": "boss", "password": "x", "domain_id": domain}});
    let boss = make(&admin, "/v3/users", body).await;
    let manager = cloud.id(&admin, "/v3/roles?name=manager").await;
    put(&admin, &format!("/v3/domains/{domain}/users/{boss}/roles/{manager}")).await;
    let login = json!({
        "identity": {"methods": ["password"], "password": {"user": {"id": boss, "password": "x"}}},
        "scope": {"domain": {"id": domain}},
    });
    let client = cloud.client.with_token(&super::cloud::token(&cloud.login(login).await));
    let user = make(&client, "/v3/users", json!({"user": {"name": "u"}})).await;
    let listed = client.get("/v3/users").await;
    assert_eq!(listed.json["users"].as_array().unwrap().len(), 2, "{:?}", listed.json);
    let project = make(&client, "/v3/projects", json!({"project": {"name": "p"}})).await;
    let member = cloud.id(&client, "/v3/roles?name=member").await;
    let admin_role = cloud.id(&admin, "/v3/roles?name=admin").await;
    let grant = |role: &str| format!("/v3/projects/{project}/users/{user}/roles/{role}");
    assert_eq!(put(&client, &grant(&member)).await.status, 204);
    assert_eq!(put(&client, &grant(&admin_role)).await.status, 403);
    let outside = json!({"user": {"name": "x", "domain_id": "default"}});
    assert_eq!(client.post("/v3/users", outside).await.status, 403);
    assert_eq!(client.get("/v3/domains").await.json["domains"].as_array().unwrap().len(), 1);
    assert_eq!(client.delete(&format!("/v3/users/{user}")).await.status, 204);
}
