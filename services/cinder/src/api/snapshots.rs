//! Snapshots.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive, View,
    db::{WriteTx, opened, owned::Owned},
    http::{Body, Cx, Fault, Query, Routes},
    wire::{Patch, Version},
};
use sea_orm::DbErr;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{metadata::Pairs, pages, volume_view::time, volumes};
use crate::{
    Cinder,
    error::Error,
    model::{attachment, snapshot, volume},
    quota::{self, Usage},
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .post("/v3/snapshots", "volume:create_snapshot", create)
        .get("/v3/snapshots", "volume:get_all_snapshots", list)
        .list(&snapshot::LIST)
        .get("/v3/snapshots/detail", "volume:get_all_snapshots", detail)
        .list(&snapshot::LIST)
        .get("/v3/snapshots/{id}", "volume:get_snapshot", show)
        .put("/v3/snapshots/{id}", "volume:update_snapshot", update)
        .delete("/v3/snapshots/{id}", "volume:delete_snapshot", delete)
}

/// A snapshot.
#[derive(View)]
pub(crate) struct SnapshotView {
    id: Uuid,
    name: String,
    description: Option<String>,
    volume_id: Uuid,
    status: String,
    size: i64,
    created_at: String,
    updated_at: Option<String>,
    metadata: Value,
    #[view(since = "3.14")]
    group_snapshot_id: Option<Uuid>,
    #[view(since = "3.41")]
    user_id: String,
    #[view(since = "3.65")]
    consumes_quota: bool,
    #[view(rename = "os-extended-snapshot-attributes:progress", skip_none)]
    progress: Option<String>,
    #[view(rename = "os-extended-snapshot-attributes:project_id", skip_none)]
    project_id: Option<String>,
}

fn view(cx: &Cx<Cinder>, row: snapshot::Model, detailed: bool) -> SnapshotView {
    let extended = detailed && cx.may("volume_extension:extended_snapshot_attributes", &row.target());
    SnapshotView {
        id: row.id,
        name: row.name,
        description: row.description,
        volume_id: row.volume_id,
        progress: extended.then(|| {
            row.progress.unwrap_or_else(|| if row.status == "available" { "100%" } else { "0%" }.to_owned())
        }),
        status: row.status,
        size: row.size,
        created_at: time(row.created_at),
        updated_at: Some(time(row.updated_at)),
        metadata: row.metadata,
        group_snapshot_id: row.group_snapshot_id,
        user_id: row.user_id,
        consumes_quota: true,
        project_id: extended.then_some(row.project_id),
    }
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "snapshot", open)]
struct CreateSnapshot {
    #[body(schema = volume_id)]
    volume_id: Value,
    #[body(max = 255)]
    name: Option<String>,
    #[body(max = 255)]
    display_name: Option<String>,
    #[body(max = 255)]
    description: Option<String>,
    #[body(max = 255)]
    display_description: Option<String>,
    /// Whether the volume may be in use: since 3.66 it always may.
    #[serde(default)]
    #[body(schema = super::boolean)]
    force: Value,
    metadata: Option<Pairs>,
}

