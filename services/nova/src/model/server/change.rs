//! How a server's row is changed. What a change is given is the row as it was seen, and what it alters of that is
//! written, nothing else; a row that has become another meanwhile stays as it is.

use chrono::Utc;
use platform::db::WriteTx;
use sea_orm::{Condition, Iterable, UpdateMany, entity::prelude::*, sea_query::Expr};

use super::{
    details::Cards,
    row::{Column, Entity, Model},
};
use crate::{
    model::{aggregate::Names, json},
    server::state::{Power, Task, VmState},
};

/// Changes a server as long as its task and its state are what was seen; whether they were.
pub async fn change(tx: &WriteTx, server: &Model, change: impl FnOnce(&mut Model)) -> Result<bool, DbErr> {
    let task = match &server.task_state {
        Some(task) => Column::TaskState.eq(task.as_str()),
        None => Column::TaskState.is_null(),
    };
    let as_seen = altered(server, change).filter(task).filter(Column::VmState.eq(server.vm_state.as_str()));
    Ok(as_seen.exec(&**tx).await?.rows_affected > 0)
}

/// Changes a server whatever it is doing; whether it is not gone.
pub async fn change_anyway(
    tx: &WriteTx,
    server: &Model,
    change: impl FnOnce(&mut Model),
) -> Result<bool, DbErr> {
    Ok(altered(server, change).exec(&**tx).await?.rows_affected > 0)
}

fn altered(server: &Model, change: impl FnOnce(&mut Model)) -> UpdateMany<Entity> {
    let mut after = server.clone();
    change(&mut after);
    after.updated_at = Utc::now();
    let mut update = living(server);
    for column in Column::iter() {
        let value = after.get(column);
        if value != server.get(column) {
            update = update.col_expr(column, Expr::value(value));
        }
    }
    update
}

fn living(server: &Model) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::Id.eq(server.id)).filter(Column::Deleted.eq(false))
}

/// Says what a server is to count as, and that nothing is to be done to it; whether it was not being deleted.
pub async fn reset(tx: &WriteTx, server: &Model, state: VmState) -> Result<bool, DbErr> {
    let kept =
        Condition::any().add(Column::TaskState.is_null()).add(Column::TaskState.ne(Task::Deleting.name()));
    let update = living(server)
        .filter(kept)
        .col_expr(Column::VmState, Expr::value(state.name()))
        .col_expr(Column::TaskState, Expr::value(Option::<String>::None))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()));
    Ok(update.exec(&**tx).await?.rows_affected > 0)
}

/// Pins a server to a zone, or to none, as long as its pin is what was seen; whether it was.
pub async fn pin(tx: &WriteTx, server: &Model, zone: Option<&str>) -> Result<bool, DbErr> {
    let as_seen = match &server.availability_zone {
        Some(pinned) => Column::AvailabilityZone.eq(pinned.as_str()),
        None => Column::AvailabilityZone.is_null(),
    };
    let update = living(server)
        .filter(as_seen)
        .col_expr(Column::AvailabilityZone, Expr::value(zone.map(str::to_owned)));
    Ok(update.exec(&**tx).await?.rows_affected > 0)
}

/// Locks a server (`by`: `owner` or `admin`), or unlocks it.
pub async fn lock(
    tx: &WriteTx,
    server: &Model,
    by: Option<&str>,
    reason: Option<String>,
) -> Result<(), DbErr> {
    let update = living(server)
        .col_expr(Column::Locked, Expr::value(by.is_some()))
        .col_expr(Column::LockedBy, Expr::value(by.map(str::to_owned)))
        .col_expr(Column::LockedReason, Expr::value(reason));
    update.exec(&**tx).await.map(drop)
}

/// Remembers what Neutron says of a server's ports, and (`None`: what was known stays) of their security groups.
pub async fn remember_ports(
    tx: &WriteTx,
    server: &Model,
    cards: &Cards,
    groups: Option<&Names>,
) -> Result<(), DbErr> {
    let mut update = living(server).col_expr(Column::Addresses, json(cards));
    if let Some(groups) = groups {
        update = update.col_expr(Column::SecurityGroups, json(groups));
    }
    update.exec(&**tx).await.map(drop)
}

/// Nothing is left of a server that was being deleted but its row.
pub async fn mark_deleted(tx: &WriteTx, server: &Model) -> Result<bool, DbErr> {
    change(tx, server, |row| {
        row.task_state = None;
        row.task = None;
        row.vm_state = VmState::Deleted.name().into();
        row.power_state = Power::NoState as i32;
        row.deleted = true;
        row.terminated_at = Some(Utc::now());
        row.group_id = None;
        row.addresses = Cards::default();
    })
    .await
}
