//! Rescue and unrescue.

use axum::response::Response;
use http::StatusCode;
use platform::{
    http::{Fault, json},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{super::servers::password, Asked, Request};
use crate::{
    error::NovaError,
    model::server::TaskDetails,
    server::state::{Task, VmState},
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    #[serde(rename = "adminPass")]
    admin_pass: Option<String>,
    rescue_image_ref: Option<Uuid>,
}

#[derive(Deserialize)]
struct Rescue(Option<Wanted>);

impl Schema for Rescue {
    fn schema(_: Version) -> Value {
        json!({"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {
                "adminPass": {"type": "string"},
                "rescue_image_ref": {"type": "string", "format": "uuid"},
             }, "additionalProperties": false},
        ]})
    }
    const WRAP: Option<&'static str> = Some("rescue");
}

/// `rescue`: from the image that is named, else from the server's own.
pub async fn rescue(asked: Asked) -> Result<Response, Fault> {
    let wanted = asked.read::<Rescue>()?.0.unwrap_or_default();
    let image = match (wanted.rescue_image_ref, asked.server.image_id) {
        (Some(id), _) => id,
        (None, Some(id)) => id,
        (None, None) => {
            let message = "Instance boots from a volume: an image to rescue it from must be named.";
            return Err(NovaError::Invalid(message.into()).into());
        }
    };
    let image =
        asked.cx.service.images.image(&asked.cx.caller, image).await.map_err(|error| match error {
            contracts::CallError::NotFound(_) => Fault::bad_request("Invalid rescue_image_ref provided."),
            error => Fault::from(error),
        })?;
    let details = TaskDetails { rescue_image: Some(image.id), ..TaskDetails::default() };
    let request = Request {
        task: Task::Rescuing,
        action: "rescue",
        states: &[VmState::Active, VmState::Stopped, VmState::Error],
        over: &[],
        event: "compute.instance.rescue.start",
    };
    asked.task_with(&request, |row| row.task = Some(details)).await?;
    let admin_pass = wanted.admin_pass.unwrap_or_else(password);
    json(StatusCode::OK, &json!({"adminPass": admin_pass}))
}

/// `unrescue`
pub async fn unrescue(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::Unrescuing,
            action: "unrescue",
            states: &[VmState::Rescued],
            over: &[],
            event: "compute.instance.unrescue.start",
        })
        .await
}
