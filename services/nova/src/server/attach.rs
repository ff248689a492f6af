//! Disks and cards that come to, and go from, a server that is there.

use contracts::{
    CallError,
    hosts::{HostError, HostRequest},
};
use platform::{
    db::opened,
    reconcile::{Next, StepError},
};

use super::{
    addresses, build, machine,
    record::{self, Verdict},
    state::VmState,
};
use crate::{
    Nova,
    model::{
        attachment::{self, State},
        instance_action, interface,
        server::Model,
    },
};

/// Brings the server's disks and cards to what is wanted, one after another.
pub async fn step(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    // A build or a rebuild starts the machine with all that is wanted.
    if matches!(server.state(), VmState::Building | VmState::Error) && server.launched_at.is_none() {
        return Ok(Next::Done);
    }
    for disk in attachment::of(nova.db.read(), server).await? {
        match disk.state.as_str() {
            "wanted" => attach_disk(nova, server, &disk, attempt).await?,
            "detaching" => detach_disk(nova, server, &disk, attempt).await?,
            _ => {}
        }
    }
    for card in interface::of(nova.db.read(), server).await? {
        match card.state.as_str() {
            "wanted" => attach_card(nova, server, &card, attempt).await?,
            "detaching" => detach_card(nova, server, &card, attempt).await?,
            _ => {}
        }
    }
    Ok(Next::Done)
}

/// Asks the server's host. A server without one has no machine that would need to know.
async fn ask(
    nova: &Nova,
    server: &Model,
    request: HostRequest,
    attempt: u32,
) -> Result<Result<(), String>, StepError> {
    let Some(host) = server.host.as_deref() else { return Ok(Ok(())) };
    match nova.hosts.ask(host, request).await {
        Ok(_) => Ok(Ok(())),
        Err(error @ HostError::NotFound { .. }) => Ok(Err(error.to_string())),
        Err(error) => match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => Ok(Err(reason)),
        },
    }
}

/// How a host says that it has no such machine or device.
const ABSENT: &str = "is not on the host";

/// A machine that the host does not have (it lost its machines, and starts them again) is made with all that is wanted.
fn unless_absent(outcome: Result<(), String>) -> Result<(), String> {
    outcome.or_else(|reason| if reason.ends_with(ABSENT) { Ok(()) } else { Err(reason) })
}

async fn attach_disk(
    nova: &Nova,
    server: &Model,
    row: &attachment::Model,
    attempt: u32,
) -> Result<(), StepError> {
    let action = ("attach_volume", "compute_attach_volume");
    let Some(volume) = row.volume_id else { return Ok(()) };
    let asker = row.origin.as_ref().unwrap_or(&server.origin);
    let outcome = match nova.volumes.reserve(&asker.0, row.id, volume, server.id).await {
        Ok(()) => match &server.host {
            Some(host) => match machine::disk(nova, server, row, host).await {
                Ok(disk) => {
                    let request = HostRequest::AttachDisk { id: server.id, disk };
                    unless_absent(ask(nova, server, request, attempt).await?)
                }
                Err(error) => Err(lasting(error)?),
            },
            None => Ok(()),
        },
        Err(error) => Err(lasting(error)?),
    };
    let mut failure = outcome.err();
    if failure.is_none() && server.host.is_some() {
        let device = format!("/dev/{}", row.device.as_deref().unwrap_or("vdb"));
        failure = match nova.volumes.complete(row.id, &device).await {
            Ok(()) => None,
            Err(error) => Some(lasting(error)?),
        };
    }
    if failure.is_some() {
        nova.volumes.detach(row.id).await?;
    }
    let tx = nova.db.write().await?;
    match &failure {
        None => {
            attachment::turn(&tx, row, State::Wanted, State::Attached).await?;
        }
        Some(reason) => {
            tracing::warn!(server = %server.id, %volume, reason, "a volume could not be attached");
            opened::delete(&tx, row).await?;
        }
    }
    finish(&tx, server, action, failure.as_deref()).await?;
    tx.commit().await?;
    Ok(())
}

