//! Attachments (3.27 and later): reserved, then connected, then complete.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use platform::{
    Body as BodyDerive, View,
    http::{Action, Body, Cx, Fault, Query, Routes},
};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use super::{connections, pages, volume_view::time, volumes};
use crate::{
    Cinder,
    error::Error,
    model::{attachment, volume},
};

/// The version that brought them.
const SINCE: Option<(u16, u16)> = Some((3, 27));

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .versioned(Method::GET, "/v3/attachments", "volume:attachment_get", SINCE, None, list)
        .list(&attachment::LIST)
        .versioned(Method::GET, "/v3/attachments/detail", "volume:attachment_get", SINCE, None, detail)
        .list(&attachment::LIST)
        .versioned(Method::POST, "/v3/attachments", "volume:attachment_create", SINCE, None, create)
        .versioned(Method::GET, "/v3/attachments/{id}", "volume:attachment_get", SINCE, None, show)
        .versioned(Method::PUT, "/v3/attachments/{id}", "volume:attachment_update", SINCE, None, update)
        .versioned(Method::DELETE, "/v3/attachments/{id}", "volume:attachment_delete", SINCE, None, delete)
        .versioned(
            Method::POST,
            "/v3/attachments/{id}/action",
            "volume:attachment_complete",
            Some((3, 44)),
            None,
            complete,
        )
        .actions([Action::new("os-complete", "volume:attachment_complete")])
}

/// An attachment in short.
#[derive(View)]
struct Brief {
    id: Uuid,
    status: String,
    instance: Option<Uuid>,
    volume_id: Uuid,
}

/// An attachment.
#[derive(View)]
struct Full {
    id: Uuid,
    status: String,
    instance: Option<Uuid>,
    volume_id: Uuid,
    /// Empty where there is no time.
    attached_at: String,
    detached_at: String,
    attach_mode: String,
    connection_info: Value,
}

fn brief(row: attachment::Model) -> Brief {
    Brief { id: row.id, status: row.status, instance: row.instance, volume_id: row.volume_id }
}

/// `of` is the volume, where the caller may learn how to reach it.
fn full(cx: &Cx<Cinder>, row: attachment::Model, of: Option<&volume::Model>) -> Full {
    let connected = row.status != "reserved";
    let connection_info = match of.filter(|_| connected) {
        Some(of) => connections::connection_info(&cx.service, of, &row.mode),
        None => literal!({}),
    };
    Full {
        id: row.id,
        instance: row.instance,
        volume_id: row.volume_id,
        attached_at: row.attached_at.map(time).unwrap_or_default(),
        detached_at: String::new(),
        attach_mode: if connected { row.mode } else { "null".into() },
        status: row.status,
        connection_info,
    }
}

async fn read(cx: &Cx<Cinder>, query: &Query) -> Result<pages::Listed<attachment::Model>, Fault> {
    let own = cx.own_scope()?;
    let scope = match (query.flag("all_tenants")?, cx.scope_of_all("context_is_admin")) {
        (Some(true), Ok(all)) => query.get("project_id").map_or(all.clone(), |project| all.narrowed(project)),
        _ => own,
    };
    pages::read(cx, attachment::visible(&scope), &attachment::LIST, query).await
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let links = page.next(&cx, "/attachments", &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(brief).collect();
    pages::answer(&cx, "attachments", &views, links, None)
}

async fn detail(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let page = read(&cx, &query).await?;
    let links = page.next(&cx, "/attachments/detail", &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(|row| full(&cx, row, None)).collect();
    pages::answer(&cx, "attachments", &views, links, None)
}

async fn found(cx: &Cx<Cinder>, id: &str) -> Result<attachment::Model, Fault> {
    Ok(cx.open(attachment::find(cx.service.db.read(), id).await?)?)
}

/// One attachment, with how to reach its volume.
async fn answer(cx: &Cx<Cinder>, row: attachment::Model) -> Result<Response, Fault> {
    let of = volume::of(cx.service.db.read(), &row).await?;
    cx.answer(StatusCode::OK, "attachment", &full(cx, row, of.as_ref()))
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    answer(&cx, row).await
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "attachment")]
struct CreateAttachment {
    volume_uuid: Uuid,
    instance_uuid: Option<Uuid>,
    connector: Option<Map<String, Value>>,
    #[body(since = "3.54", one_of = ["rw", "ro"])]
    mode: Option<String>,
}

/// What a connector says that is kept.
struct Connector {
    host: Option<String>,
    mountpoint: Option<String>,
    mode: Option<String>,
}

impl Connector {
    fn read(connector: &Map<String, Value>) -> Result<Self, Error> {
        let text = |name: &str| match connector.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= 255 => Ok(Some(text.clone())),
            Some(_) => Err(Error::InvalidInput(format!(
                "{name} in the connector must be a string of up to 255 characters."
            ))),
        };
        let mode = text("mode")?;
        if mode.as_ref().is_some_and(|mode| !["rw", "ro"].contains(&mode.as_str())) {
            return Err(Error::InvalidInput("mode in the connector must be rw or ro.".into()));
        }
        Ok(Self { host: text("host")?, mountpoint: text("mountpoint")?, mode })
    }
}

