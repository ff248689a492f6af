//! Where the API is and which version it has: for everybody.

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use platform::http::{Fault, Routes, Service, json};
use serde_json::{Value, json};

use super::OpenCx;
use crate::Keystone;

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new().document("/", all).document("/v3", third).document("/v3/", third)
}

async fn all(cx: OpenCx) -> Result<Response, Fault> {
    let mut response = json(StatusCode::MULTIPLE_CHOICES, &json!({"versions": {"values": [version(&cx)]}}))?;
    if let Ok(place) = HeaderValue::from_str(&address(&cx)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

async fn third(cx: OpenCx) -> Result<Response, Fault> {
    json(StatusCode::OK, &json!({"version": version(&cx)}))
}

fn address(cx: &OpenCx) -> String {
    format!("{}/v3/", cx.service.base().endpoint)
}

fn version(cx: &OpenCx) -> Value {
    json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": address(cx)}],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.identity-v3+json",
        }],
    })
}
