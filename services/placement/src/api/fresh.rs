//! Answers that say when they were true, and that nobody may keep them (since 1.15).

use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{HeaderValue, StatusCode, header};
use platform::{
    http::{Cx, Fault},
    wire::{Version, View},
};
use serde::Serialize;

use crate::Placement;

const SINCE: Version = Version::new(1, 15);

/// JSON that was true at that time.
pub(super) fn json(
    cx: &Cx<Placement>,
    status: StatusCode,
    body: &impl Serialize,
    modified: DateTime<Utc>,
) -> Result<Response, Fault> {
    Ok(label(cx, platform::http::json(status, body)?, modified))
}

/// JSON that is true now.
pub(super) fn now(cx: &Cx<Placement>, body: &impl Serialize) -> Result<Response, Fault> {
    json(cx, StatusCode::OK, body, Utc::now())
}

/// No body.
pub(super) fn empty(cx: &Cx<Placement>, status: StatusCode) -> Response {
    label(cx, status.into_response(), Utc::now())
}

/// Adds the headers.
pub(super) fn label(cx: &Cx<Placement>, mut response: Response, modified: DateTime<Utc>) -> Response {
    if cx.version >= SINCE {
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let text = modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header::LAST_MODIFIED, value);
        }
    }
    response
}

/// Adds where the thing is.
pub(super) fn located(cx: &Cx<Placement>, mut response: Response, path: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(&cx.link(path)) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// `{"name": view}` that was true at that time.
pub(super) fn label_answer<V: View>(
    cx: &Cx<Placement>,
    name: &str,
    view: &V,
    modified: DateTime<Utc>,
) -> Result<Response, Fault> {
    Ok(label(cx, cx.answer(StatusCode::OK, name, view)?, modified))
}