async fn detach_disk(
    nova: &Nova,
    server: &Model,
    row: &attachment::Model,
    attempt: u32,
) -> Result<(), StepError> {
    let action = ("detach_volume", "compute_detach_volume");
    let device = row.device.clone().unwrap_or_default();
    let outcome = ask(nova, server, HostRequest::DetachDisk { id: server.id, device }, attempt).await?;
    let gone = match outcome {
        Ok(()) => None,
        // The machine, or the disk in it, is not there: there is nothing to let go of.
        Err(reason) if reason.ends_with(ABSENT) => None,
        Err(reason) => Some(reason),
    };
    if gone.is_none() {
        nova.volumes.detach(row.id).await?;
    }
    let tx = nova.db.write().await?;
    match &gone {
        None => {
            opened::delete(&tx, row).await?;
        }
        Some(reason) => {
            tracing::warn!(server = %server.id, reason, "a volume could not be detached");
            attachment::turn(&tx, row, State::Detaching, State::Attached).await?;
        }
    }
    finish(&tx, server, action, gone.as_deref()).await?;
    tx.commit().await?;
    Ok(())
}

async fn attach_card(
    nova: &Nova,
    server: &Model,
    row: &interface::Model,
    attempt: u32,
) -> Result<(), StepError> {
    let action = ("attach_interface", "compute_attach_interface");
    let outcome = match &server.host {
        None => Ok(()),
        Some(host) => match build::port(nova, server, row, host).await {
            Ok(port) => {
                let request = HostRequest::AttachNic { id: server.id, nic: machine::nic(&port) };
                unless_absent(ask(nova, server, request, attempt).await?)
            }
            Err(error) => Err(lasting(error)?),
        },
    };
    if outcome.is_err() {
        give_back(nova, server, row).await?;
    }
    let tx = nova.db.write().await?;
    match &outcome {
        Ok(()) => {
            interface::turn(&tx, row, State::Wanted, State::Attached).await?;
        }
        Err(reason) => {
            tracing::warn!(server = %server.id, port = %row.port_id, reason, "a card could not be attached");
            opened::delete(&tx, row).await?;
        }
    }
    finish(&tx, server, action, outcome.err().as_deref()).await?;
    tx.commit().await?;
    addresses::refresh(nova, server.id).await
}

async fn detach_card(
    nova: &Nova,
    server: &Model,
    row: &interface::Model,
    attempt: u32,
) -> Result<(), StepError> {
    let action = ("detach_interface", "compute_detach_interface");
    let request = HostRequest::DetachNic { id: server.id, port: row.port_id };
    let failure = match ask(nova, server, request, attempt).await? {
        Err(reason) if !reason.ends_with(ABSENT) => Some(reason),
        _ => None,
    };
    if failure.is_none() {
        give_back(nova, server, row).await?;
    }
    let tx = nova.db.write().await?;
    match &failure {
        None => {
            opened::delete(&tx, row).await?;
        }
        Some(reason) => {
            tracing::warn!(server = %server.id, port = %row.port_id, reason, "a card could not be detached");
            interface::turn(&tx, row, State::Detaching, State::Attached).await?;
        }
    }
    finish(&tx, server, action, failure.as_deref()).await?;
    tx.commit().await?;
    addresses::refresh(nova, server.id).await
}

async fn give_back(nova: &Nova, server: &Model, row: &interface::Model) -> Result<(), CallError> {
    if row.made_by_nova {
        nova.networks.delete_port(row.port_id).await
    } else {
        nova.networks.release_port(row.port_id, server.id).await
    }
}

/// An error that stays is the outcome; one that passes is asked again.
fn lasting(error: CallError) -> Result<String, StepError> {
    match error {
        CallError::Unavailable { .. } => Err(error.into()),
        error => Ok(error.to_string()),
    }
}

async fn finish(
    tx: &platform::db::WriteTx,
    server: &Model,
    action: (&str, &str),
    failure: Option<&str>,
) -> Result<(), sea_orm::DbErr> {
    let shown = failure.map(|_| "The host or another service could not do it.");
    instance_action::finish(tx, server, action, shown).await
}
