//! `/servers/{id}/os-security-groups`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json};

use super::{lookup, security_groups::view};
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get(
        "/v2.1/servers/{id}/os-security-groups",
        "os_compute_api:os-security-groups:list",
        index,
    )
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let groups = cx.service.networks.security_groups_of(server.id).await?;
    let groups: Vec<Value> = groups.iter().map(view).collect();
    json(StatusCode::OK, &json!({"security_groups": groups}))
}
