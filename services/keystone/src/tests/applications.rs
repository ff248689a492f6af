//! Application credentials and access rules.

use contracts::identity::Tokens;
use platform::http::testing::{Answer, Client};
use serde_json::{Value, json};

use super::cloud::{Cloud, by_token, make, project, put, token, validate};

async fn path(cloud: &Cloud) -> String {
    let admin = cloud.admin().await;
    format!("/v3/users/{}/application_credentials", cloud.id(&admin, "/v3/users?name=demo").await)
}

async fn create(client: &Client, path: &str, body: Value) -> Value {
    let answer = client.post(path, json!({"application_credential": body})).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json);
    answer.json["application_credential"].clone()
}

async fn login(cloud: &Cloud, credential: &Value) -> Answer {
    let method = json!({"id": credential["id"], "secret": credential["secret"]});
    cloud
        .login(json!({"identity": {"methods": ["application_credential"], "application_credential": method}}))
        .await
}

#[tokio::test]
async fn a_credential_logs_in_to_its_project_with_its_roles() {
    let cloud = Cloud::new().await;
    let demo = cloud.demo().await;
    let path = path(&cloud).await;
    let made = create(&demo, &path, json!({"name": "a", "roles": [{"name": "reader"}]})).await;
    assert!(made["secret"].as_str().unwrap().len() >= 86);
    let answer = login(&cloud, &made).await;
    assert_eq!(answer.status, 201);
    let shown = &answer.json["token"];
    assert_eq!(shown["methods"], json!(["application_credential"]));
    assert_eq!(shown["project"]["name"], "demo");
    assert_eq!(shown["roles"].as_array().unwrap().len(), 1);
    assert_eq!(shown["application_credential"]["restricted"], true);
    let again = validate(&cloud.admin().await, &token(&answer)).await;
    assert_eq!(again.json, answer.json);

    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let read = demo.get(&one).await;
    assert_eq!(read.json["application_credential"].get("secret"), None);
    assert_eq!(
        demo.get(&format!("{path}?name=a")).await.json["application_credentials"].as_array().unwrap().len(),
        1
    );
    assert_eq!(demo.get(&format!("{path}?name=b")).await.json["application_credentials"], json!([]));
    let same = json!({"application_credential": {"name": "a"}});
    assert_eq!(demo.post(&path, same).await.status, 409);
    assert_eq!(demo.delete(&one).await.status, 204);
    assert_eq!(demo.get(&one).await.status, 404);
    assert_eq!(login(&cloud, &made).await.status, 401);
    assert_eq!(validate(&cloud.admin().await, &token(&answer)).await.status, 404);
}

#[tokio::test]
async fn by_name_and_user_too_and_with_no_other_scope() {
    let cloud = Cloud::new().await;
    let made =
        create(&cloud.demo().await, &path(&cloud).await, json!({"name": "a", "secret": "s3cret"})).await;
    let user = json!({"name": "demo", "domain": {"id": "default"}});
    let method = json!({"name": "a", "user": user, "secret": "s3cret"});
    let auth = json!({"identity": {"methods": ["application_credential"], "application_credential": method}});
    assert_eq!(cloud.login(auth.clone()).await.status, 201);
    let mut scoped = auth;
    scoped["scope"] = project("demo");
    assert_eq!(cloud.login(scoped).await.status, 401);
    let mut wrong = made.clone();
    wrong["secret"] = "other".into();
    let (wrong, missing) =
        (login(&cloud, &wrong).await, login(&cloud, &json!({"id": "nothing", "secret": "x"})).await);
    assert_eq!((wrong.status.as_u16(), &wrong.json), (401, &missing.json));
}

#[tokio::test]
async fn bad_credentials_are_refused() {
    let cloud = Cloud::new().await;
    let (admin, demo, path) = (cloud.admin().await, cloud.demo().await, path(&cloud).await);
    for (body, status) in [
        (json!({}), 400),
        (json!({"name": ""}), 400),
        (json!({"name": "x", "roles": [{"name": "admin"}]}), 400),
        (json!({"name": "x", "roles": [{}]}), 400),
        (json!({"name": "x", "expires_at": "yesterday"}), 400),
        (json!({"name": "x", "expires_at": "2001-01-01T00:00:00"}), 400),
        (json!({"name": "x", "access_rules": [{"path": "x", "method": "GET", "service": "s"}]}), 400),
        (json!({"name": "x", "access_rules": [{"path": "/x", "method": "BREW", "service": "s"}]}), 400),
        (json!({"name": "x", "access_rules": [{"path": "/x"}]}), 400),
    ] {
        let answer = demo.post(&path, json!({"application_credential": body.clone()})).await;
        assert_eq!(answer.status, status, "{body} {:?}", answer.json);
    }
    let body = json!({"application_credential": {"name": "for another"}});
    assert_eq!(admin.post(&path, body).await.status, 403);
}

