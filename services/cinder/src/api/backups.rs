//! Backups: there are none, and no place for them is configured. Clients that list them learn so.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json as literal;

use crate::{Cinder, error::Error};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/backups", "backup:get_all", list)
        .get("/v3/backups/detail", "backup:get_all", list)
        .get("/v3/backups/{id}", "backup:get", show)
}

async fn list(cx: Cx<Cinder>) -> Result<Response, Fault> {
    cx.allow()?;
    json(StatusCode::OK, &literal!({"backups": []}))
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    Err(Fault::not_found(format!("Backup {} could not be found.", Error::shown(&id))))
}
