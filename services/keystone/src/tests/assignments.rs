//! Roles, implied roles, grants, and what they come to.

use http::Method;
use serde_json::json;

use super::cloud::{Cloud, by_password, make, project, put};

#[tokio::test]
async fn roles_are_made_and_those_of_the_cloud_itself_are_protected() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let id = make(&admin, "/v3/roles", json!({"role": {"name": "r"}})).await;
    let path = format!("/v3/roles/{id}");
    assert_eq!(admin.patch(&path, json!({"role": {"name": "s"}})).await.json["role"]["name"], "s");
    assert_eq!(admin.post("/v3/roles", json!({"role": {"name": "s"}})).await.status, 409);
    assert_eq!(admin.delete(&path).await.status, 204);
    assert_eq!(admin.get(&path).await.status, 404);
    let reader = format!("/v3/roles/{}", cloud.id(&admin, "/v3/roles?name=reader").await);
    assert_eq!(admin.patch(&reader, json!({"role": {"name": "x"}})).await.status, 403);
    assert_eq!(admin.delete(&reader).await.status, 403);
    assert_eq!(cloud.demo().await.get("/v3/roles").await.status, 403);
}

#[tokio::test]
async fn who_has_a_role_has_what_it_implies() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let one = make(&admin, "/v3/roles", json!({"role": {"name": "one"}})).await;
    let two = make(&admin, "/v3/roles", json!({"role": {"name": "two"}})).await;
    let rule = format!("/v3/roles/{one}/implies/{two}");
    assert_eq!(put(&admin, &rule).await.status, 201);
    assert_eq!(admin.send(Method::HEAD, &rule, None).await.status, 204);
    assert_eq!(admin.get(&rule).await.json["role_inference"]["implies"]["id"], two);
    let listed = admin.get(&format!("/v3/roles/{one}/implies")).await;
    assert_eq!(listed.json["role_inference"]["implies"][0]["id"], two);
    assert_eq!(put(&admin, &format!("/v3/roles/{two}/implies/{one}")).await.status, 403, "no circles");
    let strongest = cloud.id(&admin, "/v3/roles?name=admin").await;
    assert_eq!(put(&admin, &format!("/v3/roles/{two}/implies/{strongest}")).await.status, 403);
    assert!(admin.get("/v3/role_inferences").await.json["role_inferences"].as_array().unwrap().len() >= 4);

    let user = make(&admin, "/v3/users", json!({"user": {"name": "u", "password": "x"}})).await;
    let place = cloud.id(&admin, "/v3/projects?name=demo").await;
    put(&admin, &format!("/v3/projects/{place}/users/{user}/roles/{one}")).await;
    let shown = cloud.login(by_password("u", "x", project("demo"))).await;
    assert_eq!(shown.json["token"]["roles"].as_array().unwrap().len(), 2);
    let query = format!("/v3/role_assignments?scope.project.id={place}&user.id={user}&effective=True");
    assert_eq!(admin.get(&query).await.json["role_assignments"].as_array().unwrap().len(), 2);
    assert_eq!(admin.delete(&rule).await.status, 204);
    assert_eq!(admin.get(&query).await.json["role_assignments"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get(&rule).await.status, 404);
}

