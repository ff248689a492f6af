//! `/servers/{id}/os-instance-actions`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    View,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use sha2::{Digest, Sha224};
use uuid::Uuid;

use super::{
    links::{self, Link},
    lookup,
    times::{self, Micro},
};
use crate::{
    Nova,
    model::{
        instance_action::{self, Column, Entity, Model},
        server,
    },
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/servers/{id}/os-instance-actions", "os_compute_api:os-instance-actions:list", index)
        .get(
            "/v2.1/servers/{id}/os-instance-actions/{request}",
            "os_compute_api:os-instance-actions:show",
            show,
        )
}

#[derive(View)]
struct Action<'a> {
    action: &'a str,
    instance_uuid: Uuid,
    request_id: &'a str,
    user_id: &'a str,
    project_id: &'a str,
    start_time: Micro,
    message: Option<&'a str>,
    #[view(since = "2.58")]
    updated_at: Micro,
    #[view(nested, skip_none)]
    events: Option<Vec<Event<'a>>>,
}

#[derive(View)]
struct Event<'a> {
    event: &'a str,
    start_time: Micro,
    finish_time: Option<Micro>,
    result: Option<&'a str>,
    #[view(skip_none)]
    traceback: Option<Option<&'a str>>,
    #[view(since = "2.62", rename = "hostId")]
    host_id: String,
    #[view(since = "2.62", skip_none)]
    host: Option<Option<&'a str>>,
    #[view(since = "2.84")]
    details: Option<&'a str>,
}

#[derive(View)]
struct Listed<'a> {
    #[view(rename = "instanceActions", nested)]
    actions: Vec<Action<'a>>,
    #[view(since = "2.58", skip_none)]
    links: Option<[Link; 1]>,
}

fn view<'a>(row: &'a Model, events: Option<Vec<Event<'a>>>) -> Action<'a> {
    Action {
        action: &row.action,
        instance_uuid: row.server_id,
        request_id: &row.request_id,
        user_id: &row.user_id,
        project_id: &row.project_id,
        start_time: Micro(row.started_at),
        message: row.message.as_deref(),
        updated_at: Micro(row.updated_at),
        events,
    }
}

/// The server of a path; from 2.21 on also one that is gone.
async fn server_of(cx: &Cx<Nova>, id: &str) -> Result<server::Model, Fault> {
    if cx.version >= Version::new(2, 21)
        && let Ok(uuid) = Uuid::parse_str(id)
    {
        let row = server::Entity::find_by_id(uuid).one(cx.service.db.read()).await?;
        let missing = || crate::error::NovaError::InstanceNotFound(id.to_owned()).into();
        return cx.found(row, server::Model::target, missing);
    }
    lookup::server(cx, id).await
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let server = server_of(&cx, &id).await?;
    let mut select = Entity::find().filter(Column::ServerId.eq(server.id)).order_by_desc(Column::Id);
    let mut limit: u64 = 1000;
    if cx.version >= Version::new(2, 58) {
        limit = query.read::<u64>("limit")?.filter(|limit| *limit > 0).unwrap_or(1000).min(1000);
        if let Some(text) = query.get("changes-since") {
            let since = times::parse(text).ok_or_else(|| Fault::bad_request("Invalid changes-since"))?;
            select = select.filter(Column::UpdatedAt.gte(since));
        }
        if let Some(text) = query.get("changes-before").filter(|_| cx.version >= Version::new(2, 66)) {
            let before = times::parse(text).ok_or_else(|| Fault::bad_request("Invalid changes-before"))?;
            select = select.filter(Column::UpdatedAt.lte(before));
        }
        if let Some(marker) = query.get("marker") {
            let row = Entity::find()
                .filter(Column::ServerId.eq(server.id))
                .filter(Column::RequestId.eq(marker))
                .one(cx.service.db.read())
                .await?;
            let row = row.ok_or_else(|| Fault::bad_request(format!("marker [{marker}] not found")))?;
            select = select.filter(Column::Id.lt(row.id));
        }
    }
    let mut rows = select.limit(limit + 1).all(cx.service.db.read()).await?;
    let more = rows.len() as u64 > limit;
    rows.truncate(limit as usize);
    let path = format!("servers/{}/os-instance-actions", server.id);
    let next = rows.last().filter(|_| more).map(|row| links::next(&cx, &path, &query, &row.request_id));
    let actions = rows.iter().map(|row| view(row, None)).collect();
    web::json(StatusCode::OK, &At(&Listed { actions, links: next }, cx.version))
}

async fn show(cx: Cx<Nova>, Path((id, request)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = server_of(&cx, &id).await?;
    let db = cx.service.db.read();
    let row = Entity::find()
        .filter(Column::ServerId.eq(server.id))
        .filter(Column::RequestId.eq(request.as_str()))
        .one(db)
        .await?;
    let row = row.ok_or_else(|| {
        Fault::not_found(format!("Action for request_id {request} on instance {} not found", server.id))
    })?;
    let target = server.target();
    let all = cx.may("os_compute_api:os-instance-actions:events", &target);
    let details = cx.may("os_compute_api:os-instance-actions:events:details", &target);
    let shown = all || cx.version >= Version::new(2, 51);
    let events = instance_action::event::Entity::find()
        .filter(instance_action::event::Column::ActionId.eq(row.id))
        .order_by_desc(instance_action::event::Column::Id)
        .all(db)
        .await?;
    let events = shown.then(|| {
        events
            .iter()
            .map(|event| Event {
                event: &event.event,
                start_time: Micro(event.started_at),
                finish_time: event.finished_at.map(Micro),
                result: event.result.as_deref(),
                traceback: all.then_some(None),
                host_id: host_id(&server.project_id, event.host.as_deref()),
                host: details.then_some(event.host.as_deref()),
                details: event.details.as_deref(),
            })
            .collect()
    });
    cx.answer(StatusCode::OK, "instanceAction", &view(&row, events))
}

fn host_id(project: &str, host: Option<&str>) -> String {
    let Some(host) = host else { return String::new() };
    Sha224::digest(format!("{project}{host}")).iter().map(|byte| format!("{byte:02x}")).collect()
}
