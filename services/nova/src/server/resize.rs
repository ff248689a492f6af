//! Another flavor, on the same host: stop, start as specified anew, and wait for the owner's word.
//!
//! Until that word the allocation is the greater of both flavors, so that going back is always possible.

use contracts::{
    CallError,
    hosts::{HostError, HostRequest},
    machine::Urgency,
    placement::Resources,
};
use platform::reconcile::{Next, StepError};

use super::{
    rebuild,
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{
    Nova,
    model::{
        flavor::Snapshot,
        host,
        server::{Model, TaskDetails},
    },
    scheduler,
};

const RESIZE: (&str, &str) = ("resize", "compute_finish_resize");

/// Gives the machine the new flavor, which the row names by now.
pub async fn prepare(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let task = Task::ResizePrep;
    let (Some(host), Some(old)) = (server.host.as_deref(), &server.old_flavor) else {
        return record::fail(nova, server, task, RESIZE, 500, "There is nothing to resize.", "").await;
    };
    let local = server.image_id.is_some();
    let both = greater(scheduler::resources(&server.flavor, local), scheduler::resources(old, local));
    match allocate(nova, server, host, &both).await {
        Ok(()) => {}
        Err(CallError::Conflict(_)) => return back_out(nova, server, old).await,
        Err(error) => return Err(error.into()),
    }
    let outcome = restart(nova, server, host).await;
    if let Err(error) = outcome {
        return match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => {
                record::fail(nova, server, task, RESIZE, 500, "Failed to resize instance.", &reason).await
            }
        };
    }
    let power = if was_stopped(server) { Power::Shutdown } else { Power::Running };
    let end = End::well(RESIZE, "compute.instance.finish_resize.end").at(VmState::Resized, power);
    let kept = TaskDetails { resume: server.details().resume, ..Default::default() };
    record::end(nova, server, task, End { kept: Some(kept), ..end }).await
}

/// The owner keeps the new flavor.
pub async fn confirm(nova: &Nova, server: &Model) -> Result<Next, StepError> {
    if let Some(host) = server.host.as_deref() {
        let own = scheduler::resources(&server.flavor, server.image_id.is_some());
        allocate(nova, server, host, &own).await?;
    }
    let end = End::well(("confirmResize", "compute_confirm_resize"), "compute.instance.resize.confirm.end");
    let end = settled(server, end);
    record::end_with(nova, server, Task::ResizeConfirming, end, |row| row.old_flavor = None).await
}

/// The owner wants the old flavor back, which the row names again by now.
pub async fn revert(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("revertResize", "compute_revert_resize");
    let task = Task::ResizeReverting;
    let Some(host) = server.host.as_deref() else {
        return record::fail(nova, server, task, action, 500, "There is nothing to revert.", "").await;
    };
    let Some(old) = &server.old_flavor else {
        return record::fail(nova, server, task, action, 500, "There is nothing to revert.", "").await;
    };
    let mut before = server.clone();
    before.set_flavor(old);
    if let Err(error) = restart(nova, &before, host).await {
        return match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => {
                record::fail(nova, server, task, action, 500, "Failed to revert the resize.", &reason).await
            }
        };
    }
    let own = scheduler::resources(old, server.image_id.is_some());
    allocate(nova, server, host, &own).await?;
    let end = settled(server, End::well(action, "compute.instance.resize.revert.end"));
    record::end_with(nova, server, task, end, |row| take_flavor(row, old)).await
}

/// The host has no room: the server stays what it was, and the action says so.
async fn back_out(nova: &Nova, server: &Model, old: &Snapshot) -> Result<Next, StepError> {
    let end = End {
        failure: Some("No valid host was found. There are not enough hosts available.".into()),
        ..End::well(("resize", "cold_migrate"), "compute.instance.error")
    };
    record::end_with(nova, server, Task::ResizePrep, end, |row| take_flavor(row, old)).await
}

/// It has that flavor, and no other that it may go back to.
fn take_flavor(row: &mut Model, flavor: &Snapshot) {
    row.old_flavor = None;
    row.set_flavor(flavor);
}

fn was_stopped(server: &Model) -> bool {
    server.details().resume.as_deref() == Some(VmState::Stopped.name())
}

fn settled<'a>(server: &Model, end: End<'a>) -> End<'a> {
    match was_stopped(server) {
        true => end.at(VmState::Stopped, Power::Shutdown),
        false => end.at(VmState::Active, Power::Running),
    }
}

async fn restart(nova: &Nova, server: &Model, host: &str) -> Result<(), HostError> {
    let id = server.id;
    let urgency = Urgency::Soft { grace: nova.config.shutdown_timeout };
    match nova.hosts.ask(host, HostRequest::Stop { id, urgency }).await {
        Ok(_) | Err(HostError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    rebuild::start(nova, server, host).await?;
    if was_stopped(server) {
        nova.hosts.ask(host, HostRequest::Stop { id, urgency: Urgency::Hard }).await?;
    }
    Ok(())
}

async fn allocate(nova: &Nova, server: &Model, name: &str, wanted: &Resources) -> Result<(), CallError> {
    let row = host::by_name(nova.db.read(), name)
        .await
        .map_err(|error| CallError::unavailable("database", error))?
        .ok_or_else(|| CallError::NotFound(format!("Compute host {name} could not be found.")))?;
    nova.placement.allocate(server.id, &server.project_id, &server.user_id, row.provider, wanted).await
}

fn greater(mut a: Resources, b: Resources) -> Resources {
    for (class, amount) in b {
        let kept = a.entry(class).or_default();
        *kept = (*kept).max(amount);
    }
    a
}
