//! Credentials, EC2 keys, and tokens for signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use sha2::Sha256;

use super::cloud::{Cloud, make, token, validate};
use crate::model::credential;

async fn ids(cloud: &Cloud) -> (String, String) {
    let admin = cloud.admin().await;
    (cloud.id(&admin, "/v3/users?name=demo").await, cloud.id(&admin, "/v3/projects?name=demo").await)
}

/// An EC2 key of the demo user.
async fn key(cloud: &Cloud) -> (String, String) {
    let (user, project) = ids(cloud).await;
    let path = format!("/v3/users/{user}/credentials/OS-EC2");
    let made = cloud.demo().await.post(&path, json!({"tenant_id": project})).await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    let text = |name: &str| made.json["credential"][name].as_str().unwrap().to_owned();
    (text("access"), text("secret"))
}

/// A request signed as version 2 has it.
fn signed(access: &str, secret: &str, timestamp: &str) -> Value {
    let stamp = timestamp.replace(':', "%3A");
    let query =
        format!("AWSAccessKeyId={access}&SignatureMethod=HmacSHA256&SignatureVersion=2&Timestamp={stamp}");
    let text = format!("GET\nlocalhost\n/\n{query}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    let params = json!({
        "AWSAccessKeyId": access, "SignatureMethod": "HmacSHA256", "SignatureVersion": "2", "Timestamp": timestamp,
    });
    json!({"credentials": {
        "access": access, "host": "localhost", "verb": "GET", "path": "/", "params": params,
        "signature": STANDARD.encode(mac.finalize().into_bytes()),
    }})
}

fn stamp(minutes: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test]
async fn ec2_keys_are_made_listed_shown_and_deleted() {
    let cloud = Cloud::new().await;
    let demo = cloud.demo().await;
    let (access, secret) = key(&cloud).await;
    let (user, project) = ids(&cloud).await;
    let all = format!("/v3/users/{user}/credentials/OS-EC2");
    let one = format!("{all}/{access}");
    let shown = demo.get(&one).await.json["credential"].clone();
    assert_eq!((&shown["secret"], &shown["tenant_id"]), (&json!(secret), &json!(project)));
    assert_eq!(demo.get(&all).await.json["credentials"].as_array().unwrap().len(), 1);
    assert_eq!(demo.post(&all, json!({"tenant_id": "no such"})).await.status, 404);
    assert_eq!(demo.post(&all, json!({})).await.status, 400);
    assert_eq!(demo.delete(&one).await.status, 204);
    assert_eq!(demo.get(&one).await.status, 404);
}

#[tokio::test]
async fn ossa_2025_002_only_services_and_administrators_get_tokens_for_signatures() {
    let cloud = Cloud::new().await;
    let (access, secret) = key(&cloud).await;
    let body = signed(&access, &secret, &stamp(0));
    for path in ["/v3/ec2tokens", "/v3/s3tokens"] {
        assert_eq!(cloud.client.post(path, body.clone()).await.status, 401, "{path}");
        assert_eq!(cloud.demo().await.post(path, body.clone()).await.status, 403, "{path}");
    }
    let admin = cloud.admin().await;
    let answer = admin.post("/v3/ec2tokens", body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json);
    assert_eq!(answer.json["token"]["user"]["name"], "demo");
    assert_eq!(answer.json["token"]["methods"], json!(["ec2credential"]));
    assert_eq!(validate(&admin, &token(&answer)).await.status, 200);
}

#[tokio::test]
async fn ossa_2020_003_a_signature_expires_and_is_of_the_key_it_names() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let (access, secret) = key(&cloud).await;
    for (body, status) in [
        (signed(&access, &secret, &stamp(-16)), 401),
        (signed(&access, &secret, &stamp(16)), 401),
        (signed(&access, &secret, "whenever"), 401),
        (signed(&access, "guess", &stamp(0)), 401),
        (signed("nobody", &secret, &stamp(0)), 404),
        (json!({"credentials": {"access": access}}), 401),
        (json!({"credentials": {}}), 401),
        (json!({}), 400),
    ] {
        assert_eq!(admin.post("/v3/ec2tokens", body.clone()).await.status, status, "{body}");
    }
}

