//! An image of a server's first disk; and shelving, which keeps only that.

use contracts::hosts::HostRequest;
use platform::reconcile::{Next, StepError};
use sea_orm::sea_query::Expr;
use uuid::Uuid;

use super::{
    record::{self, End, Verdict},
    state::{Power, Task, VmState},
};
use crate::{
    Nova,
    model::{
        attachment, json,
        server::{self, Column, ImageSnapshot, Model},
    },
};

/// Fills the image that the request made.
pub async fn step(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("createImage", "compute_snapshot_instance");
    let failure = fill(nova, server, attempt).await?;
    let end = End { failure, ..End::well(action, "compute.instance.snapshot.end") };
    record::end(nova, server, Task::ImageSnapshot, end).await
}

/// Copies the first disk into the task's image; why it could not be, for users.
async fn fill(nova: &Nova, server: &Model, attempt: u32) -> Result<Option<String>, StepError> {
    let (Some(host), Some(image)) = (server.host.as_deref(), server.details().snapshot) else {
        return Ok(Some("There is nothing to take an image of.".into()));
    };
    let device = root_device(nova, server.id).await?;
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

async fn root_device(nova: &Nova, server: Uuid) -> Result<String, StepError> {
    let disks = attachment::of_server(nova.db.read(), server).await?;
    let root = disks.iter().find(|disk| disk.boot_index == Some(0)).or(disks.first());
    Ok(root.and_then(|disk| disk.device.clone()).unwrap_or_else(|| "vda".into()))
}

/// Takes an image, then leaves the host.
pub async fn shelve(nova: &Nova, server: &Model, attempt: u32) -> Result<Next, StepError> {
    let action = ("shelve", "compute_shelve_instance");
    if server.image_id.is_some()
        && let Some(failure) = fill(nova, server, attempt).await?
    {
        let end = End { failure: Some(failure), ..End::well(action, "compute.instance.error") };
        return record::end(nova, server, Task::Shelving, end).await;
    }
    let update = server::change(server.id, Some(Task::Shelving))
        .col_expr(Column::TaskState, Expr::value(Task::ShelvingOffloading.name()))
        .col_expr(Column::VmState, Expr::value(VmState::Shelved.name()));
    let tx = nova.db.write().await?;
    update.exec(&*tx).await?;
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
    record::end_with(nova, server, Task::ShelvingOffloading, end, |update| {
        // What was taken is remembered where unshelving looks for it.
        let kept = server::TaskDetails { snapshot: details.snapshot, ..Default::default() };
        update.col_expr(Column::Host, Expr::value(Option::<String>::None)).col_expr(Column::Task, json(&kept))
    })
    .await
}

/// Builds it again somewhere, from the image that shelving took.
pub async fn unshelve(nova: &Nova, server: &Model) -> Result<Next, StepError> {
    let mut details = server.details();
    let mut update = server::change(server.id, Some(Task::Unshelving))
        .col_expr(Column::TaskState, Expr::value(Task::Scheduling.name()));
    if let (Some(id), Some(image)) = (details.snapshot, &server.image) {
        let (taken, _) = nova.images.open(id).await?;
        let image = ImageSnapshot {
            id,
            disk_format: taken.disk_format.unwrap_or_else(|| "qcow2".into()),
            sha512: taken.sha512.unwrap_or_default(),
            ..image.clone()
        };
        update = update.col_expr(Column::Image, json(&image));
    }
    details.snapshot = None;
    let tx = nova.db.write().await?;
    update.col_expr(Column::Task, json(&details)).exec(&*tx).await?;
    tx.commit().await?;
    Ok(Next::Now)
}
