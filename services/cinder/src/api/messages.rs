//! What went wrong, told to users (3.3 and later).

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use platform::{
    View,
    db::list::{Kind, ListSpec},
    http::{Cx, Fault, Query, Routes},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, Order, QueryFilter};
use uuid::Uuid;

use super::{
    pages::{self, Link},
    volume_view::time,
};
use crate::{
    Cinder,
    error::Error,
    model::message::{Column, Entity, Model},
};

const SINCE: Option<(u16, u16)> = Some((3, 3));

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .versioned(Method::GET, "/v3/messages", "message:get_all", SINCE, None, list)
        .list(&LIST)
        .versioned(Method::GET, "/v3/messages/{id}", "message:get", SINCE, None, show)
        .versioned(Method::DELETE, "/v3/messages/{id}", "message:delete", SINCE, None, delete)
}

/// A message.
#[derive(View)]
struct MessageView {
    id: Uuid,
    event_id: String,
    user_message: String,
    message_level: String,
    created_at: String,
    guaranteed_until: String,
    request_id: String,
    links: Vec<Link>,
    resource_type: String,
    resource_uuid: Uuid,
}

fn view(cx: &Cx<Cinder>, row: Model) -> MessageView {
    MessageView {
        links: pages::links(cx, &format!("/messages/{}", row.id)),
        id: row.id,
        event_id: row.event_id,
        user_message: row.user_message,
        message_level: row.message_level,
        created_at: time(row.created_at),
        guaranteed_until: time(row.expires_at),
        request_id: row.request_id,
        resource_type: row.resource_type,
        resource_uuid: row.resource_uuid,
    }
}

static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("event_id", Column::EventId, Kind::Text),
        ("resource_type", Column::ResourceType, Kind::Text),
        ("resource_uuid", Column::ResourceUuid, Kind::Uuid),
        ("request_id", Column::RequestId, Kind::Text),
        ("message_level", Column::MessageLevel, Kind::Text),
    ],
    sorts: &[("created_at", Column::CreatedAt), ("id", Column::Id)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let own = Entity::find().filter(Column::ProjectId.eq(cx.caller.project_id().unwrap_or_default()));
    let page = pages::read(&cx, own, &LIST, &query).await?;
    let links = page.next(&cx, "/messages", &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(|row| view(&cx, row)).collect();
    pages::answer(&cx, "messages", &views, links, None)
}

async fn found(cx: &Cx<Cinder>, id: &str) -> Result<Model, Fault> {
    let row = match id.parse::<Uuid>() {
        Ok(id) => Entity::find_by_id(id).one(cx.service.db.read()).await?,
        Err(_) => None,
    };
    cx.found(
        row,
        |row| Target::project(row.project_id.as_str()),
        || Error::MessageNotFound(Error::shown(id)).into(),
    )
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "message", &view(&cx, row))
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