/// It must be given; none at all is a volume that is not there.
fn volume_id(_: Version) -> Value {
    serde_json::json!({"oneOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]})
}

async fn create(cx: Cx<Cinder>, Body(body): Body<CreateSnapshot>) -> Result<Response, Fault> {
    let of = volumes::found(&cx, body.volume_id.as_str().unwrap_or("None")).await?;
    let allowed = allowed_statuses(&cx, &body.force)?;
    if !allowed.contains(&of.status.as_str()) {
        return Err(not_now(&of, allowed).into());
    }
    let now = chrono::Utc::now();
    let row = snapshot::Model {
        id: Uuid::new_v4(),
        volume_id: of.id,
        project_id: of.project_id.clone(),
        user_id: cx.caller.user.id.clone(),
        name: body.name.or(body.display_name).unwrap_or_default().trim().to_owned(),
        description: body.description.or(body.display_description),
        size: of.size,
        status: "creating".into(),
        by_hand: false,
        progress: None,
        group_snapshot_id: None,
        metadata: body.metadata.unwrap_or_default().into_json(),
        fault: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = cx.service.db.write().await?;
    let more = Usage { snapshots: 1, gigabytes: row.size, volumes: 0 };
    quota::check(&tx, &cx.service.config, &row.project_id, of.volume_type_id, more).await?;
    // It was looked at before the transaction: nobody may have begun to delete it since, or to do something else with it.
    if !volume::transition(&tx, &of, &[&of.status], &of.status).await? {
        return Err(not_now(&of, allowed).into());
    }
    if of.status == "in-use" && !of_one_server(&tx, &of).await? {
        return Err(Error::InvalidVolume(format!(
            "Volume {} is in-use, and can't be copied consistently: it is not attached to one server alone.",
            of.id
        ))
        .into());
    }
    opened::insert(&tx, &row).await?;
    tx.emit(cx.event("snapshot.create.start", row.id));
    tx.commit().await?;
    cx.service.snapshots.wake(row.id);
    cx.answer(StatusCode::ACCEPTED, "snapshot", &view(&cx, row, false))
}

/// What may be taken a snapshot of.
fn allowed_statuses(cx: &Cx<Cinder>, force: &Value) -> Result<&'static [&'static str], Fault> {
    match (super::truth(force), cx.version >= Version::new(3, 66)) {
        (Some(false), true) => Err(Fault::bad_request(
            "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, \
             when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
        )),
        (_, true) | (Some(true), false) => Ok(&["available", "in-use"]),
        (_, false) => Ok(&["available"]),
    }
}

fn not_now(of: &volume::Model, allowed: &[&str]) -> Error {
    Error::InvalidVolume(format!(
        "Volume {} status must be {}, but current status is: {}.",
        of.id,
        allowed.join(", "),
        of.status
    ))
}

/// Whether one server of Nova's, and nobody else, has the volume: then its host can copy it.
async fn of_one_server(tx: &WriteTx, volume: &volume::Model) -> Result<bool, DbErr> {
    let mut attachments = attachment::of(&**tx, volume).await?;
    attachments.retain(|attachment| attachment.status != "reserved");
    Ok(matches!(attachments.as_slice(), [one] if one.of_nova && one.instance.is_some()))
}

async fn read(cx: Cx<Cinder>, query: Query, path: &str, detailed: bool) -> Result<Response, Fault> {
    let scope = volumes::scope(&cx, &query)?;
    let rows = snapshot::visible(cx.service.db.read(), &scope, &query)?;
    let page = pages::read(&cx, rows, &snapshot::LIST, &query).await?;
    let links = page.next(&cx, path, &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(|row| view(&cx, row, detailed)).collect();
    pages::answer(&cx, "snapshots", &views, links, page.count)
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    read(cx, query, "/snapshots", false).await
}

async fn detail(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    read(cx, query, "/snapshots/detail", true).await
}

/// The snapshot of that id, if the caller may do to it what the route does.
pub(crate) async fn found(cx: &Cx<Cinder>, id: &str) -> Result<snapshot::Model, Fault> {
    Ok(cx.open(snapshot::find(cx.service.db.read(), id).await?)?)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "snapshot", &view(&cx, row, true))
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "snapshot")]
struct UpdateSnapshot {
    #[serde(default)]
    #[body(max = 255)]
    name: Patch<String>,
    #[serde(default)]
    #[body(max = 255)]
    display_name: Patch<String>,
    #[serde(default)]
    #[body(max = 255)]
    description: Patch<String>,
    #[serde(default)]
    #[body(max = 255)]
    display_description: Patch<String>,
}

async fn update(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<UpdateSnapshot>,
) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    if let Some(name) = body.name.given().or(body.display_name.given()) {
        row.name = name.unwrap_or_default().trim().to_owned();
    }
    if let Some(description) = body.description.given().or(body.display_description.given()) {
        row.description = description;
    }
    row.updated_at = chrono::Utc::now();
    let mut tx = cx.service.db.write().await?;
    snapshot::describe(&tx, &row).await?;
    tx.emit(cx.event("snapshot.update.end", row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "snapshot", &view(&cx, row, false))
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    remove(&cx, &row, &["available", "error", "error_deleting"]).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Begins to delete a snapshot, from a status that allows it.
pub(crate) async fn remove(cx: &Cx<Cinder>, row: &snapshot::Model, from: &[&str]) -> Result<(), Fault> {
    let mut tx = cx.service.db.write().await?;
    if volume::is_made_of(&tx, row).await? || !snapshot::transition(&tx, row, from, "deleting").await? {
        return Err(Fault::bad_request(format!(
            "Invalid snapshot: Snapshot status must be one of available error error_deleting, and no volume be made of it; it is {}.",
            row.status
        )));
    }
    tx.emit(cx.event("snapshot.delete.start", row.id));
    tx.commit().await?;
    cx.service.snapshots.wake(row.id);
    Ok(())
}
