//! What a host has, compared with what it should have.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use contracts::{
    hosts::HostRequest,
    machine::{MachineStatus, Power as Seen},
};
use platform::{
    db::owned::{Inside, Scope},
    events::Event,
    reconcile::StepError,
};
use uuid::Uuid;

use crate::{
    Nova,
    model::server::{self, Model},
    server::state::{Power, Task, VmState},
};

const HOST: Inside = Inside::because("a host tells of its machines, whosever they are");

/// Compares a host's machines with the rows. `returned`: it was away, so that machines may have stopped with it.
pub async fn machines(
    nova: &Nova,
    host: &str,
    machines: &[MachineStatus],
    listed_at: DateTime<Utc>,
    returned: bool,
) -> Result<(), StepError> {
    let there: HashMap<Uuid, Seen> = machines.iter().map(|machine| (machine.id, machine.power)).collect();
    let rows = server::on_host(nova.db.read(), &Scope::inside(&HOST), host).await?;
    // What changed since the list was made is news that the list does not have.
    for row in rows.iter().filter(|row| row.updated_at <= listed_at) {
        match there.get(&row.id) {
            Some(power) => known(nova, row, *power, returned).await?,
            None => missing(nova, row).await?,
        }
        if row.task_state.is_some() {
            nova.servers.wake(row.id);
        }
    }
    let own: std::collections::HashSet<Uuid> = rows.iter().map(|row| row.id).collect();
    let strangers: Vec<Uuid> = there.keys().filter(|id| !own.contains(id)).copied().collect();
    if strangers.is_empty() {
        return Ok(());
    }
    let elsewhere = server::recorded(nova.db.read(), &HOST, strangers.iter().copied()).await?;
    for id in strangers {
        // A row that says that the server is gone or somewhere else is reason enough; no row is a matter for an operator.
        if elsewhere.contains(&id) || nova.config.remove_unknown_machines {
            tracing::warn!(host, machine = %id, "a machine that should not be there is removed");
            if let Err(error) = nova.hosts.ask(host, HostRequest::Remove { id }).await {
                tracing::warn!(host, machine = %id, %error, "it could not be removed");
            }
        } else {
            tracing::warn!(host, machine = %id, "a machine is there of which Nova knows nothing; it is left alone");
        }
    }
    Ok(())
}

async fn known(nova: &Nova, row: &Model, power: Seen, returned: bool) -> Result<(), StepError> {
    let ran = row.state() == VmState::Active && row.task_state.is_none();
    let off = matches!(power, Seen::Off | Seen::Crashed);
    if ran && off && returned && nova.config.resume_guests_state_on_host_boot {
        return start_again(nova, row).await;
    }
    record(nova, row, power).await
}

/// The host has forgotten a machine that it should have: one that ran is made again, one that was off is when it is started.
async fn missing(nova: &Nova, row: &Model) -> Result<(), StepError> {
    if row.task_state.is_some() || row.launched_at.is_none() {
        return Ok(());
    }
    match row.state() {
        VmState::Active => {
            tracing::warn!(server = %row.id, host = row.host, "a machine is missing on its host and is made again");
            start_again(nova, row).await
        }
        VmState::Paused | VmState::Suspended => record(nova, row, Seen::Off).await,
        _ => Ok(()),
    }
}

async fn start_again(nova: &Nova, row: &Model) -> Result<(), StepError> {
    let tx = nova.db.write().await?;
    server::change(&tx, row, |row| row.task_state = Some(Task::PoweringOn.name().into())).await?;
    tx.commit().await?;
    nova.servers.wake(row.id);
    Ok(())
}

/// A machine changed by itself. While there is a task, the task's end is what counts.
pub async fn seen(nova: &Nova, host: &str, id: Uuid, power: Seen) -> Result<(), StepError> {
    let Ok(row) = server::find(nova.db.read(), id).await?.inside(&HOST) else { return Ok(()) };
    if row.host.as_deref() != Some(host) {
        tracing::warn!(host, server = %id, "a host told of a server that is not on it");
        return Ok(());
    }
    record(nova, &row, power).await
}

async fn record(nova: &Nova, row: &Model, seen: Seen) -> Result<(), StepError> {
    if row.task_state.is_some() || row.launched_at.is_none() {
        return Ok(());
    }
    let mut power = Power::seen(seen);
    // A suspended machine is one that stands still.
    if row.state() == VmState::Suspended && power == Power::Paused {
        power = Power::Suspended;
    }
    let state = match (row.state(), seen) {
        (VmState::Active | VmState::Paused | VmState::Suspended, Seen::Off | Seen::Crashed) => {
            VmState::Stopped
        }
        (VmState::Stopped, Seen::Running) => VmState::Active,
        (state, _) => state,
    };
    if state == row.state() && power as i32 == row.power_state {
        return Ok(());
    }
    tracing::info!(server = %row.id, was = row.vm_state, is = state.name(), "a machine changed by itself");
    let mut tx = nova.db.write().await?;
    server::change(&tx, row, |row| {
        row.vm_state = state.name().into();
        row.power_state = power as i32;
    })
    .await?;
    tx.emit(Event::new("compute.instance.update", row.id).project(row.project_id.as_str()));
    tx.commit().await?;
    Ok(())
}
