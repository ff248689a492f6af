//! Start, stop, reboot, pause, suspend.

use axum::response::Response;
use platform::{Body, http::Fault};
use serde::Deserialize;

use super::{Asked, Request};
use crate::{
    error::NovaError,
    server::state::{Task, VmState},
};

/// `os-start`
pub async fn start(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::PoweringOn,
            action: "start",
            states: &[VmState::Stopped],
            over: &[],
            event: "compute.instance.power_on.start",
        })
        .await
}

/// `os-stop`
pub async fn stop(asked: Asked) -> Result<Response, Fault> {
    launched(&asked, "stop")?;
    asked
        .task(&Request {
            task: Task::PoweringOff,
            action: "stop",
            states: &[VmState::Active, VmState::Error],
            over: &[],
            event: "compute.instance.power_off.start",
        })
        .await
}

/// What never ran can't be stopped.
fn launched(asked: &Asked, action: &'static str) -> Result<(), NovaError> {
    match (asked.server.state(), asked.server.launched_at) {
        (VmState::Error, None) => Err(NovaError::InvalidState {
            action,
            id: asked.server.id.to_string(),
            attribute: "launched_at",
            state: "None".into(),
        }),
        _ => Ok(()),
    }
}

#[derive(Deserialize, Body)]
#[body(wrap = "reboot")]
struct Reboot {
    #[body(one_of = ["HARD", "Hard", "hard", "SOFT", "Soft", "soft"])]
    r#type: String,
}

/// `reboot`
pub async fn reboot(asked: Asked) -> Result<Response, Fault> {
    let hard = asked.read::<Reboot>()?.r#type.eq_ignore_ascii_case("hard");
    launched(&asked, "reboot")?;
    let event = "compute.instance.reboot.start";
    let request = if hard {
        Request {
            task: Task::RebootingHard,
            action: "reboot",
            states: &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended, VmState::Error],
            over: &[Task::Rebooting, Task::RebootingHard, Task::Pausing, Task::Suspending, Task::Resuming],
            event,
        }
    } else {
        Request { task: Task::Rebooting, action: "reboot", states: &[VmState::Active], over: &[], event }
    };
    asked.task(&request).await
}

/// `pause`
pub async fn pause(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::Pausing,
            action: "pause",
            states: &[VmState::Active],
            over: &[],
            event: "compute.instance.pause.start",
        })
        .await
}

/// `unpause`
pub async fn unpause(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::Unpausing,
            action: "unpause",
            states: &[VmState::Paused],
            over: &[],
            event: "compute.instance.unpause.start",
        })
        .await
}

/// `suspend`
pub async fn suspend(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::Suspending,
            action: "suspend",
            states: &[VmState::Active],
            over: &[],
            event: "compute.instance.suspend.start",
        })
        .await
}

/// `resume`
pub async fn resume(asked: Asked) -> Result<Response, Fault> {
    asked
        .task(&Request {
            task: Task::Resuming,
            action: "resume",
            states: &[VmState::Suspended],
            over: &[],
            event: "compute.instance.resume.start",
        })
        .await
}
