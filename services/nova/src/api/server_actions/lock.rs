//! Lock and unlock.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use platform::{
    db::owned::Owned,
    http::Fault,
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Asked;
use crate::model::{instance_action, server};

#[derive(Deserialize)]
struct Lock(Option<Reason>);

#[derive(Deserialize)]
struct Reason {
    locked_reason: String,
}

impl Schema for Lock {
    fn schema(version: Version) -> Value {
        if version < Version::new(2, 73) {
            return json!({});
        }
        json!({"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"locked_reason": {"type": "string", "minLength": 1, "maxLength": 255}},
             "required": ["locked_reason"], "additionalProperties": false},
        ]})
    }
    const WRAP: Option<&'static str> = Some("lock");
}

/// `lock`
pub async fn lock(asked: Asked) -> Result<Response, Fault> {
    let reason = match asked.cx.version < Version::new(2, 73) {
        true => None,
        false => asked.read::<Lock>()?.0.map(|reason| reason.locked_reason),
    };
    let owner = asked.cx.caller.project_id() == Some(&asked.server.project_id);
    record(&asked, Some(if owner { "owner" } else { "admin" }), reason).await
}

/// `unlock`
pub async fn unlock(asked: Asked) -> Result<Response, Fault> {
    if asked.server.locked_by.as_deref() == Some("admin") {
        asked
            .cx
            .allow_rule("os_compute_api:os-lock-server:unlock:unlock_override", &asked.server.target())?;
    }
    record(&asked, None, None).await
}

async fn record(asked: &Asked, by: Option<&str>, reason: Option<String>) -> Result<Response, Fault> {
    let (action, event) = match by {
        Some(_) => ("lock", "compute.instance.lock"),
        None => ("unlock", "compute.instance.unlock"),
    };
    let mut tx = asked.cx.service.db.write().await?;
    server::lock(&tx, &asked.server, by, reason).await?;
    instance_action::begin(&tx, &asked.server, action, &asked.cx).await?;
    tx.emit(asked.cx.event(event, asked.server.id));
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
