//! `/os-server-external-events`: other services tell of what concerns servers.

use axum::response::Response;
use http::StatusCode;
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Nova, model::server};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().post(
        "/v2.1/os-server-external-events",
        "os_compute_api:os-server-external-events:create",
        create,
    )
}

#[derive(Deserialize, Body)]
struct Told {
    #[body(min_items = 1)]
    events: Vec<Event>,
}

#[derive(Deserialize, Body)]
struct Event {
    #[body(one_of = ["network-changed", "network-vif-plugged", "network-vif-unplugged", "network-vif-deleted",
                     "volume-extended", "volume-reimaged", "power-update", "accelerator-request-bound"])]
    name: String,
    server_uuid: Uuid,
    #[body(one_of = ["failed", "completed", "in-progress"])]
    status: Option<String>,
    #[body(max = 255)]
    tag: Option<String>,
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<Told>) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-server-external-events:create")?;
    let ids = body.events.iter().map(|event| event.server_uuid);
    let known = server::which(cx.service.db.read(), &scope, ids).await?;
    let mut all = true;
    let mut answers: Vec<Value> = Vec::new();
    for event in body.events {
        let found = known.contains(&event.server_uuid);
        all &= found;
        if found && event.name.starts_with("network-") {
            cx.service.addresses.wake(event.server_uuid);
        }
        let mut answer = json!({
            "name": event.name, "server_uuid": event.server_uuid,
            "status": if found { event.status.unwrap_or_else(|| "completed".into()) } else { "failed".into() },
            "code": if found { 200 } else { 404 },
        });
        if let Some(tag) = event.tag {
            answer["tag"] = json!(tag);
        }
        answers.push(answer);
    }
    let status = if all { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    web::json(status, &json!({"events": answers}))
}
