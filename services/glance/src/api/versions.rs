//! The version documents.

use axum::response::Response;
use http::StatusCode;
use platform::http::{Fault, OpenCx, Routes, json};
use serde_json::json;

use crate::Glance;

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .document("/", choices)
        .document("/v2", choices)
        .document("/v2/", choices)
        .document("/versions", versions)
}

/// The newest first. What needs a cache of images (2.14, 2.16) or locations (2.17) is not offered.
const VERSIONS: [&str; 15] = [
    "v2.15", "v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3",
    "v2.2", "v2.1", "v2.0",
];

async fn choices(cx: OpenCx<Glance>) -> Result<Response, Fault> {
    document(&cx, StatusCode::MULTIPLE_CHOICES)
}

async fn versions(cx: OpenCx<Glance>) -> Result<Response, Fault> {
    document(&cx, StatusCode::OK)
}

fn document(cx: &OpenCx<Glance>, status: StatusCode) -> Result<Response, Fault> {
    let href = format!("{}/v2/", cx.service.base.endpoint);
    let versions: Vec<_> = VERSIONS
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let status = if at == 0 { "CURRENT" } else { "SUPPORTED" };
            json!({"id": id, "status": status, "links": [{"rel": "self", "href": href}]})
        })
        .collect();
    json(status, &json!({"versions": versions}))
}
