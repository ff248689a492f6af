//! `os-getConsoleOutput`

use axum::response::Response;
use contracts::hosts::{HostError, HostReply, HostRequest};
use http::StatusCode;
use platform::{
    http::{Fault, json},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Asked;
use crate::error::NovaError;

#[derive(Deserialize, Default)]
struct ReadConsole {
    #[serde(default)]
    length: Option<Value>,
}

impl Schema for ReadConsole {
    fn schema(_: Version) -> Value {
        json!({"type": "object", "properties": {
            "length": {"type": ["integer", "string", "null"], "pattern": "^-?[0-9]+$", "minimum": -1},
        }, "additionalProperties": false})
    }
    const WRAP: Option<&'static str> = Some("os-getConsoleOutput");
}

/// What the guest wrote to its serial console.
pub async fn read(asked: Asked) -> Result<Response, Fault> {
    let body: ReadConsole = asked.read()?;
    let length = match &body.length {
        Some(Value::Number(number)) => number.as_i64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let not_ready = || NovaError::Conflict(format!("Instance {} is not ready", asked.server.id));
    let host = asked.server.host.as_deref().ok_or_else(not_ready)?;
    let lines = length.and_then(|lines| u32::try_from(lines).ok());
    if lines == Some(0) {
        return json(StatusCode::OK, &json!({"output": ""}));
    }
    let request = HostRequest::ConsoleLog { id: asked.server.id, lines };
    match asked.cx.service.hosts.ask(host, request).await {
        Ok(HostReply::Console { text }) => {
            let shown: String =
                text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
            json(StatusCode::OK, &json!({"output": shown}))
        }
        Ok(_) => Err(Fault::internal("a host answered something else than a console's text")),
        Err(HostError::NotFound { .. }) => Err(not_ready().into()),
        Err(error) => {
            tracing::warn!(server = %asked.server.id, host, %error, "a console could not be read");
            Err(Fault::conflict("The console log is not available at the moment."))
        }
    }
}
