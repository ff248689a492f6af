//! The API as clients meet it, and the contract as Nova does.

mod allocations;
mod candidates;
mod contract;
mod inventories;
mod providers;
mod routes;
mod vocabulary;

use std::sync::Arc;

use platform::{
    db::Database,
    http::testing::{Answer, Client, KnownTokens},
    part::Part,
};
use serde_json::json;
use uuid::Uuid;

use crate::{Config, Migrations, Needs, Placement};

pub(crate) async fn service() -> Arc<Placement> {
    let db = Database::temporary::<Migrations>("placement").await.unwrap();
    let mut tokens = KnownTokens::default();
    use platform::http::testing::caller;
    tokens.add("admin", caller("admin", "admin", &["admin", "member", "reader"]));
    tokens.add("service", caller("nova", "service", &["service"]));
    tokens.add("member", caller("member", "p1", &["member", "reader"]));
    Placement::new(Needs {
        config: Config::default(),
        db,
        tokens: Arc::new(tokens),
        endpoint: "http://127.0.0.1/placement".into(),
    })
}

pub(crate) fn client(service: &Arc<Placement>, version: &str) -> Client {
    Client::new(service.clone().router(), "service")
        .with_header("openstack-api-version", &format!("placement {version}"))
}

pub(crate) async fn latest() -> Client {
    client(&service().await, "1.39")
}

/// A provider with 8 VCPU (twice over) and 1000 MB. Answers its id.
pub(crate) async fn host(client: &Client, name: &str) -> Uuid {
    let id = Uuid::new_v4();
    let made = client.post("/resource_providers", json!({"name": name, "uuid": id})).await;
    assert!(made.status.is_success(), "{made:?}");
    let inventories = json!({
        "VCPU": {"total": 8, "allocation_ratio": 2.0},
        "MEMORY_MB": {"total": 1000},
    });
    let put = client
        .put(
            &format!("/resource_providers/{id}/inventories"),
            json!({"resource_provider_generation": 0, "inventories": inventories}),
        )
        .await;
    assert_eq!(put.status, 200, "{put:?}");
    id
}

pub(crate) fn wants(provider: Uuid, resources: serde_json::Value) -> serde_json::Value {
    json!({
        "allocations": {provider.to_string(): {"resources": resources}},
        "project_id": "p1",
        "user_id": "u1",
        "consumer_generation": null,
        "consumer_type": "INSTANCE",
    })
}

pub(crate) fn code(answer: &Answer) -> &str {
    answer.json["errors"][0]["code"].as_str().unwrap_or_default()
}
