//! Resize, confirm, revert.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use platform::{Body, http::Fault, wire::Version};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{super::servers::fits, Asked, Request};
use crate::{
    error::NovaError,
    model::{
        flavor::{self, Snapshot},
        server::TaskDetails,
    },
    server::state::{Task, VmState},
};

fn flavor_ref(_: Version) -> Value {
    json!({"type": ["string", "integer"], "minLength": 1})
}

#[derive(Deserialize, Body)]
#[body(wrap = "resize")]
struct Resize {
    #[serde(rename = "flavorRef")]
    #[body(schema = flavor_ref)]
    flavor: Value,
    #[serde(rename = "OS-DCF:diskConfig")]
    #[body(one_of = ["AUTO", "MANUAL"])]
    disk_config: Option<String>,
}

/// `resize`
pub async fn resize(mut asked: Asked) -> Result<Response, Fault> {
    let body: Resize = asked.read()?;
    let (cx, server) = (&asked.cx, &asked.server);
    let text = match &body.flavor {
        Value::String(text) => text.rsplit('/').next().unwrap_or(text).to_owned(),
        other => other.to_string(),
    };
    let project = cx.caller.project_id().filter(|_| !cx.is_admin());
    let flavor = flavor::usable(cx.service.db.read(), &text, project).await?;
    let flavor = flavor.ok_or_else(|| Fault::bad_request(NovaError::FlavorNotFound(text)))?;
    if flavor.id == server.flavor_id {
        return Err(Fault::bad_request("When resizing, instances must change flavor!"));
    }
    let local = server.image_id.is_some();
    if local && flavor.root_gb < server.root_gb {
        let message = match flavor.root_gb {
            0 => "Resize to zero disk flavor is not allowed.",
            _ => "Unable to resize disk down.",
        };
        return Err(Fault::bad_request(message));
    }
    let new = Snapshot::from(&flavor);
    fits(cx, None, &new, local)?;
    if let Some(image) = &server.image
        && new.memory_mb < i64::try_from(image.min_ram).unwrap_or(i64::MAX)
    {
        return Err(Fault::bad_request("Flavor's memory is too small for requested image."));
    }
    let more = vec![("cores", new.vcpus - server.vcpus), ("ram", new.memory_mb - server.memory_mb)];
    let details = TaskDetails { resume: Some(server.vm_state.clone()), ..TaskDetails::default() };
    let request = Request {
        task: Task::ResizePrep,
        action: "resize",
        states: &[VmState::Active, VmState::Stopped],
        over: &[],
        event: "compute.instance.resize.prep.start",
    };
    asked.more = more;
    asked
        .task_with(&request, |row| {
            row.task = Some(details);
            row.old_flavor = Some(row.flavor.clone());
            row.set_flavor(&new);
            if let Some(config) = body.disk_config {
                row.disk_config = config;
            }
        })
        .await
}

/// `confirmResize`
pub async fn confirm(asked: Asked) -> Result<Response, Fault> {
    let request = Request {
        task: Task::ResizeConfirming,
        action: "confirmResize",
        states: &[VmState::Resized],
        over: &[],
        event: "compute.instance.resize.confirm.start",
    };
    asked.task(&request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `revertResize`
pub async fn revert(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::ResizeReverting,
            action: "revertResize",
            states: &[VmState::Resized],
            over: &[],
            event: "compute.instance.resize.revert.start",
        })
        .await
}
