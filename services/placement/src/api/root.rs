//! The version document.

use axum::response::Response;
use http::StatusCode;
use platform::http::{Fault, OpenCx, Routes, json};

use crate::{Placement, SCHEME};

pub(super) fn routes() -> Routes<Placement> {
    Routes::new().document("/", versions)
}

async fn versions(_: OpenCx<Placement>) -> Result<Response, Fault> {
    let (min, max) =
        SCHEME.microversions.map(|range| (range.min.to_string(), range.max.to_string())).unwrap_or_default();
    json(
        StatusCode::OK,
        &serde_json::json!({"versions": [{
            "id": format!("v{min}"),
            "min_version": min,
            "max_version": max,
            "status": "CURRENT",
            "links": [{"rel": "self", "href": ""}],
        }]}),
    )
}
