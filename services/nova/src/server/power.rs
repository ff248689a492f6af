//! Off, on, again; paused and suspended.

use contracts::{hosts::HostRequest, machine::Urgency};
use platform::reconcile::{Next, StepError};

use super::{
    machine,
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{Nova, model::server::Model};

/// What a task asks of the host, and what it leaves.
struct Plan {
    action: (&'static str, &'static str),
    event: &'static str,
    state: VmState,
    power: Power,
}

fn plan(task: Task) -> Option<Plan> {
    let (action, event, state, power) = match task {
        Task::PoweringOff => (
            ("stop", "compute_stop_instance"),
            "compute.instance.power_off.end",
            VmState::Stopped,
            Power::Shutdown,
        ),
        Task::PoweringOn => (
            ("start", "compute_start_instance"),
            "compute.instance.power_on.end",
            VmState::Active,
            Power::Running,
        ),
        Task::Rebooting | Task::RebootingHard => (
            ("reboot", "compute_reboot_instance"),
            "compute.instance.reboot.end",
            VmState::Active,
            Power::Running,
        ),
        Task::Pausing => (
            ("pause", "compute_pause_instance"),
            "compute.instance.pause.end",
            VmState::Paused,
            Power::Paused,
        ),
        Task::Unpausing => (
            ("unpause", "compute_unpause_instance"),
            "compute.instance.unpause.end",
            VmState::Active,
            Power::Running,
        ),
        // The machine keeps its memory on its host: its processors stand still.
        Task::Suspending => (
            ("suspend", "compute_suspend_instance"),
            "compute.instance.suspend.end",
            VmState::Suspended,
            Power::Suspended,
        ),
        Task::Resuming => (
            ("resume", "compute_resume_instance"),
            "compute.instance.resume.end",
            VmState::Active,
            Power::Running,
        ),
        _ => return None,
    };
    Some(Plan { action, event, state, power })
}

/// Does what the task says.
pub async fn step(nova: &Nova, server: &Model, task: Task, attempt: u32) -> Result<Next, StepError> {
    let Some(plan) = plan(task) else {
        return Err(StepError::new(format!("no step for the task {}", task.name())));
    };
    let Some(host) = server.host.as_deref() else {
        return refuse(nova, server, task, &plan, "the server has no host").await;
    };
    let request = match request(nova, server, task, host).await {
        Ok(request) => request,
        Err(error) if attempt < record::PATIENCE => return Err(error.into()),
        Err(error) => return refuse(nova, server, task, &plan, &error.to_string()).await,
    };
    match nova.hosts.ask(host, request).await {
        Ok(_) => {
            let end = End::well(plan.action, plan.event).at(plan.state, plan.power);
            record::end(nova, server, task, end).await
        }
        Err(error) => match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => refuse(nova, server, task, &plan, &reason).await,
        },
    }
}

async fn request(
    nova: &Nova,
    server: &Model,
    task: Task,
    host: &str,
) -> Result<HostRequest, contracts::CallError> {
    let soft = Urgency::Soft { grace: nova.config.shutdown_timeout };
    let id = server.id;
    Ok(match task {
        Task::PoweringOff => {
            // A machine that stands still can't shut itself down.
            let still = matches!(server.state(), VmState::Paused | VmState::Suspended | VmState::Error);
            HostRequest::Stop { id, urgency: if still { Urgency::Hard } else { soft } }
        }
        Task::PoweringOn => HostRequest::Start { spec: machine::current(nova, server, host).await? },
        Task::Rebooting => {
            HostRequest::Reboot { spec: machine::current(nova, server, host).await?, urgency: soft }
        }
        Task::RebootingHard if server.power() == Power::Shutdown => {
            HostRequest::Start { spec: machine::current(nova, server, host).await? }
        }
        Task::RebootingHard => {
            HostRequest::Reboot { spec: machine::current(nova, server, host).await?, urgency: Urgency::Hard }
        }
        Task::Pausing | Task::Suspending => HostRequest::Pause { id, paused: true },
        _ => HostRequest::Pause { id, paused: false },
    })
}

/// It was not done: the server stays what it was, and the action says that it failed.
async fn refuse(
    nova: &Nova,
    server: &Model,
    task: Task,
    plan: &Plan,
    reason: &str,
) -> Result<Next, StepError> {
    tracing::warn!(server = %server.id, host = server.host, task = task.name(), reason, "a host did not do it");
    if matches!(task, Task::Rebooting | Task::RebootingHard) {
        let message = "Failed to reboot instance";
        return record::fail(nova, server, task, plan.action, 500, message, reason).await;
    }
    let end = End {
        failure: Some("The host could not do it.".into()),
        ..End::well(plan.action, "compute.instance.error")
    };
    record::end(nova, server, task, end).await
}