#[tokio::test]
async fn a_role_of_a_domain_stands_for_what_it_implies() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let role = make(&admin, "/v3/roles", json!({"role": {"name": "local", "domain_id": domain}})).await;
    let member = cloud.id(&admin, "/v3/roles?name=member").await;
    put(&admin, &format!("/v3/roles/{role}/implies/{member}")).await;
    let place = make(&admin, "/v3/projects", json!({"project": {"name": "p", "domain_id": domain}})).await;
    let body = json!({"user": {"name": "u", "password": "x", "domain_id": domain}});
    let user = make(&admin, "/v3/users", body).await;
    let elsewhere = cloud.id(&admin, "/v3/projects?name=demo").await;
    assert_eq!(put(&admin, &format!("/v3/projects/{elsewhere}/users/{user}/roles/{role}")).await.status, 403);
    assert_eq!(put(&admin, &format!("/v3/projects/{place}/users/{user}/roles/{role}")).await.status, 204);
    let login = json!({
        "identity": {"methods": ["password"], "password": {"user": {"id": user, "password": "x"}}},
        "scope": {"project": {"id": place}},
    });
    let shown = cloud.login(login).await.json["token"]["roles"].clone();
    let names: Vec<&str> =
        shown.as_array().unwrap().iter().map(|role| role["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"member") && !names.contains(&"local"), "{names:?}");
    let listed = admin.get("/v3/roles").await;
    assert!(!listed.json["roles"].as_array().unwrap().iter().any(|one| one["name"] == "local"));
    let of_domain = admin.get(&format!("/v3/roles?domain_id={domain}")).await;
    assert_eq!(of_domain.json["roles"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn roles_are_granted_everywhere_to_users_and_groups() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let user = make(&admin, "/v3/users", json!({"user": {"name": "u"}})).await;
    let group = make(&admin, "/v3/groups", json!({"group": {"name": "g"}})).await;
    let place = make(&admin, "/v3/projects", json!({"project": {"name": "p"}})).await;
    let role = make(&admin, "/v3/roles", json!({"role": {"name": "r"}})).await;
    for target in [format!("projects/{place}"), "domains/default".into(), "system".into()] {
        for actor in [format!("users/{user}"), format!("groups/{group}")] {
            let all = format!("/v3/{target}/{actor}/roles");
            let one = format!("{all}/{role}");
            assert_eq!(admin.send(Method::HEAD, &one, None).await.status, 404, "{one}");
            assert_eq!(put(&admin, &one).await.status, 204, "{one}");
            assert_eq!(put(&admin, &one).await.status, 204, "again");
            assert_eq!(admin.send(Method::HEAD, &one, None).await.status, 204);
            assert_eq!(admin.get(&all).await.json["roles"][0]["id"], role);
            assert_eq!(admin.delete(&one).await.status, 204);
            assert_eq!(admin.delete(&one).await.status, 404);
            assert_eq!(put(&admin, &format!("{all}/nothing")).await.status, 404);
            if target != "system" {
                let all = format!("/v3/OS-INHERIT/{target}/{actor}/roles/inherited_to_projects");
                let one = format!("/v3/OS-INHERIT/{target}/{actor}/roles/{role}/inherited_to_projects");
                assert_eq!(put(&admin, &one).await.status, 204, "{one}");
                assert_eq!(admin.send(Method::HEAD, &one, None).await.status, 204);
                assert_eq!(admin.get(&all).await.json["roles"][0]["id"], role);
                assert_eq!(admin.delete(&one).await.status, 204);
            }
        }
    }
}

#[tokio::test]
async fn what_is_inherited_holds_below_and_not_in_the_place_itself() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let domain = make(&admin, "/v3/domains", json!({"domain": {"name": "d"}})).await;
    let body = json!({"user": {"name": "u", "password": "x", "domain_id": domain}});
    let user = make(&admin, "/v3/users", body).await;
    let top = make(&admin, "/v3/projects", json!({"project": {"name": "top", "domain_id": domain}})).await;
    let leaf = make(&admin, "/v3/projects", json!({"project": {"name": "leaf", "parent_id": top}})).await;
    let role = cloud.id(&admin, "/v3/roles?name=reader").await;
    let login = async |place: &str| {
        let auth = json!({
            "identity": {"methods": ["password"], "password": {"user": {"id": user, "password": "x"}}},
            "scope": {"project": {"id": place}},
        });
        cloud.login(auth).await.status.as_u16()
    };
    let effective = async |place: &str| {
        let query = format!("/v3/role_assignments?effective&user.id={user}&scope.project.id={place}");
        admin.get(&query).await.json["role_assignments"].as_array().unwrap().len()
    };
    let on_project = format!("/v3/OS-INHERIT/projects/{top}/users/{user}/roles/{role}/inherited_to_projects");
    put(&admin, &on_project).await;
    assert_eq!((login(&top).await, login(&leaf).await), (401, 201));
    assert_eq!((effective(&top).await, effective(&leaf).await), (0, 1));
    admin.delete(&on_project).await;
    assert_eq!((login(&leaf).await, effective(&leaf).await), (401, 0));

    let on_domain =
        format!("/v3/OS-INHERIT/domains/{domain}/users/{user}/roles/{role}/inherited_to_projects");
    put(&admin, &on_domain).await;
    assert_eq!((login(&top).await, login(&leaf).await), (201, 201));
    assert_eq!((effective(&top).await, effective(&leaf).await), (1, 1));
    let listed = admin.get(&format!("/v3/users/{user}/projects")).await;
    assert_eq!(listed.json["projects"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn role_assignments_are_listed_with_names_and_filters() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let place = cloud.id(&admin, "/v3/projects?name=demo").await;
    let user = cloud.id(&admin, "/v3/users?name=demo").await;
    let query = format!("/v3/role_assignments?include_names=True&user.id={user}");
    let listed = admin.get(&query).await;
    let member = cloud.id(&admin, "/v3/roles?name=member").await;
    let link = format!("http://cloud/identity/v3/projects/{place}/users/{user}/roles/{member}");
    assert_eq!(
        listed.json["role_assignments"],
        json!([{
            "role": {"id": member, "name": "member"},
            "user": {"id": user, "name": "demo", "domain": {"id": "default", "name": "Default"}},
            "scope": {"project": {"id": place, "name": "demo", "domain": {"id": "default", "name": "Default"}}},
            "links": {"assignment": link},
        }])
    );
    let count = async |query: &str| {
        let answer = admin.get(&format!("/v3/role_assignments?{query}")).await;
        answer.json["role_assignments"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("scope.system=all").await, 1);
    assert_eq!(count(&format!("scope.project.id={place}")).await, 2);
    assert_eq!(count(&format!("scope.project.id={place}&role.id={member}")).await, 1);
    assert_eq!(count(&format!("scope.project.id={place}&include_subtree=true")).await, 2);
    for query in [
        "user.id=a&group.id=b",
        "scope.domain.id=a&scope.project.id=b",
        "scope.system=all&scope.project.id=b",
        "effective&group.id=b",
        "include_subtree",
    ] {
        assert_eq!(admin.get(&format!("/v3/role_assignments?{query}")).await.status, 400, "{query}");
    }
    assert_eq!(cloud.demo().await.get("/v3/role_assignments").await.status, 403);
}

#[tokio::test]
async fn members_of_a_group_have_its_roles() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let user = make(&admin, "/v3/users", json!({"user": {"name": "u", "password": "x"}})).await;
    let group = make(&admin, "/v3/groups", json!({"group": {"name": "g"}})).await;
    let place = cloud.id(&admin, "/v3/projects?name=demo").await;
    let reader = cloud.id(&admin, "/v3/roles?name=reader").await;
    put(&admin, &format!("/v3/projects/{place}/groups/{group}/roles/{reader}")).await;
    let login = by_password("u", "x", project("demo"));
    assert_eq!(cloud.login(login.clone()).await.status, 401);
    put(&admin, &format!("/v3/groups/{group}/users/{user}")).await;
    let answer = cloud.login(login).await;
    assert_eq!(answer.json["token"]["roles"][0]["id"], reader);
    let query = format!("/v3/role_assignments?effective&user.id={user}");
    let listed = admin.get(&query).await;
    let links = &listed.json["role_assignments"][0]["links"];
    assert_eq!(links["membership"], format!("http://cloud/identity/v3/groups/{group}/users/{user}"));
    admin.delete(&format!("/v3/groups/{group}")).await;
    let token = super::cloud::token(&answer);
    assert_eq!(cloud.client.with_token(&token).get("/v3/auth/projects").await.status, 401);
}
