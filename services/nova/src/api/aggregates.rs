//! `/os-aggregates`

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    Body, View,
    http::{self as web, Action, Cx, Fault, Routes},
    wire::{At, Version},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lenient::name;
use crate::{
    Nova,
    error::NovaError,
    model::{
        self,
        aggregate::{self, ActiveModel, Column, Entity, Model, Names},
        flavor::Strings,
        host, server,
    },
    times::Micro,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/os-aggregates", "/v2.1/os-aggregates/{id}");
    Routes::new()
        .get(all, "os_compute_api:os-aggregates:index", index)
        .post(all, "os_compute_api:os-aggregates:create", create)
        .get(one, "os_compute_api:os-aggregates:show", show)
        .put(one, "os_compute_api:os-aggregates:update", update)
        .delete(one, "os_compute_api:os-aggregates:delete", delete)
        .post("/v2.1/os-aggregates/{id}/action", "os_compute_api:os-aggregates:add_host", act)
        .actions([
            Action::new("add_host", "os_compute_api:os-aggregates:add_host"),
            Action::new("remove_host", "os_compute_api:os-aggregates:remove_host"),
            Action::new("set_metadata", "os_compute_api:os-aggregates:set_metadata"),
        ])
}

fn zone(_: Version) -> Value {
    json!({"type": ["string", "null"], "minLength": 1, "maxLength": 255, "pattern": "^[^:]*$"})
}

fn metadata(_: Version) -> Value {
    json!({
        "type": "object",
        "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}},
        "additionalProperties": false,
    })
}

#[derive(Deserialize, Body)]
#[body(wrap = "aggregate")]
struct Create {
    #[body(schema = name)]
    name: String,
    #[serde(default)]
    #[body(schema = zone)]
    availability_zone: Option<String>,
}

#[derive(Deserialize, Body)]
#[body(wrap = "aggregate")]
struct Update {
    #[serde(default)]
    #[body(schema = name)]
    name: Option<String>,
    #[serde(default)]
    #[body(schema = zone)]
    availability_zone: Option<String>,
}

#[derive(Deserialize, Body)]
struct Act {
    add_host: Option<Host>,
    remove_host: Option<Host>,
    set_metadata: Option<Metadata>,
}

#[derive(Deserialize, Body)]
struct Host {
    #[body(min = 1, max = 255)]
    host: String,
}

#[derive(Deserialize, Body)]
struct Metadata {
    #[body(schema = metadata)]
    metadata: BTreeMap<String, Option<String>>,
}

#[derive(View)]
struct Aggregate<'a> {
    id: i64,
    name: &'a str,
    availability_zone: Option<&'a str>,
    created_at: Micro,
    updated_at: Option<Micro>,
    deleted_at: Option<Micro>,
    deleted: bool,
    #[view(skip_none)]
    hosts: Option<&'a Names>,
    #[view(skip_none)]
    metadata: Option<&'a Strings>,
    #[view(since = "2.41")]
    uuid: Uuid,
}

#[derive(View)]
struct Listed<'a> {
    #[view(nested)]
    aggregates: Vec<Aggregate<'a>>,
}

/// The answer to a creation has no hosts and metadata.
fn view(row: &Model, whole: bool) -> Aggregate<'_> {
    Aggregate {
        id: row.id,
        name: &row.name,
        availability_zone: row.zone(),
        created_at: Micro(row.created_at),
        updated_at: row.updated_at.map(Micro),
        deleted_at: None,
        deleted: false,
        hosts: whole.then_some(&row.hosts),
        metadata: whole.then_some(&row.metadata),
        uuid: row.uuid,
    }
}

fn missing(id: &str) -> Fault {
    NovaError::AggregateNotFound(id.to_owned()).into()
}

async fn found(db: &impl sea_orm::ConnectionTrait, id: &str) -> Result<Model, Fault> {
    let Ok(number) = id.parse::<i64>() else {
        return Err(Fault::bad_request(format!(
            "Invalid input for field/attribute id. Value: {id}. It is not an integer."
        )));
    };
    Entity::find_by_id(number).one(db).await?.ok_or_else(|| missing(id))
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let rows = aggregate::all(cx.service.db.read()).await?;
    let aggregates = rows.iter().map(|row| view(row, true)).collect();
    web::json(StatusCode::OK, &At(&Listed { aggregates }, cx.version))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = found(cx.service.db.read(), &id).await?;
    cx.answer(StatusCode::OK, "aggregate", &view(&row, true))
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<Create>) -> Result<Response, Fault> {
    cx.allow()?;
    let mut tx = cx.service.db.write().await?;
    free(&tx, &body.name, None).await?;
    let mut metadata = BTreeMap::new();
    if let Some(zone) = body.availability_zone {
        metadata.insert("availability_zone".to_owned(), zone);
    }
    let row = ActiveModel {
        uuid: Set(Uuid::new_v4()),
        name: Set(body.name.clone()),
        hosts: Set(Names::default()),
        metadata: Set(Strings(metadata)),
        created_at: Set(Utc::now()),
        updated_at: Set(None),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(&*tx).await?;
    let row = Entity::find().filter(Column::Name.eq(body.name.as_str())).one(&*tx).await?;
    let row = row.ok_or_else(|| missing(&body.name))?;
    tx.emit(cx.event("aggregate.create.end", row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "aggregate", &view(&row, false))
}

async fn free(tx: &platform::db::WriteTx, name: &str, own: Option<i64>) -> Result<(), Fault> {
    let known = Entity::find().filter(Column::Name.eq(name)).one(&**tx).await?;
    match known {
        Some(known) if Some(known.id) != own => {
            Err(NovaError::Conflict(format!("Aggregate {name} already exists.")).into())
        }
        _ => Ok(()),
    }
}

async fn store(cx: &Cx<Nova>, mut tx: platform::db::WriteTx, row: Model) -> Result<Response, Fault> {
    let now = Utc::now();
    Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .col_expr(Column::Name, Expr::value(row.name.as_str()))
        .col_expr(Column::Hosts, model::json(&row.hosts))
        .col_expr(Column::Metadata, model::json(&row.metadata))
        .col_expr(Column::UpdatedAt, Expr::value(now))
        .exec(&*tx)
        .await?;
    tx.emit(cx.event("aggregate.updatemetadata.end", row.id));
    tx.commit().await?;
    let row = Model { updated_at: Some(now), ..row };
    cx.answer(StatusCode::OK, "aggregate", &view(&row, true))
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    if body.name.is_none() && body.availability_zone.is_none() {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute aggregate. Value: {}. {} is not valid under any of the given schemas",
        ));
    }
    let tx = cx.service.db.write().await?;
    let mut row = found(&*tx, &id).await?;
    if let Some(name) = body.name {
        free(&tx, &name, Some(row.id)).await?;
        row.name = name;
    }
    if let Some(zone) = body.availability_zone {
        row.metadata.0.insert("availability_zone".into(), zone);
        settled(&tx, &row).await?;
    }
    store(&cx, tx, row).await
}

