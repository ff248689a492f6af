//! How a step's end is written down: on the condition that the task is still the one that the step was for.

use chrono::Utc;
use contracts::hosts::HostError;
use platform::{
    events::Event,
    reconcile::{Next, StepError},
};

use super::state::{Power, Task, VmState};
use crate::{
    Nova,
    model::{
        instance_action, resize,
        server::{self, Model, ServerFault, TaskDetails},
    },
};

/// How often a step is tried again before the task is given up.
pub const PATIENCE: u32 = 5;

/// What a finished task leaves.
pub struct End<'a> {
    /// The state it leaves, if it changes.
    pub state: Option<VmState>,
    /// What the machine does now, if that is known.
    pub power: Option<Power>,
    /// The action and its event, as the API lists them.
    pub action: (&'a str, &'a str),
    /// The notification.
    pub event: &'static str,
    /// Why it failed, fit for users; `None` when it did not.
    pub failure: Option<String>,
    /// What a later task must know.
    pub kept: Option<TaskDetails>,
}

impl<'a> End<'a> {
    /// It went well.
    pub fn well(action: (&'a str, &'a str), event: &'static str) -> Self {
        Self { state: None, power: None, action, event, failure: None, kept: None }
    }

    /// The state it leaves, and what the machine does.
    pub fn at(self, state: VmState, power: Power) -> Self {
        Self { state: Some(state), power: Some(power), ..self }
    }
}

/// Ends a task.
pub async fn end(nova: &Nova, server: &Model, task: Task, end: End<'_>) -> Result<Next, StepError> {
    end_with(nova, server, task, end, |_| {}).await
}

/// Ends a task and changes more of the row with it.
pub async fn end_with(
    nova: &Nova,
    server: &Model,
    task: Task,
    end: End<'_>,
    more: impl FnOnce(&mut Model) + Send,
) -> Result<Next, StepError> {
    let mut tx = nova.db.write().await?;
    let recorded = server::change(&tx, server, |row| {
        row.task_state = None;
        row.task = end.kept;
        if let Some(state) = end.state {
            row.vm_state = state.name().to_owned();
        }
        if let Some(power) = end.power {
            row.power_state = power as i32;
        }
        if end.failure.is_none() && end.state.is_some_and(|state| state != VmState::Error) {
            row.fault = None;
        }
        more(row);
    });
    if !recorded.await? {
        return Ok(Next::Now);
    }
    let failure = end.failure.as_deref();
    instance_action::finish(&tx, server, end.action, failure).await?;
    resize::end(&tx, server, task, failure.is_some()).await?;
    tx.emit(Event::new(end.event, server.id).project(server.project_id.as_str()));
    tx.commit().await?;
    Ok(Next::Now)
}

/// Ends a task in ERROR, with a fault that says why.
pub async fn fail(
    nova: &Nova,
    server: &Model,
    task: Task,
    action: (&str, &str),
    code: u16,
    message: &str,
    details: &str,
) -> Result<Next, StepError> {
    tracing::warn!(server = %server.id, task = task.name(), message, details, "a server failed");
    let fault = fault(code, message, details);
    let end = End {
        state: Some(VmState::Error),
        power: None,
        action,
        event: "compute.instance.error",
        failure: Some(message.to_owned()),
        kept: None,
    };
    end_with(nova, server, task, end, |row| row.fault = Some(fault)).await
}

fn fault(code: u16, message: &str, details: &str) -> ServerFault {
    ServerFault {
        code,
        message: message.chars().take(255).collect(),
        details: details.to_owned(),
        created: Utc::now(),
    }
}

/// What a host's error means for a step.
pub enum Verdict {
    /// Ask again.
    Again(StepError),
    /// It won't be done.
    Never(String),
}

/// Judges a host's error: what may pass is asked again, for a while.
pub fn judge(error: HostError, attempt: u32) -> Verdict {
    match error {
        HostError::Away { .. } | HostError::Failed { .. } if attempt < PATIENCE => {
            Verdict::Again(StepError::new(error))
        }
        error => Verdict::Never(error.to_string()),
    }
}
