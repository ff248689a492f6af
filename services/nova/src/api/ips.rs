//! `/servers/{id}/ips`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json;

use super::{lookup, servers::view::plain_addresses};
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/servers/{id}/ips", "os_compute_api:ips:index", index).get(
        "/v2.1/servers/{id}/ips/{network}",
        "os_compute_api:ips:show",
        show,
    )
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    json(StatusCode::OK, &json!({"addresses": plain_addresses(&server.addresses.0)}))
}

async fn show(cx: Cx<Nova>, Path((id, network)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let networks = plain_addresses(&server.addresses.0);
    let addresses = networks
        .get(network.as_str())
        .ok_or_else(|| Fault::not_found("Instance is not a member of specified network"))?;
    json(StatusCode::OK, &json!({network: addresses}))
}