/// A host is in one zone at the most, and a zone does not change under servers.
async fn settled(tx: &platform::db::WriteTx, row: &Model) -> Result<(), Fault> {
    let Some(zone) = row.zone() else { return Ok(()) };
    for other in aggregate::all(&**tx).await? {
        let another = other.id != row.id && other.zone().is_some_and(|other| other != zone);
        if let Some(host) = other.hosts.0.iter().find(|host| another && row.hosts.0.contains(host)) {
            let message = format!(
                "Cannot add host to aggregate {}. Reason: One or more hosts already in availability zone(s) {:?}: {host}.",
                row.id,
                other.zone().unwrap_or_default()
            );
            return Err(NovaError::Conflict(message).into());
        }
    }
    Ok(())
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    let mut tx = cx.service.db.write().await?;
    let row = found(&*tx, &id).await?;
    if !row.hosts.0.is_empty() {
        return Err(Fault::bad_request(format!(
            "Cannot remove aggregate {id}. Reason: Host aggregate is not empty."
        )));
    }
    Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.emit(cx.event("aggregate.delete.end", row.id));
    tx.commit().await?;
    Ok(StatusCode::OK)
}

async fn act(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Act>,
) -> Result<Response, Fault> {
    let anybody = platform::policy::Target::none();
    match (body.add_host, body.remove_host, body.set_metadata) {
        (Some(Host { host }), None, None) => {
            cx.allow_rule("os_compute_api:os-aggregates:add_host", &anybody)?;
            add_host(&cx, &id, host).await
        }
        (None, Some(Host { host }), None) => {
            cx.allow_rule("os_compute_api:os-aggregates:remove_host", &anybody)?;
            remove_host(&cx, &id, &host).await
        }
        (None, None, Some(Metadata { metadata })) => {
            cx.allow_rule("os_compute_api:os-aggregates:set_metadata", &anybody)?;
            set_metadata(&cx, &id, metadata).await
        }
        _ => Err(Fault::bad_request("There is no such action.")),
    }
}

async fn add_host(cx: &Cx<Nova>, id: &str, name: String) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let mut row = found(&*tx, id).await?;
    if host::by_name(&*tx, &name).await?.is_none() {
        return Err(NovaError::HostNotFound(name).into());
    }
    if row.hosts.0.contains(&name) {
        let message = format!("Aggregate {id} already has host {name}.");
        return Err(NovaError::Conflict(message).into());
    }
    row.hosts.0.push(name);
    settled(&tx, &row).await?;
    store(cx, tx, row).await
}

async fn remove_host(cx: &Cx<Nova>, id: &str, name: &str) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let mut row = found(&*tx, id).await?;
    if !row.hosts.0.iter().any(|host| host == name) {
        return Err(NovaError::NotFound(format!("Aggregate {id} has no host {name}.")).into());
    }
    if let Some(zone) = row.zone()
        && server::is_pinned(&*tx, name, zone).await?
    {
        let message = format!(
            "Cannot remove host from aggregate {id}. Reason: Host {name} has instances that asked for its zone."
        );
        return Err(NovaError::Conflict(message).into());
    }
    row.hosts.0.retain(|host| host != name);
    store(cx, tx, row).await
}

async fn set_metadata(
    cx: &Cx<Nova>,
    id: &str,
    metadata: BTreeMap<String, Option<String>>,
) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let mut row = found(&*tx, id).await?;
    if metadata.get("availability_zone").is_some_and(|zone| zone.as_deref() == Some("")) {
        return Err(Fault::bad_request(format!(
            "Cannot update metadata of aggregate {}. Reason: Aggregate {} does not support empty named availability zone.",
            row.id, row.name
        )));
    }
    for (key, value) in metadata {
        match value {
            Some(value) => row.metadata.0.insert(key, value),
            None => row.metadata.0.remove(&key),
        };
    }
    settled(&tx, &row).await?;
    store(cx, tx, row).await
}
