//! Version documents: in the old form, which has no microversions, unless a microversion is asked for.

use axum::response::Response;
use http::StatusCode;
use platform::http::{Fault, OpenCx, Routes, Service, json};
use serde_json::{Value, json as literal};

use crate::{Barbican, SCHEME};

pub(super) fn routes() -> Routes<Barbican> {
    Routes::new().document("/", all).document("/v1", first)
}

fn document(cx: &OpenCx<Barbican>) -> Value {
    let links = literal!([
        {"rel": "self", "href": format!("{}/v1/", cx.service.base().endpoint)},
        {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
    ]);
    match SCHEME.microversions.filter(|range| cx.version > range.min) {
        Some(range) => literal!({
            "id": "v1", "status": "CURRENT", "links": links,
            "min_version": range.min.to_string(), "max_version": range.max.to_string(),
        }),
        None => literal!({
            "id": "v1", "status": "stable", "links": links,
            "media-types": [
                {"base": "application/json", "type": "application/vnd.openstack.key-manager-v1+json"},
            ],
        }),
    }
}

async fn all(cx: OpenCx<Barbican>) -> Result<Response, Fault> {
    let one = literal!([document(&cx)]);
    let old = one[0]["status"] == "stable";
    let versions = if old { literal!({"values": one}) } else { one };
    json(StatusCode::MULTIPLE_CHOICES, &literal!({"versions": versions}))
}

async fn first(cx: OpenCx<Barbican>) -> Result<Response, Fault> {
    json(StatusCode::OK, &literal!({"version": document(&cx)}))
}
