//! The API: one file for each resource.

mod metadata;
mod pages;
mod snapshots;
mod types;
mod versions;
mod volume_view;
mod volumes;

use std::sync::Arc;

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use platform::http::{Routes, mount};

use crate::Cinder;

/// All routes, without the project that may stand before each.
pub(crate) fn routes() -> Routes<Cinder> {
    versions::routes().merge(volumes::routes()).merge(snapshots::routes()).merge(types::routes())
}

/// The service's router.
pub(crate) fn router(cinder: Arc<Cinder>) -> Router {
    let inner = mount(routes(), cinder.clone());
    Router::new().fallback_service(inner).layer(from_fn_with_state(cinder, without_project))
}

/// Collections that may come first behind `/v3/`; what else comes first is a project.
const COLLECTIONS: [&str; 21] = [
    "attachments", "backups", "clusters", "default-types", "extensions", "group_types", "groups", "limits", "messages",
    "os-availability-zone", "os-hosts", "os-quota-class-sets", "os-quota-sets", "os-services", "os-volume-transfer",
    "qos-specs", "scheduler-stats", "snapshots", "types", "volume-transfers", "volumes",
];

/// `/v3/PROJECT/volumes` is `/v3/volumes`, if the project is the token's (or the caller an administrator).
async fn without_project(State(cinder): State<Arc<Cinder>>, mut request: Request, next: Next) -> Response {
    let uri = request.uri();
    let Some((project, rest)) = uri.path().strip_prefix("/v3/").and_then(|rest| rest.split_once('/')) else {
        return next.run(request).await;
    };
    if COLLECTIONS.contains(&project) {
        return next.run(request).await;
    }
    let token = request.headers().get("x-auth-token").and_then(|value| value.to_str().ok());
    let caller = match token {
        Some(token) => cinder.base.tokens.validate(token).await.ok(),
        None => None,
    };
    let foreign = caller.is_some_and(|caller| caller.project_id() != Some(project) && !caller.has_role("admin"));
    let stripped = if foreign {
        // Routed to nowhere: the edge answers in the envelope, with a request id.
        Some("/v3/malformed-request-url".to_owned())
    } else {
        Some(match uri.query() {
            Some(query) => format!("/v3/{rest}?{query}"),
            None => format!("/v3/{rest}"),
        })
    };
    match stripped.and_then(|path| path.parse().ok()) {
        Some(uri) => *request.uri_mut() = uri,
        None => return http::StatusCode::BAD_REQUEST.into_response(),
    }
    next.run(request).await
}

/// The schema of a boolean in OpenStack's generous spelling.
pub(crate) fn boolean(_: platform::wire::Version) -> serde_json::Value {
    serde_json::json!({"enum": [
        true, false, null, "true", "false", "True", "False", "TRUE", "FALSE", "1", "0", 1, 0, "t", "f", "on", "off", "yes", "no", "y", "n"]})
}

/// What such a boolean says; nothing, when it was not given.
pub(crate) fn truth(value: &serde_json::Value) -> Option<bool> {
    use serde_json::Value;
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => Some(number.as_i64() == Some(1)),
        Value::String(text) => Some(matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "t" | "on" | "yes" | "y")),
        _ => None,
    }
}