async fn create(cx: Cx<Cinder>, Body(body): Body<CreateAttachment>) -> Result<Response, Fault> {
    let of = volumes::found(&cx, &body.volume_uuid.to_string()).await?;
    let connector = body.connector.as_ref().map(Connector::read).transpose()?;
    let mode = body.mode.or_else(|| connector.as_ref()?.mode.clone()).unwrap_or_else(|| "rw".into());
    if of.readonly == Some(true) && mode != "ro" {
        return Err(Fault::bad_request(format!("Invalid attaching mode '{mode}' for volume {}.", of.id)));
    }
    let new = attachment::Model {
        id: Uuid::new_v4(),
        volume_id: of.id,
        project_id: of.project_id.clone(),
        instance: body.instance_uuid,
        of_nova: false,
        status: if connector.is_some() { "attaching" } else { "reserved" }.into(),
        mode,
        host: connector.as_ref().and_then(|connector| connector.host.clone()),
        mountpoint: connector.as_ref().and_then(|connector| connector.mountpoint.clone()),
        created_at: chrono::Utc::now(),
        attached_at: None,
    };
    let mut tx = cx.service.db.write().await?;
    let held = attachment::of(&*tx, &of).await?;
    if new.instance.is_some() && held.iter().any(|held| held.instance == new.instance) {
        return Err(Error::InvalidVolume(format!(
            "Volume {} is already reserved for or attached to that server.",
            of.id
        ))
        .into());
    }
    cx.service.reserve_in(&tx, &of, &new).await?;
    if connector.is_some() {
        volume::transition(&tx, &of, &["reserved"], "attaching").await?;
    }
    tx.emit(cx.event("volume.attach.start", of.id));
    tx.commit().await?;
    answer(&cx, new).await
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "attachment")]
struct UpdateAttachment {
    #[body(schema = connector_schema)]
    connector: Map<String, Value>,
}

fn connector_schema(_: platform::wire::Version) -> Value {
    literal!({"type": "object", "minProperties": 1})
}

async fn update(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<UpdateAttachment>,
) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    connections::refuse_if_novas(&cx, &row)?;
    let connector = Connector::read(&body.connector)?;
    (row.host, row.mountpoint) = (connector.host, connector.mountpoint);
    row.mode = connector.mode.unwrap_or(row.mode);
    let tx = cx.service.db.write().await?;
    if !attachment::connect(&tx, &row, &["reserved", "attaching"]).await? {
        return Err(Error::InvalidVolume(format!(
            "Attachment {} is {} and can't be changed.",
            row.id, row.status
        ))
        .into());
    }
    volume::transition(&tx, &row, &["reserved"], "attaching").await?;
    tx.commit().await?;
    row.status = "attaching".into();
    answer(&cx, row).await
}

#[derive(Deserialize, BodyDerive)]
struct Complete {
    #[serde(rename = "os-complete")]
    #[body(required)]
    _complete: Value,
}

async fn complete(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(_): Body<Complete>,
) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    connections::refuse_if_novas(&cx, &row)?;
    if row.status == "reserved" {
        return Err(Error::InvalidVolume(format!("Attachment {} has no connector yet.", row.id)).into());
    }
    cx.service.complete_as(&row, row.mountpoint.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    connections::refuse_if_novas(&cx, &row)?;
    cx.service.detach_from(&row).await?;
    let left = attachment::of(cx.service.db.read(), &row).await?;
    let views: Vec<_> = left.into_iter().map(brief).collect();
    pages::answer(&cx, "attachments", &views, None, None)
}
