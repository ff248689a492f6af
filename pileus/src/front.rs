//! One origin for every API: `/identity`, `/compute`, ... each lead to the service's own router.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, Uri, header};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A service's place under the origin, and its router.
pub type Mounted = (&'static str, Router);

/// What the front tells of the process: made by the composition.
pub type Report = Arc<dyn Fn() -> Value + Send + Sync>;

struct Front {
    services: Vec<Mounted>,
    report: Report,
}

/// The whole: every service under its prefix, `/healthcheck`, `/metrics`, and a page of links at `/`.
pub fn router(services: Vec<Mounted>, report: Report) -> Router {
    let front = Arc::new(Front { services, report });
    Router::new()
        .route("/", get(index))
        .route("/healthcheck", get(healthcheck))
        .route("/metrics", get(|| async { platform::telemetry::metrics() }))
        .fallback(dispatch)
        .with_state(front)
}

/// Hands a request to the service that its first segment names, which sees the path without it.
async fn dispatch(State(front): State<Arc<Front>>, mut request: Request) -> Response {
    let path = request.uri().path();
    let (first, rest) = match path[1..].find('/') {
        Some(at) => path.split_at(at + 1),
        None => (path, "/"),
    };
    let Some((_, router)) = front.services.iter().find(|(prefix, _)| *prefix == first) else {
        let links: Vec<_> = front.services.iter().map(|(prefix, _)| *prefix).collect();
        let body = json!({"error": {"code": 404, "title": "Not Found", "message": format!("Here are {}.", links.join(", "))}});
        return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], body.to_string())
            .into_response();
    };
    let target = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    match target.parse::<Uri>() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    }
    match router.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn index(State(front): State<Arc<Front>>) -> Response {
    let services: Vec<_> = front.services.iter().map(|(prefix, _)| format!("{prefix}/")).collect();
    json_response(&json!({"pileus": env!("CARGO_PKG_VERSION"), "services": services}))
}

async fn healthcheck(State(front): State<Arc<Front>>) -> Response {
    json_response(&(front.report)())
}

fn json_response(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], Body::from(body.to_string())).into_response()
}