#[tokio::test]
async fn a_restricted_credential_makes_no_others_and_an_unrestricted_one_does() {
    let cloud = Cloud::new().await;
    let (demo, path) = (cloud.demo().await, path(&cloud).await);
    let tame = create(&demo, &path, json!({"name": "tame"})).await;
    let free = create(&demo, &path, json!({"name": "free", "unrestricted": true})).await;
    let more = json!({"application_credential": {"name": "more"}});
    let with = async |credential: &Value| cloud.client.with_token(&token(&login(&cloud, credential).await));
    let (tame_client, free_client) = (with(&tame).await, with(&free).await);
    assert_eq!(tame_client.post(&path, more.clone()).await.status, 403);
    let one = format!("{path}/{}", free["id"].as_str().unwrap());
    assert_eq!(tame_client.delete(&one).await.status, 403);
    assert_eq!(tame_client.get(&path).await.status, 200);
    assert_eq!(free_client.post(&path, more).await.status, 201);
}

#[tokio::test]
async fn a_delegated_token_is_exchanged_for_no_other() {
    let cloud = Cloud::new().await;
    let made =
        create(&cloud.demo().await, &path(&cloud).await, json!({"name": "a", "unrestricted": true})).await;
    let got = token(&login(&cloud, &made).await);
    for scope in [Value::Null, project("demo"), json!({"unscoped": {}})] {
        assert_eq!(cloud.login(by_token(&got, scope)).await.status, 403);
    }
}

#[tokio::test]
async fn a_credential_hands_on_only_what_its_user_still_has() {
    let cloud = Cloud::new().await;
    let (admin, demo, path) = (cloud.admin().await, cloud.demo().await, path(&cloud).await);
    let made = create(&demo, &path, json!({"name": "a"})).await;
    let got = token(&login(&cloud, &made).await);
    let (user, place) =
        (cloud.id(&admin, "/v3/users?name=demo").await, cloud.id(&admin, "/v3/projects?name=demo").await);
    let (member, reader) =
        (cloud.id(&admin, "/v3/roles?name=member").await, cloud.id(&admin, "/v3/roles?name=reader").await);
    put(&admin, &format!("/v3/projects/{place}/users/{user}/roles/{reader}")).await;
    admin.delete(&format!("/v3/projects/{place}/users/{user}/roles/{member}")).await;
    let left = validate(&admin, &got).await;
    assert_eq!(left.json["token"]["roles"].as_array().unwrap().len(), 1);
    admin.delete(&format!("/v3/projects/{place}/users/{user}/roles/{reader}")).await;
    assert_eq!(validate(&admin, &got).await.status, 404);
    assert_eq!(login(&cloud, &made).await.status, 401);
}

#[tokio::test]
async fn another_users_credential_is_not_reached_by_ones_own_path() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let own = cloud.id(&admin, "/v3/users?name=admin").await;
    let made =
        create(&admin, &format!("/v3/users/{own}/application_credentials"), json!({"name": "a"})).await;
    let path = format!("{}/{}", path(&cloud).await, made["id"].as_str().unwrap());
    assert_eq!(demo.get(&path).await.status, 403);
    assert_eq!(demo.delete(&path).await.status, 403);
}

#[tokio::test]
async fn a_token_with_access_rules_is_good_for_those_requests_only() {
    let cloud = Cloud::new().await;
    let demo = cloud.demo().await;
    let path = path(&cloud).await;
    let rule = json!({"path": "/v3/auth/projects", "method": "GET", "service": "identity"});
    let made = create(&demo, &path, json!({"name": "a", "access_rules": [rule]})).await;
    let mut shown = made["access_rules"][0].clone();
    let id = shown.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(shown, rule);
    let got = token(&login(&cloud, &made).await);
    let client = cloud.client.with_token(&got);
    assert_eq!(client.get("/v3/auth/projects").await.status, 200);
    assert_eq!(client.get("/v3/auth/domains").await.status, 401);
    assert!(cloud.keystone.validate(&got).await.is_err(), "who does not say what is asked is told no");
    let admin = cloud.admin().await;
    assert_eq!(validate(&admin, &got).await.status, 404);
    let able = admin.with_header("openstack-identity-access-rules", "1.0");
    assert_eq!(
        validate(&able, &got).await.json["token"]["application_credential"]["access_rules"][0]["id"],
        id
    );

    let rules = path.replace("application_credentials", "access_rules");
    let one = format!("{rules}/{}", id.as_str().unwrap());
    assert_eq!(demo.get(&rules).await.json["access_rules"].as_array().unwrap().len(), 1);
    assert_eq!(demo.get(&one).await.status, 200);
    assert_eq!(demo.delete(&one).await.status, 403, "it is in use");
    demo.delete(&format!("{path}/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(demo.delete(&one).await.status, 204);
    assert_eq!(demo.get(&one).await.status, 404);
}

#[tokio::test]
async fn an_expired_credential_is_refused() {
    let cloud = Cloud::new().await;
    let (demo, path) = (cloud.demo().await, path(&cloud).await);
    let end = chrono::Utc::now() + chrono::TimeDelta::milliseconds(300);
    let end = end.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    let made = create(&demo, &path, json!({"name": "a", "expires_at": end})).await;
    assert_eq!(made["expires_at"], end);
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert_eq!(login(&cloud, &made).await.status, 401);
    make(&cloud.admin().await, "/v3/projects", json!({"project": {"name": "alive"}})).await;
}
