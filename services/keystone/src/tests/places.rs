//! Projects, tags, domains and their options.

use http::Method;
use serde_json::{Value, json};

use super::cloud::{Cloud, PASSWORD, by_password, make, put};

#[tokio::test]
async fn a_project_is_made_shown_listed_changed_and_deleted() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let body = json!({"project": {"name": "p", "description": "d", "tags": ["a", "b"], "color": "red"}});
    let made = admin.post("/v3/projects", body).await;
    assert_eq!(made.status, 201);
    let project = &made.json["project"];
    assert_eq!(project["parent_id"], "default");
    assert_eq!(project["is_domain"], false);
    assert_eq!(project["color"], "red");
    let path = format!("/v3/projects/{}", project["id"].as_str().unwrap());
    let shown = admin.get(&path).await.json["project"].clone();
    let listed = admin.get("/v3/projects").await.json["projects"].clone();
    assert!(listed.as_array().unwrap().contains(&shown));
    assert_eq!(admin.patch(&path, json!({"project": {"name": "q"}})).await.json["project"]["name"], "q");
    assert_eq!(admin.get("/v3/projects?name=q").await.json["projects"].as_array().unwrap().len(), 1);
    for (body, status) in [
        (json!({"project": {"domain_id": "other"}}), 400),
        (json!({"project": {"parent_id": "other"}}), 403),
        (json!({"project": {"is_domain": true}}), 400),
        (json!({"project": {"name": "admin"}}), 409),
        (json!({"project": {"id": "other"}}), 400),
    ] {
        assert_eq!(admin.patch(&path, body.clone()).await.status, status, "{body}");
    }
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
}

#[tokio::test]
async fn projects_lie_in_projects_as_deep_as_is_allowed() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let mut parent = make(&admin, "/v3/projects", json!({"project": {"name": "1"}})).await;
    let top = parent.clone();
    for name in ["2", "3", "4"] {
        let body = json!({"project": {"name": name, "parent_id": parent}});
        parent = make(&admin, "/v3/projects", body).await;
    }
    let deeper = json!({"project": {"name": "5", "parent_id": parent}});
    assert_eq!(admin.post("/v3/projects", deeper).await.status, 403);
    assert_eq!(admin.delete(&format!("/v3/projects/{top}")).await.status, 403, "it is no leaf");
    let off = json!({"project": {"enabled": false}});
    assert_eq!(admin.patch(&format!("/v3/projects/{top}"), off).await.status, 403, "others lie in it");
    let tree = admin.get(&format!("/v3/projects/{top}?subtree_as_ids")).await;
    let mut depth = 0;
    let mut node = &tree.json["project"]["subtree"];
    while let Some(next) = node.as_object().and_then(|map| map.values().next()) {
        depth += 1;
        node = next;
    }
    assert_eq!(depth, 3);
    let both = admin.get(&format!("/v3/projects/{top}?subtree_as_ids&subtree_as_list")).await;
    assert_eq!(both.status, 400);
    let filtered = admin.get(&format!("/v3/projects?parent_id={top}")).await;
    assert_eq!(filtered.json["projects"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bad_projects_are_refused() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let parent = cloud.id(&admin, "/v3/projects?name=demo").await;
    for (project, status) in [
        (json!({}), 400),
        (json!({"name": ""}), 400),
        (json!({"name": "x".repeat(65)}), 400),
        (json!({"name": "x", "domain_id": "no such"}), 400),
        (json!({"name": "x", "parent_id": "no such"}), 400),
        (json!({"name": "x", "parent_id": parent, "domain_id": domain}), 400),
        (json!({"name": "x", "is_domain": true, "domain_id": "default"}), 400),
        (json!({"name": "x", "tags": ["a/b"]}), 400),
        (json!({"name": "x", "tags": ["a", "a"]}), 400),
        (json!({"name": "x", "tags": "a"}), 400),
        (json!({"name": "admin"}), 409),
    ] {
        let answer = admin.post("/v3/projects", json!({"project": project.clone()})).await;
        assert_eq!(answer.status, status, "{project} {:?}", answer.json);
    }
}

#[tokio::test]
async fn tags_are_put_on_projects_and_projects_found_by_them() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let one = make(&admin, "/v3/projects", json!({"project": {"name": "one", "tags": ["a", "b"]}})).await;
    make(&admin, "/v3/projects", json!({"project": {"name": "two", "tags": ["b"]}})).await;
    let names = async |query: &str| {
        let answer = admin.get(&format!("/v3/projects?{query}")).await;
        let list = answer.json["projects"].as_array().unwrap().clone();
        let mut names: Vec<String> =
            list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names.join(" ")
    };
    assert_eq!(names("tags=a,b").await, "one");
    assert_eq!(names("tags-any=a,b").await, "one two");
    assert_eq!(names("not-tags=a,b").await, "admin demo service two");
    assert_eq!(names("not-tags-any=a,b").await, "admin demo service");

    let path = format!("/v3/projects/{one}/tags");
    assert_eq!(put(&admin, &format!("{path}/c")).await.status, 201);
    assert_eq!(admin.send(Method::HEAD, &format!("{path}/c"), None).await.status, 204);
    assert_eq!(admin.delete(&format!("{path}/c")).await.status, 204);
    assert_eq!(admin.delete(&format!("{path}/c")).await.status, 404);
    let replaced = admin.put(&path, json!({"tags": ["z"]})).await;
    assert_eq!(replaced.json["tags"], json!(["z"]));
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.json["tags"], json!([]));
}

