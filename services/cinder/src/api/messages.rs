//! What went wrong, told to users (3.3 and later).

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use platform::{
    View,
    db::opened,
    http::{Cx, Fault, Query, Routes},
};
use uuid::Uuid;

use super::{
    pages::{self, Link},
    volume_view::time,
};
use crate::{
    Cinder,
    model::message::{self, Model},
};

const SINCE: Option<(u16, u16)> = Some((3, 3));

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .versioned(Method::GET, "/v3/messages", "message:get_all", SINCE, None, list)
        .list(&message::LIST)
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

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let own = message::visible(&cx.own_scope()?);
    let page = pages::read(&cx, own, &message::LIST, &query).await?;
    let links = page.next(&cx, "/messages", &query, |row| row.id);
    let views: Vec<_> = page.rows.into_iter().map(|row| view(&cx, row)).collect();
    pages::answer(&cx, "messages", &views, links, None)
}

async fn found(cx: &Cx<Cinder>, id: &str) -> Result<Model, Fault> {
    Ok(cx.open(message::find(cx.service.db.read(), id).await?)?)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "message", &view(&cx, row))
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    opened::delete(&tx, &row).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
