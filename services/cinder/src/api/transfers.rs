//! Offering a volume to another project: `os-volume-transfer`, and `volume-transfers` from 3.55 on.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive, View,
    http::{Body, Cx, Fault, Query, Routes},
};
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::{
    pages::{self, Link},
    volume_view::time,
    volumes,
};
use crate::{
    Cinder,
    error::Error,
    model::transfer::{self, Model},
};

pub(crate) fn routes() -> Routes<Cinder> {
    const GET_ALL: &str = "volume:get_all_transfers";
    let old = Routes::new()
        .get("/v3/os-volume-transfer", GET_ALL, list)
        .list(&transfer::LIST)
        .get("/v3/os-volume-transfer/detail", GET_ALL, detail)
        .list(&transfer::LIST)
        .post("/v3/os-volume-transfer", "volume:create_transfer", create)
        .get("/v3/os-volume-transfer/{id}", "volume:get_transfer", show)
        .delete("/v3/os-volume-transfer/{id}", "volume:delete_transfer", delete)
        .post("/v3/os-volume-transfer/{id}/accept", "volume:accept_transfer", accept);
    // Their answers know more from 3.55 on; the paths are there in every version.
    old.get("/v3/volume-transfers", GET_ALL, list)
        .list(&transfer::LIST)
        .get("/v3/volume-transfers/detail", GET_ALL, detail)
        .list(&transfer::LIST)
        .post("/v3/volume-transfers", "volume:create_transfer", create)
        .get("/v3/volume-transfers/{id}", "volume:get_transfer", show)
        .delete("/v3/volume-transfers/{id}", "volume:delete_transfer", delete)
        .post("/v3/volume-transfers/{id}/accept", "volume:accept_transfer", accept)
}

/// An offer in short.
#[derive(View)]
struct Brief {
    id: Uuid,
    volume_id: Uuid,
    name: Option<String>,
    links: Vec<Link>,
}

/// An offer.
#[derive(View)]
struct Full {
    id: Uuid,
    created_at: String,
    name: Option<String>,
    volume_id: Uuid,
    /// Told once, to who offers.
    #[view(skip_none)]
    auth_key: Option<String>,
    links: Vec<Link>,
    #[view(since = "3.55")]
    no_snapshots: bool,
    #[view(since = "3.57")]
    destination_project_id: Option<String>,
    #[view(since = "3.57")]
    source_project_id: String,
    #[view(since = "3.57")]
    accepted: bool,
}

fn links(cx: &Cx<Cinder>, id: Uuid) -> Vec<Link> {
    pages::links(cx, &format!("/os-volume-transfer/{id}"))
}

fn brief(cx: &Cx<Cinder>, row: Model) -> Brief {
    Brief { id: row.id, volume_id: row.volume_id, links: links(cx, row.id), name: row.name }
}

fn full(cx: &Cx<Cinder>, row: Model, auth_key: Option<String>) -> Full {
    Full {
        id: row.id,
        created_at: time(row.created_at),
        name: row.name,
        volume_id: row.volume_id,
        auth_key,
        links: links(cx, row.id),
        no_snapshots: row.no_snapshots,
        destination_project_id: row.destination_project_id,
        source_project_id: row.source_project_id,
        accepted: row.accepted,
    }
}

async fn read(cx: &Cx<Cinder>, query: &Query) -> Result<pages::Listed<Model>, Fault> {
    let own = cx.own_scope()?;
    let scope = match query.flag("all_tenants")? {
        Some(true) => cx.scope_of_all("context_is_admin").unwrap_or(own),
        _ => own,
    };
    pages::read(cx, transfer::visible(&scope), &transfer::LIST, query).await
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let views: Vec<_> = page.rows.into_iter().map(|row| brief(&cx, row)).collect();
    pages::answer(&cx, "transfers", &views, None, None)
}

async fn detail(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let views: Vec<_> = page.rows.into_iter().map(|row| full(&cx, row, None)).collect();
    pages::answer(&cx, "transfers", &views, None, None)
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "transfer")]
struct CreateTransfer {
    volume_id: Uuid,
    #[body(max = 255)]
    name: Option<String>,
    #[serde(default)]
    #[body(since = "3.55", schema = super::boolean)]
    no_snapshots: Value,
}

async fn create(cx: Cx<Cinder>, Body(body): Body<CreateTransfer>) -> Result<Response, Fault> {
    let of = volumes::found(&cx, &body.volume_id.to_string()).await?;
    let no_snapshots = super::truth(&body.no_snapshots).unwrap_or(false);
    let event = cx.event("volume.transfer.create.end", of.id);
    let name = body.name.map(|name| name.trim().to_owned());
    let (row, key) = cx.service.offer(&of, name, no_snapshots, event).await?;
    cx.answer(StatusCode::ACCEPTED, "transfer", &full(&cx, row, Some(key)))
}

async fn found(cx: &Cx<Cinder>, id: &str) -> Result<Model, Fault> {
    Ok(cx.open(transfer::find(cx.service.db.read(), id).await?)?)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "transfer", &full(&cx, row, None))
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.service.withdraw(&row, cx.event("volume.transfer.delete.end", row.volume_id)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "accept")]
struct Accept {
    #[body(schema = key_schema)]
    auth_key: Value,
}

fn key_schema(_: platform::wire::Version) -> Value {
    literal!({"type": ["string", "integer"], "maxLength": 255})
}

/// Whoever has the key may: the offer need not be the caller's to see.
async fn accept(cx: Cx<Cinder>, Path(id): Path<String>, Body(body): Body<Accept>) -> Result<Response, Fault> {
    cx.allow()?;
    let project = cx.project_id()?;
    let key = match &body.auth_key {
        Value::String(key) => key.clone(),
        key => key.to_string(),
    };
    let id = id.parse::<Uuid>().map_err(|_| Error::TransferNotFound(Error::shown(&id)))?;
    let event = |volume: Uuid| cx.event("volume.transfer.accept.end", volume);
    let row = cx.service.accept(id, &key, project, &cx.caller.user.id, event).await?;
    cx.answer(StatusCode::ACCEPTED, "transfer", &brief(&cx, row))
}
