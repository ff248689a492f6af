//! The API: one file for each resource.

mod attachments;
mod backups;
mod connections;
mod extensions;
mod hosts;
mod image_actions;
mod limits;
mod messages;
mod metadata;
mod metadata_keys;
mod pages;
mod pools;
mod qos_specs;
mod quota_sets;
mod services;
mod snapshot_actions;
mod snapshots;
mod transfers;
mod type_encryption;
mod types;
mod versions;
mod volume_actions;
mod volume_view;
mod volumes;
mod workers;

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
    versions::routes()
        .merge(volumes::routes())
        .merge(volume_actions::routes())
        .merge(snapshots::routes())
        .merge(snapshot_actions::routes())
        .merge(metadata_keys::routes())
        .merge(attachments::routes())
        .merge(types::routes())
        .merge(type_encryption::routes())
        .merge(qos_specs::routes())
        .merge(transfers::routes())
        .merge(messages::routes())
        .merge(quota_sets::routes())
        .merge(limits::routes())
        .merge(services::routes())
        .merge(hosts::routes())
        .merge(pools::routes())
        .merge(extensions::routes())
        .merge(backups::routes())
        .merge(workers::routes())
}

/// The rules of actions, which stand in their own table.
#[cfg(test)]
pub(crate) fn action_rules() -> impl Iterator<Item = &'static str> {
    volume_actions::rules()
}

/// The service's router.
pub(crate) fn router(cinder: Arc<Cinder>) -> Router {
    let inner = mount(routes(), cinder.clone());
    Router::new().fallback_service(inner).layer(from_fn_with_state(cinder, without_project))
}

/// Collections that may come first behind `/v3/`; what else comes first is a project.
const COLLECTIONS: [&str; 23] = [
    "attachments",
    "backups",
    "capabilities",
    "clusters",
    "default-types",
    "extensions",
    "group_types",
    "groups",
    "limits",
    "messages",
    "os-availability-zone",
    "os-hosts",
    "os-quota-class-sets",
    "os-quota-sets",
    "os-services",
    "os-volume-transfer",
    "qos-specs",
    "scheduler-stats",
    "snapshots",
    "types",
    "volume-transfers",
    "volumes",
    "workers",
];

/// `/v3/PROJECT/volumes` is `/v3/volumes`, if the project is the token's. A token that is none is for the edge to refuse.
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
    let foreign = caller.is_some_and(|caller| caller.project_id() != Some(project));
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = if foreign { versions::MALFORMED.to_owned() } else { format!("/v3/{rest}{query}") };
    match path.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return http::StatusCode::BAD_REQUEST.into_response(),
    }
    if foreign {
        *request.method_mut() = http::Method::GET;
    }
    next.run(request).await
}

/// The schema of a boolean in OpenStack's generous spelling.
pub(crate) fn boolean(_: platform::wire::Version) -> serde_json::Value {
    serde_json::json!({"enum": [
        true, false, null, "true", "false", "True", "False", "TRUE", "FALSE", "1", "0", 1, 0, "t", "f", "on", "off", "yes", "no", "y", "n"]})
}

/// The same where it must be given.
pub(crate) fn truth_schema(version: platform::wire::Version) -> serde_json::Value {
    serde_json::json!({"allOf": [boolean(version), {"not": {"type": "null"}}]})
}

/// What such a boolean says; nothing, when it was not given.
pub(crate) fn truth(value: &serde_json::Value) -> Option<bool> {
    use serde_json::Value;
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => Some(number.as_i64() == Some(1)),
        Value::String(text) => {
            Some(matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "t" | "on" | "yes" | "y"))
        }
        _ => None,
    }
}
