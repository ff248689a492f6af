//! Trusts.

use platform::http::testing::Client;
use serde_json::{Value, json};

use super::cloud::{Cloud, PASSWORD, by_password, by_token, make, project, put, token};

struct Friends {
    cloud: Cloud,
    trustor: Client,
    trustor_id: String,
    trustee_id: String,
    project: String,
}

async fn friends() -> Friends {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let trustee_id = make(&admin, "/v3/users", json!({"user": {"name": "friend", "password": "x"}})).await;
    Friends {
        trustor: cloud.demo().await,
        trustor_id: cloud.id(&admin, "/v3/users?name=demo").await,
        project: cloud.id(&admin, "/v3/projects?name=demo").await,
        trustee_id,
        cloud,
    }
}

impl Friends {
    fn body(&self, more: Value) -> Value {
        let mut trust = json!({
            "trustor_user_id": self.trustor_id, "trustee_user_id": self.trustee_id, "project_id": self.project,
            "impersonation": false, "roles": [{"name": "reader"}],
        });
        trust.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"trust": trust})
    }

    async fn trust(&self, more: Value) -> String {
        make(&self.trustor, "/v3/OS-TRUST/trusts", self.body(more)).await
    }

    async fn login(&self, trust: &str) -> platform::http::testing::Answer {
        self.cloud.login(by_password("friend", "x", json!({"OS-TRUST:trust": {"id": trust}}))).await
    }
}

#[tokio::test]
async fn a_trustee_acts_with_the_roles_of_the_trust() {
    let friends = friends().await;
    let id = friends.trust(json!({})).await;
    let answer = friends.login(&id).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json);
    let shown = &answer.json["token"];
    assert_eq!(shown["user"]["name"], "friend");
    assert_eq!(shown["project"]["id"], friends.project);
    assert_eq!(shown["roles"].as_array().unwrap().len(), 1);
    assert_eq!(shown["OS-TRUST:trust"]["trustor_user"]["id"], friends.trustor_id);
    let impersonating = friends.trust(json!({"impersonation": true})).await;
    assert_eq!(friends.login(&impersonating).await.json["token"]["user"]["name"], "demo");
    let stranger = by_password("admin", PASSWORD, json!({"OS-TRUST:trust": {"id": id}}));
    assert_eq!(friends.cloud.login(stranger).await.status, 401);
    let got = token(&answer);
    assert_eq!(friends.cloud.login(by_token(&got, project("demo"))).await.status, 403);
    let path = format!("/v3/OS-TRUST/trusts/{id}");
    assert_eq!(friends.trustor.delete(&path).await.status, 204);
    assert_eq!(friends.trustor.get(&path).await.status, 404);
    assert_eq!(friends.cloud.client.with_token(&got).get("/v3/auth/projects").await.status, 401);
    assert_eq!(friends.login(&id).await.status, 401);
}

#[tokio::test]
async fn a_trust_is_shown_with_its_roles_to_those_it_joins() {
    let friends = friends().await;
    let id = friends.trust(json!({"expires_at": "2099-01-01T00:00:00Z"})).await;
    let path = format!("/v3/OS-TRUST/trusts/{id}");
    let answer = friends.trustor.get(&path).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    let shown = answer.json["trust"].clone();
    assert_eq!(shown["expires_at"], "2099-01-01T00:00:00.000000Z");
    assert_eq!(shown["roles"][0]["name"], "reader");
    let role = shown["roles"][0]["id"].as_str().unwrap();
    assert_eq!(friends.trustor.get(&format!("{path}/roles")).await.json["roles"][0]["id"], role);
    assert_eq!(friends.trustor.get(&format!("{path}/roles/{role}")).await.status, 200);
    assert_eq!(friends.trustor.get(&format!("{path}/roles/other")).await.status, 404);
    let own = format!("/v3/OS-TRUST/trusts?trustor_user_id={}", friends.trustor_id);
    assert_eq!(friends.trustor.get(&own).await.json["trusts"].as_array().unwrap().len(), 1);
    assert_eq!(friends.trustor.get("/v3/OS-TRUST/trusts").await.status, 403);
    let admin = friends.cloud.admin().await;
    assert_eq!(admin.get("/v3/OS-TRUST/trusts").await.json["trusts"][0]["id"], id);
    assert_eq!(admin.get("/v3/OS-TRUST/trusts/none").await.status, 404);
}

#[tokio::test]
async fn nobody_hands_on_more_than_they_have() {
    let friends = friends().await;
    for (more, status) in [
        (json!({"roles": [{"name": "admin"}]}), 404),
        (json!({"roles": []}), 403),
        (json!({"trustor_user_id": friends.trustee_id}), 403),
        (json!({"trustee_user_id": "nobody"}), 404),
        (json!({"expires_at": "bad.123Z"}), 400),
        (json!({"expires_at": "2001-01-01T00:00:00Z"}), 400),
        (json!({"remaining_uses": 0}), 400),
        (json!({"impersonation": "yes"}), 400),
    ] {
        let answer = friends.trustor.post("/v3/OS-TRUST/trusts", friends.body(more.clone())).await;
        assert_eq!(answer.status, status, "{more} {:?}", answer.json);
    }
}

#[tokio::test]
async fn a_trust_ends_with_its_uses_and_with_the_trustors_roles() {
    let friends = friends().await;
    let once = friends.trust(json!({"remaining_uses": 1})).await;
    assert_eq!(friends.login(&once).await.status, 201);
    assert_eq!(friends.login(&once).await.status, 401);
    let id = friends.trust(json!({})).await;
    let got = token(&friends.login(&id).await);
    let client = friends.cloud.client.with_token(&got);
    assert_eq!(client.get("/v3/auth/projects").await.status, 200);
    let admin = friends.cloud.admin().await;
    let member = friends.cloud.id(&admin, "/v3/roles?name=member").await;
    let grant = format!("/v3/projects/{}/users/{}/roles/{member}", friends.project, friends.trustor_id);
    admin.delete(&grant).await;
    assert_eq!(client.get("/v3/auth/projects").await.status, 401);
    put(&admin, &grant).await;
    assert_eq!(client.get("/v3/auth/projects").await.status, 200);
}

#[tokio::test]
async fn a_trust_is_handed_on_only_where_it_says_so_and_goes_with_its_origin() {
    let friends = friends().await;
    let admin = friends.cloud.admin().await;
    let third = make(&admin, "/v3/users", json!({"user": {"name": "third"}})).await;
    let onward = friends.body(json!({"trustee_user_id": third, "impersonation": true}));
    let closed = friends.trust(json!({"impersonation": true})).await;
    let client = friends.cloud.client.with_token(&token(&friends.login(&closed).await));
    assert_eq!(client.post("/v3/OS-TRUST/trusts", onward.clone()).await.status, 403);
    let open = friends.trust(json!({"impersonation": true, "allow_redelegation": true})).await;
    let client = friends.cloud.client.with_token(&token(&friends.login(&open).await));
    let made = client.post("/v3/OS-TRUST/trusts", onward).await;
    assert_eq!((made.status.as_u16(), &made.json["trust"]["redelegated_trust_id"]), (201, &json!(open)));
    let child = format!("/v3/OS-TRUST/trusts/{}", made.json["trust"]["id"].as_str().unwrap());
    assert_eq!(friends.trustor.delete(&format!("/v3/OS-TRUST/trusts/{open}")).await.status, 204);
    assert_eq!(admin.get(&child).await.status, 404);
}
