//! `/os-migrations` and `/servers/{id}/migrations`: servers do not move between hosts, so there are none.

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json;

use super::lookup;
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/os-migrations", "os_compute_api:os-migrations:index", index).versioned(
        Method::GET,
        "/v2.1/servers/{id}/migrations",
        "os_compute_api:servers:migrations:index",
        Some((2, 23)),
        None,
        of_server,
    )
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    json(StatusCode::OK, &json!({"migrations": []}))
}

async fn of_server(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    lookup::server(&cx, &id).await?;
    json(StatusCode::OK, &json!({"migrations": []}))
}
