//! `/servers/{id}/os-server-password`: what the guest said of its password, by the metadata service.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json;

use super::lookup;
use crate::{Nova, model::password};

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
    let server = lookup::server(&cx, &id).await?;
    let told = password::of(cx.service.db.read(), &server).await?;
    json(StatusCode::OK, &json!({"password": told}))
}

async fn clear(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    password::clear(&tx, &server).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
