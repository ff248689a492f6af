//! One server: shown, changed, deleted.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Body, Cx, Fault};

use super::{
    super::{lenient::address, lookup},
    body::UpdateServer,
    view::{self, Surroundings},
};
use crate::{
    Nova,
    error::NovaError,
    model::{instance_action, server},
    server::state::Task,
};

/// Shows it.
pub async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let around = Surroundings::read(&cx, &[&row], true).await?;
    cx.answer(StatusCode::OK, "server", &view::full(&cx, &row, &around))
}

/// Changes what the user may change directly.
pub async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    Body(body): Body<UpdateServer>,
) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let zone = body.pinned_availability_zone.given();
    if let Some(zone) = &zone {
        pinnable(&cx, &row, zone.as_deref()).await?;
    }
    let mut tx = cx.service.db.write().await?;
    let as_checked = match &zone {
        Some(zone) => server::pin(&tx, &row, zone.as_deref()).await?,
        None => true,
    };
    server::change_anyway(&tx, &row, |row| {
        if let Some(name) = body.name {
            row.name = name;
        }
        if let Some(disk_config) = body.disk_config {
            row.disk_config = disk_config;
        }
        if let Some(given) = body.access_ip_v4.given() {
            row.access_ip_v4 = given.map(address);
        }
        if let Some(given) = body.access_ip_v6.given() {
            row.access_ip_v6 = given.map(address);
        }
        if let Some(description) = body.description.given() {
            row.description = description;
        }
        if let Some(hostname) = body.hostname {
            row.hostname = hostname;
        }
    })
    .await?;
    let row = server::again(&*tx, &row).await?.ok_or(NovaError::InstanceNotFound(id))?;
    if !as_checked {
        return Err(Fault::conflict("The server was changed by another request at the same time."));
    }
    tx.emit(cx.event("compute.instance.update", row.id));
    tx.commit().await?;
    let around = Surroundings::read(&cx, &[&row], true).await?;
    cx.answer(StatusCode::OK, "server", &view::changed(&cx, &row, &around))
}

/// A server is pinned to the zone that it is in, or to none; not moved from one pin to another.
async fn pinnable(cx: &Cx<Nova>, row: &server::Model, wanted: Option<&str>) -> Result<(), Fault> {
    let Some(wanted) = wanted else { return Ok(()) };
    if let Some(pinned) = &row.availability_zone {
        return match pinned == wanted {
            true => Ok(()),
            false => Err(Fault::conflict(
                "Cannot change pinned availability zone directly. Unpin first by setting pinned_availability_zone to null.",
            )),
        };
    }
    let around = Surroundings::read(cx, &[row], false).await?;
    let current = view::zone(cx, row, &around);
    if current != wanted {
        return Err(Fault::conflict(format!(
            "Server can only be pinned to its current availability zone '{current}', but '{wanted}' was requested."
        )));
    }
    Ok(())
}

/// Deletes it, whatever it is doing.
pub async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let row = lookup::unlocked_server(&cx, &id).await?;
    mark_deleting(&cx, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From now on it is to be deleted: no other task can take its place.
pub async fn mark_deleting(cx: &Cx<Nova>, row: &server::Model) -> Result<(), Fault> {
    if row.current_task() != Some(Task::Deleting) {
        let mut tx = cx.service.db.write().await?;
        server::change_anyway(&tx, row, |row| row.task_state = Some(Task::Deleting.name().into())).await?;
        instance_action::begin(&tx, row, "delete", cx).await?;
        tx.emit(cx.event("compute.instance.delete.start", row.id));
        tx.commit().await?;
    }
    cx.service.servers.wake(row.id);
    Ok(())
}
