//! Another image in place of the disk: the same host, ports, volumes and id.

use contracts::hosts::{HostError, HostRequest};
use contracts::machine::Urgency;
use platform::reconcile::{Next, StepError};

use super::{
    machine,
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{Nova, model::server::Model};

const ACTION: (&str, &str) = ("rebuild", "compute_rebuild_instance");

/// Removes the machine with its disk and starts it from the image that the row names by now.
pub async fn step(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let task = Task::Rebuilding;
    let Some(host) = server.host.as_deref() else {
        return record::fail(nova, server, task, ACTION, 500, "The instance has no host.", "").await;
    };
    match remake(nova, server, host).await {
        Ok(()) => {}
        Err(error) => match record::judge(error, attempt) {
            Verdict::Again(error) => return Err(error),
            Verdict::Never(reason) => {
                let message = "Failed to rebuild instance.";
                return record::fail(nova, server, task, ACTION, 500, message, &reason).await;
            }
        },
    }
    let stopped = server.details().resume.as_deref() == Some(VmState::Stopped.name());
    let end = End::well(ACTION, "compute.instance.rebuild.end");
    let end = match stopped {
        true => end.at(VmState::Stopped, Power::Shutdown),
        false => end.at(VmState::Active, Power::Running),
    };
    record::end(nova, server, task, end).await
}

async fn remake(nova: &Nova, server: &Model, host: &str) -> Result<(), HostError> {
    match nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await {
        Ok(_) | Err(HostError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    start(nova, server, host).await?;
    if server.details().resume.as_deref() == Some(VmState::Stopped.name()) {
        nova.hosts.ask(host, HostRequest::Stop { id: server.id, urgency: Urgency::Hard }).await?;
    }
    Ok(())
}

/// Starts the machine as the rows have it.
pub async fn start(nova: &Nova, server: &Model, host: &str) -> Result<(), HostError> {
    let failed = |reason: String| HostError::Failed { reason };
    let spec = machine::current(nova, server, host).await.map_err(|error| failed(error.to_string()))?;
    nova.hosts.ask(host, HostRequest::Start { spec }).await?;
    Ok(())
}
