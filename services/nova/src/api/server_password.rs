//! `/servers/{id}/os-server-password`: guests can't tell theirs here, so there is never one.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json;

use super::lookup;
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let path = "/v2.1/servers/{id}/os-server-password";
    Routes::new().get(path, "os_compute_api:os-server-password:show", show).delete(
        path,
        "os_compute_api:os-server-password:clear",
        clear,
    )
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    lookup::server(&cx, &id).await?;
    json(StatusCode::OK, &json!({"password": ""}))
}

async fn clear(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    lookup::server(&cx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
