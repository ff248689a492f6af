//! Barbican, asked as clients ask.

mod metadata;
mod payloads;
mod secrets;

use std::sync::Arc;

use platform::{
    http::testing::{Answer, Client},
    part::{Part, Room},
};
use serde_json::{Value, json};

use crate::{Barbican, Config};

/// A Barbican of its own, asked by a member of project `p1`.
pub(crate) async fn member() -> Client {
    with(Config::default()).await.1
}

pub(crate) async fn with(config: Config) -> (Arc<Barbican>, Client) {
    let barbican = Room::temporary::<Barbican>(config).await.unwrap();
    let client = Client::new(barbican.clone().router(), "member");
    (barbican, client)
}

/// Makes a secret; its path.
pub(crate) async fn secret(client: &Client, body: Value) -> String {
    let made = client.post("/v1/secrets/", body).await;
    assert_eq!(made.status, 201, "{:?}", made.json);
    let place = made.json["secret_ref"].as_str().unwrap();
    assert_eq!(made.headers["location"], place);
    place.strip_prefix("http://cloud/key-manager").unwrap().to_owned()
}

pub(crate) fn text(payload: &str) -> Value {
    json!({"name": "n", "payload": payload, "payload_content_type": "text/plain"})
}

pub(crate) fn fault(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{:?}", answer.json);
    assert_eq!(answer.json["code"], status);
    assert!(answer.json["title"].is_string() && answer.json["description"].is_string(), "{:?}", answer.json);
}
