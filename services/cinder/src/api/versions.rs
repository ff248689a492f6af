//! Version documents.

use axum::response::Response;
use http::{Method, StatusCode};
use platform::http::{Fault, OpenCx, Routes, Service, json};
use serde_json::{Value, json as literal};

use crate::Cinder;

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new().document("/", choices).document("/v3", version).document("/v3/", version).open(
        Method::GET,
        MALFORMED,
        malformed,
    )
}

/// Where requests are sent whose address names another project than their token.
pub(super) const MALFORMED: &str = "/malformed-request-url";

async fn malformed(_: OpenCx<Cinder>) -> Result<Response, Fault> {
    Err(Fault::bad_request("Malformed request url"))
}

fn document(cx: &OpenCx<Cinder>) -> Value {
    literal!({"versions": [{
        "id": "v3.0",
        "status": "CURRENT",
        "version": "3.71",
        "min_version": "3.0",
        "updated": "2026-09-30T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": format!("{}/v3/", cx.service.base().endpoint)},
        ],
        "media-types": [
            {"base": "application/json", "type": "application/vnd.openstack.volume+json;version=3"},
        ],
    }]})
}

async fn choices(cx: OpenCx<Cinder>) -> Result<Response, Fault> {
    json(StatusCode::MULTIPLE_CHOICES, &document(&cx))
}

async fn version(cx: OpenCx<Cinder>) -> Result<Response, Fault> {
    json(StatusCode::OK, &document(&cx))
}
