//! Volumes: make, list, show, change, delete.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::owned::{Owned, Scope},
    http::{Body, Cx, Fault, Query, Routes, json},
    wire::Patch,
};
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::{pages, volume_view};
use crate::{
    Cinder,
    error::Error,
    model::{attachment, snapshot, volume},
    volume::request::NewVolume,
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .post("/v3/volumes", "volume:create", create)
        .get("/v3/volumes", "volume:get_all", list)
        .list(&volume::LIST)
        .get("/v3/volumes/detail", "volume:get_all", detail)
        .list(&volume::LIST)
        .versioned(http::Method::GET, "/v3/volumes/summary", "volume:get_all", Some((3, 12)), None, summary)
        .get("/v3/volumes/{id}", "volume:get", show)
        .put("/v3/volumes/{id}", "volume:update", update)
        .delete("/v3/volumes/{id}", "volume:delete", delete)
        .get("/v3/volumes/{id}/encryption", "volume_extension:volume_encryption_metadata", encryption)
}

#[derive(Deserialize, BodyDerive)]
#[body(open)]
struct CreateBody {
    volume: CreateVolume,
    #[serde(default, rename = "OS-SCH-HNT:scheduler_hints")]
    _hints: Option<Value>,
}

#[derive(Deserialize, BodyDerive)]
#[body(open)]
struct CreateVolume {
    #[body(max = 255)]
    name: Option<String>,
    #[body(max = 255)]
    display_name: Option<String>,
    #[body(max = 255)]
    description: Option<String>,
    #[body(max = 255)]
    display_description: Option<String>,
    #[body(schema = size_schema)]
    #[serde(default)]
    size: Option<Value>,
    #[serde(rename = "imageRef")]
    image_ref: Option<String>,
    image_id: Option<String>,
    snapshot_id: Option<String>,
    source_volid: Option<String>,
    #[body(max = 255)]
    volume_type: Option<String>,
    #[body(max = 255)]
    availability_zone: Option<String>,
    metadata: Option<super::metadata::Pairs>,
    #[serde(default)]
    #[body(schema = super::boolean)]
    multiattach: Value,
    #[serde(default)]
    consistencygroup_id: Option<String>,
    #[body(since = "3.13")]
    group_id: Option<String>,
    #[body(since = "3.47")]
    backup_id: Option<String>,
}

/// A whole number, or its digits.
pub(crate) fn size_schema(_: platform::wire::Version) -> Value {
    literal!({"oneOf": [
        {"type": "integer", "minimum": 1, "maximum": 2_147_483_647},
        {"type": "string", "pattern": "^[0-9]{1,10}$"},
        {"type": "null"}]})
}

/// The size that such a value asks for. More digits than fit ask for what no volume has.
pub(crate) fn size(value: &Value) -> Option<i64> {
    match value {
        Value::String(digits) => Some(digits.parse::<i32>().map(i64::from).unwrap_or(0)),
        Value::Number(number) => Some(number.as_i64().unwrap_or(0)),
        _ => None,
    }
}

fn reference(text: Option<&str>, what: &str) -> Result<Option<Uuid>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let shown: String = text.chars().take(64).collect();
    text.parse().map(Some).map_err(|_| match what {
        "image" => Fault::bad_request("Invalid image identifier or unable to access requested image."),
        "snapshot" => Error::SnapshotNotFound(shown).into(),
        _ => Error::VolumeNotFound(shown).into(),
    })
}

async fn create(cx: Cx<Cinder>, Body(body): Body<CreateBody>) -> Result<Response, Fault> {
    cx.allow()?;
    let asked = body.volume;
    let size = asked.size.as_ref().and_then(size);
    if super::truth(&asked.multiattach) == Some(true) {
        return Err(Fault::bad_request(
            "multiattach parameter has been removed. The default behavior is to use multiattach enabled volume types. Contact \
             your administrator to create a multiattach enabled volume type and use it to create multiattach volumes.",
        ));
    }
    for (asked, what) in [
        (&asked.consistencygroup_id, "consistency groups"),
        (&asked.group_id, "groups"),
        (&asked.backup_id, "backups"),
    ] {
        if asked.as_ref().is_some_and(|id| !id.is_empty()) {
            return Err(Fault::bad_request(format!(
                "Invalid input received: volumes of {what} are not offered by this cloud."
            )));
        }
    }
    let new = NewVolume {
        id: Uuid::new_v4(),
        project_id: cx.project_id()?.to_owned(),
        user_id: cx.caller.user.id.clone(),
        name: asked.name.or(asked.display_name).unwrap_or_default().trim().to_owned(),
        description: asked.description.or(asked.display_description),
        size,
        image_id: reference(asked.image_ref.as_deref().or(asked.image_id.as_deref()), "image")?,
        snapshot_id: reference(asked.snapshot_id.as_deref(), "snapshot")?,
        source_volid: reference(asked.source_volid.as_deref(), "volume")?,
        volume_type: asked.volume_type,
        availability_zone: asked.availability_zone,
        metadata: asked.metadata.map(super::metadata::Pairs::into_json),
        group_id: None,
    };
    let event = cx.event("volume.create.start", new.id);
    let row = cx.service.create_volume(&cx.caller, new, Some(event)).await?;
    cx.answer(StatusCode::ACCEPTED, "volume", &volume_view::one(&cx, row, false).await?)
}

