//! The version documents, by which clients find out where the API is and what it speaks.

use axum::response::Response;
use http::StatusCode;
use platform::{
    http::{Fault, OpenCx, Routes, Service, json},
    wire::Version,
};
use serde_json::{Value, json};

use crate::{Nova, SCHEME};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .document("/", all)
        .document("/v2.1", newest)
        .document("/v2.1/", newest)
        .document("/v2", legacy)
        .document("/v2/", legacy)
}

fn range() -> (Version, Version) {
    let range = SCHEME.microversions.map(|range| (range.min, range.max));
    range.unwrap_or((Version::new(2, 1), Version::new(2, 1)))
}

fn document(cx: &OpenCx<Nova>, path: &str, whole: bool) -> Value {
    let (min, max) = range();
    let current = path == "v2.1";
    let mut links = vec![json!({"rel": "self", "href": format!("{}/{path}/", cx.service.base().endpoint)})];
    let mut document = json!({
        "id": if current { "v2.1" } else { "v2.0" },
        "status": if current { "CURRENT" } else { "SUPPORTED" },
        "version": if current { max.to_string() } else { String::new() },
        "min_version": if current { min.to_string() } else { String::new() },
        "updated": if current { "2013-07-23T11:33:21Z" } else { "2011-01-21T11:33:21Z" },
    });
    if whole {
        let about = "http://docs.openstack.org/";
        links.push(json!({"rel": "describedby", "type": "text/html", "href": about}));
        document["media-types"] = json!([{
            "base": "application/json",
            "type": format!("application/vnd.openstack.compute+json;version={}", if current { "2.1" } else { "2" }),
        }]);
    }
    document["links"] = json!(links);
    document
}

async fn all(cx: OpenCx<Nova>) -> Result<Response, Fault> {
    let versions = [document(&cx, "v2", false), document(&cx, "v2.1", false)];
    json(StatusCode::OK, &json!({"versions": versions}))
}

async fn newest(cx: OpenCx<Nova>) -> Result<Response, Fault> {
    json(StatusCode::OK, &json!({"version": document(&cx, "v2.1", true)}))
}

async fn legacy(cx: OpenCx<Nova>) -> Result<Response, Fault> {
    json(StatusCode::OK, &json!({"version": document(&cx, "v2", true)}))
}
