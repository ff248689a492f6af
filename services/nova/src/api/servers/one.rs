//! One server: shown, changed, deleted.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Body, Cx, Fault};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};

use super::{
    super::{lenient::address, lookup},
    body::UpdateServer,
    view::{self, Surroundings},
};
use crate::{
    Nova,
    error::NovaError,
    model::{
        instance_action,
        server::{self, Column},
    },
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
    let mut update = server::Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .filter(Column::Deleted.eq(false))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()));
    if let Some(name) = body.name {
        update = update.col_expr(Column::Name, Expr::value(name));
    }
    if let Some(disk_config) = body.disk_config {
        update = update.col_expr(Column::DiskConfig, Expr::value(disk_config));
    }
    if let Some(given) = body.access_ip_v4.given() {
        update = update.col_expr(Column::AccessIpV4, Expr::value(given.map(address)));
    }
    if let Some(given) = body.access_ip_v6.given() {
        update = update.col_expr(Column::AccessIpV6, Expr::value(given.map(address)));
    }
    if let Some(description) = body.description.given() {
        update = update.col_expr(Column::Description, Expr::value(description));
    }
    if let Some(hostname) = body.hostname {
        update = update.col_expr(Column::Hostname, Expr::value(hostname));
    }
    if let Some(zone) = body.pinned_availability_zone.given() {
        pinnable(&cx, &row, zone.as_deref()).await?;
        // What it is pinned to is as it was when that was checked.
        update = match &row.availability_zone {
            Some(pinned) => update.filter(Column::AvailabilityZone.eq(pinned.as_str())),
            None => update.filter(Column::AvailabilityZone.is_null()),
        };
        update = update.col_expr(Column::AvailabilityZone, Expr::value(zone));
    }
    let mut tx = cx.service.db.write().await?;
    let changed = update.exec(&*tx).await?.rows_affected;
    let row = server::living(&*tx, row.id).await?.ok_or(NovaError::InstanceNotFound(id))?;
    if changed == 0 {
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
    let row = lookup::server(&cx, &id).await?;
    lookup::unlocked(&cx, &row)?;
    mark_deleting(&cx, &row).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From now on it is to be deleted: no other task can take its place.
pub async fn mark_deleting(cx: &Cx<Nova>, row: &server::Model) -> Result<(), Fault> {
    if row.current_task() != Some(Task::Deleting) {
        let mut tx = cx.service.db.write().await?;
        let update = server::Entity::update_many()
            .filter(Column::Id.eq(row.id))
            .filter(Column::Deleted.eq(false))
            .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
            .col_expr(Column::TaskState, Expr::value(Task::Deleting.name()));
        update.exec(&*tx).await?;
        instance_action::begin(&*tx, row.id, "delete", &lookup::asker(cx)).await?;
        tx.emit(cx.event("compute.instance.delete.start", row.id));
        tx.commit().await?;
    }
    cx.service.servers.wake(row.id);
    Ok(())
}