/// Whose volumes, or snapshots, the query asks for; those of the caller's project, unless it may see more.
pub(crate) fn scope(cx: &Cx<Cinder>, query: &Query) -> Result<Scope, Fault> {
    let own = cx.own_scope()?;
    let everybody = query.flag("all_tenants")?.unwrap_or(false);
    Ok(match (cx.scope_of_all("context_is_admin"), query.get("project_id")) {
        (Ok(all), Some(project)) => all.narrowed(project),
        (Ok(all), None) if everybody => all,
        _ => own,
    })
}

async fn read(cx: &Cx<Cinder>, query: &Query) -> Result<pages::Listed<volume::Model>, Fault> {
    let scope = scope(cx, query)?;
    let rows = volume::visible(cx.service.db.read(), &scope, query)?;
    pages::read(cx, rows, &volume::LIST, query).await
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let links = page.next(&cx, "/volumes", &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(|row| volume_view::brief(&cx, row)).collect();
    pages::answer(&cx, "volumes", &views, links, page.count)
}

async fn detail(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let links = page.next(&cx, "/volumes/detail", &query, |row| row.id);
    let beside = volume_view::Beside::read(cx.service.db.read(), &page.rows).await?;
    let views: Vec<_> = page.rows.into_iter().map(|row| volume_view::full(&cx, row, &beside, true)).collect();
    pages::answer(&cx, "volumes", &views, links, page.count)
}

async fn summary(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let (scope, db) = (scope(&cx, &query)?, cx.service.db.read());
    let rows = volume::visible(db, &scope, &query)?.all(db).await?;
    let mut metadata = std::collections::BTreeMap::<String, Vec<Value>>::new();
    for (name, value) in rows.iter().filter_map(|row| row.metadata.as_object()).flatten() {
        let values = metadata.entry(name.clone()).or_default();
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    let size: i64 = rows.iter().map(|row| row.size).sum();
    let mut summary = literal!({"total_count": rows.len(), "total_size": size});
    if cx.version >= platform::wire::Version::new(3, 36) {
        summary["metadata"] = literal!(metadata);
    }
    json(StatusCode::OK, &literal!({"volume-summary": summary}))
}

/// The volume of that id, if the caller may do to it what the route does.
pub(crate) async fn found(cx: &Cx<Cinder>, id: &str) -> Result<volume::Model, Fault> {
    Ok(cx.open(volume::find(cx.service.db.read(), id).await?)?)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "volume", &volume_view::one(&cx, row, true).await?)
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "volume")]
struct UpdateVolume {
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
    metadata: Option<super::metadata::Pairs>,
}

async fn update(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<UpdateVolume>,
) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let texts = [&body.name, &body.display_name, &body.description, &body.display_description];
    if body.metadata.is_none() && texts.iter().all(|text| **text == Patch::Absent) {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute volume. Value: {}. {} is not valid under any of the given schemas",
        ));
    }
    if let Some(name) = body.name.given().or(body.display_name.given()) {
        row.name = name.unwrap_or_default().trim().to_owned();
    }
    if let Some(description) = body.description.given().or(body.display_description.given()) {
        row.description = description;
    }
    if let Some(pairs) = body.metadata {
        row.metadata = pairs.into_json();
    }
    row.updated_at = chrono::Utc::now();
    let mut tx = cx.service.db.write().await?;
    volume::describe(&tx, &row).await?;
    tx.emit(cx.event("volume.update.end", row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "volume", &volume_view::one(&cx, row, false).await?)
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let force = cx.version >= platform::wire::Version::new(3, 23) && query.flag("force")?.unwrap_or(false);
    if force {
        cx.allow_rule("volume:force_delete", &row.target())?;
    }
    remove(&cx, &row, query.flag("cascade")?.unwrap_or(false), force).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Begins to delete a volume, from a status that allows it.
pub(crate) async fn remove(
    cx: &Cx<Cinder>,
    row: &volume::Model,
    cascade: bool,
    force: bool,
) -> Result<(), Fault> {
    let allowed =
        ["available", "error", "error_restoring", "error_extending", "error_deleting", "error_managing"];
    let mut tx = cx.service.db.write().await?;
    if volume::is_copied(&tx, row).await? {
        return Err(Error::InvalidVolume(format!("Volume {} is being copied, cannot delete.", row.id)).into());
    }
    if !cascade && snapshot::are_of(&tx, row).await? {
        return Err(Error::InvalidVolume(
            "Volume has snapshots, cannot delete. Use cascade to delete them too.".into(),
        )
        .into());
    }
    let from: Vec<&str> = if force { vec![row.status.as_str()] } else { allowed.to_vec() };
    let held = attachment::of(&*tx, row).await?;
    if !held.is_empty() || !volume::transition(&tx, row, &from, "deleting").await? {
        return Err(Error::InvalidVolume(
            "Volume status must be available or error or error_restoring or error_extending or error_managing and must not be \
             migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots \
             after volume transfer."
                .into(),
        )
        .into());
    }
    tx.emit(cx.event("volume.delete.start", row.id));
    tx.commit().await?;
    cx.service.volumes.wake(row.id);
    Ok(())
}

async fn encryption(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    json(StatusCode::OK, &literal!({}))
}