#[tokio::test]
async fn ossa_2024_005_tags_need_the_policy_of_their_project() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let (own, other) =
        (cloud.id(&admin, "/v3/projects?name=demo").await, cloud.id(&admin, "/v3/projects?name=admin").await);
    assert_eq!(demo.get(&format!("/v3/projects/{own}/tags")).await.status, 200);
    assert_eq!(demo.get(&format!("/v3/projects/{other}/tags")).await.status, 403);
    for id in [own, other] {
        assert_eq!(put(&demo, &format!("/v3/projects/{id}/tags/x")).await.status, 403);
        assert_eq!(demo.delete(&format!("/v3/projects/{id}/tags")).await.status, 403);
    }
}

#[tokio::test]
async fn a_domain_is_disabled_before_it_is_deleted_with_all_that_is_in_it() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let made = admin.post("/v3/domains", json!({"domain": {"name": "d"}})).await;
    assert_eq!(made.json["domain"]["description"], "");
    let id = made.json["domain"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v3/domains/{id}");
    let inside = |kind: &str| json!({kind: {"name": "in", "domain_id": id}});
    let user = make(&admin, "/v3/users", inside("user")).await;
    let group = make(&admin, "/v3/groups", inside("group")).await;
    let project = make(&admin, "/v3/projects", inside("project")).await;
    let below = json!({"project": {"name": "below", "parent_id": project}});
    let below = make(&admin, "/v3/projects", below).await;
    let role = make(&admin, "/v3/roles", inside("role")).await;
    assert_eq!(admin.post("/v3/domains", json!({"domain": {"name": "d"}})).await.status, 409);
    assert_eq!(admin.delete(&path).await.status, 403);
    assert_eq!(admin.patch(&path, json!({"domain": {"enabled": false}})).await.status, 200);
    assert_eq!(admin.delete(&path).await.status, 204);
    for gone in [
        path,
        format!("/v3/users/{user}"),
        format!("/v3/groups/{group}"),
        format!("/v3/projects/{project}"),
        format!("/v3/projects/{below}"),
        format!("/v3/roles/{role}"),
    ] {
        assert_eq!(admin.get(&gone).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn users_of_a_disabled_domain_have_no_tokens() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let body = json!({"user": {"name": "u", "password": "x", "domain_id": domain}});
    let id = make(&admin, "/v3/users", body).await;
    let login =
        json!({"identity": {"methods": ["password"], "password": {"user": {"id": id, "password": "x"}}}});
    let before = super::cloud::token(&cloud.login(login.clone()).await);
    let path = format!("/v3/domains/{domain}");
    admin.patch(&path, json!({"domain": {"enabled": false}})).await;
    assert_eq!(cloud.login(login.clone()).await.status, 401);
    assert_eq!(cloud.client.with_token(&before).get("/v3/auth/projects").await.status, 401);
    admin.patch(&path, json!({"domain": {"enabled": true}})).await;
    assert_eq!(cloud.login(login).await.status, 201);
    assert_eq!(cloud.client.with_token(&before).get("/v3/auth/projects").await.status, 401);
}

#[tokio::test]
async fn a_project_that_is_a_domain_is_one() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let made = admin
        .post("/v3/projects", json!({"project": {"name": "d", "domain_id": null, "is_domain": true}}))
        .await;
    assert_eq!((made.status.as_u16(), &made.json["project"]["domain_id"]), (201, &Value::Null));
    let id = made.json["project"]["id"].as_str().unwrap();
    let has = |answer: &platform::http::testing::Answer, kind: &str| {
        answer.json[kind].as_array().unwrap().iter().any(|one| one["id"] == id)
    };
    assert!(has(&admin.get("/v3/projects?is_domain=True").await, "projects"));
    assert!(!has(&admin.get("/v3/projects").await, "projects"));
    assert!(has(&admin.get("/v3/domains").await, "domains"));
    let login = by_password("admin", PASSWORD, json!({"project": {"id": id}}));
    assert_eq!(cloud.login(login).await.status, 401, "it is no project to work in");
}

#[tokio::test]
async fn options_of_a_domain_are_kept_by_group_and_secrets_are_not_shown() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let path = format!("/v3/domains/{domain}/config");
    let config = json!({"identity": {"driver": "ldap"}, "ldap": {"url": "ldap://x", "user_tree_dn": "ou=U"}});
    let made = admin.put(&path, json!({"config": config})).await;
    assert_eq!((made.status.as_u16(), &made.json["config"]), (201, &config));
    assert_eq!(admin.put(&path, json!({"config": config})).await.status, 200);
    assert_eq!(admin.get(&format!("{path}/ldap")).await.json["config"], json!({"ldap": config["ldap"]}));
    assert_eq!(admin.get(&format!("{path}/ldap/url")).await.json["config"], json!({"url": "ldap://x"}));
    let secret = admin.patch(&path, json!({"config": {"ldap": {"password": "hush"}}})).await;
    assert_eq!(secret.json["config"], config);
    let option = admin.patch(&format!("{path}/identity/driver"), json!({"config": {"driver": "sql"}})).await;
    assert_eq!(option.json["config"]["identity"]["driver"], "sql");
    for (at, body, status) in [
        ("", json!({"config": {"nova": {"x": 1}}}), 403),
        ("", json!({"config": {"ldap": {"x": 1}}}), 403),
        ("", json!({"config": {}}), 403),
        ("", json!({}), 400),
        ("/ldap", json!({"config": {"identity": {"driver": "x"}}}), 403),
    ] {
        assert_eq!(admin.patch(&format!("{path}{at}"), body.clone()).await.status, status, "{body}");
    }
    assert_eq!(admin.delete(&format!("{path}/identity/driver")).await.status, 204);
    assert_eq!(admin.get(&format!("{path}/identity/driver")).await.status, 404);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    assert_eq!(admin.get("/v3/domains/config/default").await.json["config"]["identity"]["driver"], "sql");
    assert_eq!(
        admin.get("/v3/domains/config/ldap/url/default").await.json["config"]["url"],
        "ldap://localhost"
    );
    let demo = cloud.demo().await;
    assert_eq!(demo.get(&path).await.status, 403);
    assert_eq!(demo.get("/v3/domains/default/config/security_compliance").await.status, 200);
}