#[tokio::test]
async fn cve_2026_43001_a_token_of_a_signature_reaches_no_further() {
    let cloud = Cloud::new().await;
    let admin = cloud.admin().await;
    let (access, secret) = key(&cloud).await;
    let got = token(&admin.post("/v3/ec2tokens", signed(&access, &secret, &stamp(0))).await);
    let client = cloud.client.with_token(&got);
    let (user, project) = ids(&cloud).await;
    assert_eq!(client.get("/v3/auth/projects").await.status, 200);
    let paths = ["/v3/credentials".to_owned(), format!("/v3/users/{user}/credentials/OS-EC2")];
    for path in &paths {
        assert_eq!(client.get(path).await.status, 403, "{path}");
    }
    let body = json!({"application_credential": {"name": "a"}});
    assert_eq!(client.post(&format!("/v3/users/{user}/application_credentials"), body).await.status, 403);
    let exchange = super::cloud::by_token(&got, json!({"project": {"id": project}}));
    assert_eq!(cloud.login(exchange).await.status, 403);
}

#[tokio::test]
async fn credentials_are_made_shown_changed_and_deleted() {
    let cloud = Cloud::new().await;
    let demo = cloud.demo().await;
    let (user, project) = ids(&cloud).await;
    let blob = r#"{"access": "AK", "secret": "SK"}"#;
    let body = json!({"credential": {"type": "ec2", "blob": blob, "user_id": user, "project_id": project}});
    let made = demo.post("/v3/credentials", body.clone()).await;
    assert_eq!((made.status.as_u16(), &made.json["credential"]["blob"]), (201, &json!(blob)));
    assert_eq!(demo.post("/v3/credentials", body).await.status, 409);
    let path = format!("/v3/credentials/{}", made.json["credential"]["id"].as_str().unwrap());
    let other = r#"{"access": "AK", "secret": "new"}"#;
    let changed = demo.patch(&path, json!({"credential": {"blob": other}})).await;
    assert_eq!(changed.json["credential"]["blob"], other);
    for (credential, status) in [
        (json!({"type": "ec2", "blob": "no json", "project_id": project}), 400),
        (json!({"type": "ec2", "blob": "{}", "project_id": project}), 400),
        (json!({"type": "ec2", "blob": blob}), 400),
        (json!({"type": "cert"}), 400),
    ] {
        let answer = demo.post("/v3/credentials", json!({"credential": credential.clone()})).await;
        assert_eq!(answer.status, status, "{credential}");
    }
    assert_eq!(demo.delete(&path).await.status, 204);
    assert_eq!(demo.get(&path).await.status, 403, "of what is not there nothing is said");
    assert_eq!(cloud.admin().await.get(&path).await.status, 404);
}

#[tokio::test]
async fn ossa_2019_006_credential_lists_are_scoped() {
    let cloud = Cloud::new().await;
    let (admin, demo) = (cloud.admin().await, cloud.demo().await);
    let (user, _) = ids(&cloud).await;
    let make = async |client: &platform::http::testing::Client| {
        make(client, "/v3/credentials", json!({"credential": {"type": "cert", "blob": "x"}})).await
    };
    let (theirs, own) = (make(&admin).await, make(&demo).await);
    let seen = demo.get("/v3/credentials").await.json["credentials"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["id"], own);
    let foreign = cloud.id(&admin, "/v3/users?name=admin").await;
    let filtered = demo.get(&format!("/v3/credentials?user_id={foreign}")).await;
    assert_eq!(filtered.json["credentials"], json!([]));
    assert_eq!(admin.get("/v3/credentials").await.json["credentials"].as_array().unwrap().len(), 2);
    let of_demo = admin.get(&format!("/v3/credentials?user_id={user}&type=cert")).await;
    assert_eq!(of_demo.json["credentials"].as_array().unwrap().len(), 1);
    assert_eq!(demo.get(&format!("/v3/credentials/{theirs}")).await.status, 403);
    let gift = json!({"credential": {"user_id": foreign}});
    assert_eq!(demo.patch(&format!("/v3/credentials/{own}"), gift).await.status, 403, "the owner is fixed");
    let forged = json!({"credential": {"type": "cert", "blob": "x", "user_id": foreign}});
    assert_eq!(demo.post("/v3/credentials", forged).await.status, 403);
}

#[tokio::test]
async fn what_is_stored_is_encrypted() {
    let cloud = Cloud::new().await;
    let (_, secret) = key(&cloud).await;
    let rows = credential::Entity::find().all(cloud.keystone.db.read()).await.unwrap();
    assert!(rows[0].encrypted_blob.starts_with("gAAAA"));
    assert!(!rows[0].encrypted_blob.contains(&secret));
}
