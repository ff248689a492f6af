//! An image of a server's first disk; and shelving, which keeps only that.

use std::collections::BTreeMap;

use contracts::{CallError, hosts::HostRequest};
use platform::reconcile::{Next, StepError};
use uuid::Uuid;

use super::{
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{
    Nova,
    model::{
        attachment,
        server::{self, ImageSnapshot, Model, Rotation},
    },
};

/// Fills the image that the request made. A backup then takes the place of the oldest ones of its kind.
pub async fn step(nova: &Nova, server: &Model, task: Task, attempt: u32) -> Result<Next, StepError> {
    let action = match task {
        Task::ImageBackup => ("createBackup", "compute_backup_instance"),
        _ => ("createImage", "compute_snapshot_instance"),
    };
    let details = server.details();
    let failure = fill(nova, server, details.snapshot, attempt).await?;
    if let (None, Some(rotation)) = (&failure, &details.rotation) {
        rotate(nova, server, rotation).await?;
    }
    let end = End { failure, ..End::well(action, "compute.instance.snapshot.end") };
    record::end(nova, server, task, end).await
}

/// Deletes the oldest backups of that kind, so that as many are left as are to be kept. Only those of the project that
/// asks count: others can't push its backups out by making images that claim to be some.
async fn rotate(nova: &Nova, server: &Model, rotation: &Rotation) -> Result<(), StepError> {
    let asker = &rotation.origin.0;
    let wanted = BTreeMap::from([
        ("image_type".to_owned(), "backup".to_owned()),
        ("backup_type".to_owned(), rotation.kind.clone()),
        ("instance_uuid".to_owned(), server.id.to_string()),
    ]);
    let backups = nova.images.having(asker, &wanted).await?;
    let excess = backups.len().saturating_sub(rotation.keep);
    for old in backups.iter().take(excess) {
        match nova.images.delete(asker, old.id).await {
            Ok(()) | Err(CallError::NotFound(_)) => {}
            Err(error @ CallError::Unavailable { .. }) => return Err(error.into()),
            // Its owner protects it, or it is in use: it stays, and the others still go.
            Err(error) => tracing::info!(server = %server.id, image = %old.id, %error, "an old backup stays"),
        }
    }
    Ok(())
}

/// Copies the first disk into the image; why it could not be, for users.
async fn fill(
    nova: &Nova,
    server: &Model,
    image: Option<Uuid>,
    attempt: u32,
) -> Result<Option<String>, StepError> {
    let (Some(host), Some(image)) = (server.host.as_deref(), image) else {
        return Ok(Some("There is nothing to take an image of.".into()));
    };
    let device = root_device(nova, server).await?;
    let request = HostRequest::Snapshot { id: server.id, device, image };
    match nova.hosts.ask(host, request).await {
        Ok(_) => Ok(None),
        Err(error) => match record::judge(error, attempt) {
            Verdict::Again(error) => Err(error),
            Verdict::Never(reason) => {
                tracing::warn!(server = %server.id, %image, reason, "an image could not be taken");
                nova.images.discard(image).await?;
                Ok(Some("The host could not take an image.".into()))
            }
        },
    }
}

async fn root_device(nova: &Nova, server: &Model) -> Result<String, StepError> {
    let disks = attachment::of(nova.db.read(), server).await?;
    let root = disks.iter().find(|disk| disk.boot_index == Some(0)).or(disks.first());
    Ok(root.and_then(|disk| disk.device.clone()).unwrap_or_else(|| "vda".into()))
}

/// Takes an image, then leaves the host.
pub async fn shelve(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("shelve", "compute_shelve_instance");
    if server.image_id.is_some()
        && let Some(failure) = fill(nova, server, server.details().shelved, attempt).await?
    {
        let end = End { failure: Some(failure), ..End::well(action, "compute.instance.error") };
        return record::end(nova, server, Task::Shelving, end).await;
    }
    let tx = nova.db.write().await?;
    server::change(&tx, server, |row| {
        row.task_state = Some(Task::ShelvingOffloading.name().into());
        row.vm_state = VmState::Shelved.name().into();
    })
    .await?;
    tx.commit().await?;
    Ok(Next::Now)
}

/// Leaves the host: machine and allocation go, ports and volumes stay the server's.
pub async fn offload(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    if let Some(host) = server.host.as_deref()
        && let Err(error) = nova.hosts.ask(host, HostRequest::Remove { id: server.id }).await
        && let Verdict::Again(error) = record::judge(error, attempt)
    {
        return Err(error);
    }
    nova.placement.release(server.id).await?;
    let details = server.details();
    let end = End::well(("shelve", "compute_shelve_offload_instance"), "compute.instance.shelve_offload.end")
        .at(VmState::ShelvedOffloaded, Power::Shutdown);
    // What was taken is remembered where unshelving looks for it.
    let kept = server::TaskDetails { shelved: details.shelved, ..Default::default() };
    let end = End { kept: Some(kept), ..end };
    record::end_with(nova, server, Task::ShelvingOffloading, end, |row| row.host = None).await
}

/// Builds it again somewhere, from the image that shelving took.
pub async fn unshelve(nova: &Nova, server: &Model) -> Result<Next, StepError> {
    let details = server.details();
    let mut image = server.image.clone();
    if let (Some(id), Some(own)) = (details.shelved, &server.image) {
        let taken = match nova.images.open(id).await {
            Ok((taken, _)) => taken,
            Err(error @ CallError::Unavailable { .. }) => return Err(error.into()),
            Err(error) => {
                let action = ("unshelve", "compute_unshelve_instance");
                let message = "The image that was taken when the instance was shelved can not be used.";
                let why = error.to_string();
                return record::fail(nova, server, Task::Unshelving, action, 404, message, &why).await;
            }
        };
        image = Some(ImageSnapshot {
            id,
            disk_format: taken.disk_format.unwrap_or_else(|| "qcow2".into()),
            sha512: taken.sha512.unwrap_or_default(),
            ..own.clone()
        });
    }
    let tx = nova.db.write().await?;
    server::change(&tx, server, |row| {
        row.task_state = Some(Task::Scheduling.name().into());
        row.image = image;
    })
    .await?;
    tx.commit().await?;
    Ok(Next::Now)
}

/// Deletes what shelving took, which is of no use any more. Whatever keeps it from going does not keep the server.
pub async fn forget_shelved(nova: &Nova, server: &Model) {
    let Some(image) = server.details().shelved else { return };
    if let Err(error) = nova.images.discard(image).await {
        tracing::warn!(server = %server.id, %image, %error, "the image of a shelved server stays");
    }
}

/// Gives up the image of a snapshot that never came to be.
pub async fn forget_unfilled(nova: &Nova, server: &Model) -> Result<(), StepError> {
    let Some(image) = server.details().snapshot else { return Ok(()) };
    if let Err(CallError::Conflict(_)) = nova.images.open(image).await {
        nova.images.discard(image).await?;
    }
    Ok(())
}
