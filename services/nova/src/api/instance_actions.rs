//! `/servers/{id}/os-instance-actions`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    View,
    db::owned::Owned,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sha2::{Digest, Sha224};
use uuid::Uuid;

use super::links::{self, Link};
use crate::{
    Nova,
    model::{
        instance_action::{self, Asked, Model},
        server,
    },
    times::{self, Micro},
};

/// The most that a page holds.
const MOST: u64 = 1000;

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
    let db = cx.service.db.read();
    Ok(match cx.version >= Version::new(2, 21) {
        true => cx.open(server::find_even_gone(db, id).await?)?,
        false => cx.open(server::find(db, id).await?)?,
    })
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let server = server_of(&cx, &id).await?;
    let (asked, limit) = match cx.version >= Version::new(2, 58) {
        true => asked(&cx, &server, &query).await?,
        false => (Asked::default(), MOST),
    };
    let page = instance_action::page(cx.service.db.read(), &server, &asked, limit).await?;
    let path = format!("servers/{}/os-instance-actions", server.id);
    let last = page.items.last().filter(|_| page.more);
    let next = last.map(|row| links::next(&cx, &path, &query, &row.request_id));
    let actions = page.items.iter().map(|row| view(row, None)).collect();
    web::json(StatusCode::OK, &At(&Listed { actions, links: next }, cx.version))
}

/// What a query may ask for from 2.58 on.
async fn asked(cx: &Cx<Nova>, server: &server::Model, query: &Query) -> Result<(Asked, u64), Fault> {
    let limit = query.read::<u64>("limit")?.filter(|limit| *limit > 0).unwrap_or(MOST).min(MOST);
    let time = |name: &str| {
        let invalid = || Fault::bad_request(format!("Invalid {name}"));
        query.get(name).map(|text| times::parse(text).ok_or_else(invalid)).transpose()
    };
    let since = time("changes-since")?;
    let before = if cx.version >= Version::new(2, 66) { time("changes-before")? } else { None };
    let behind = match query.get("marker") {
        None => None,
        Some(marker) => {
            let row = instance_action::by_request(cx.service.db.read(), server, marker).await?;
            Some(row.ok_or_else(|| Fault::bad_request(format!("marker [{marker}] not found")))?)
        }
    };
    Ok((Asked { since, before, behind }, limit))
}

async fn show(cx: Cx<Nova>, Path((id, request)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = server_of(&cx, &id).await?;
    let db = cx.service.db.read();
    let row = instance_action::by_request(db, &server, &request).await?.ok_or_else(|| {
        Fault::not_found(format!("Action for request_id {request} on instance {} not found", server.id))
    })?;
    let target = server.target();
    let all = cx.may("os_compute_api:os-instance-actions:events", &target);
    let details = cx.may("os_compute_api:os-instance-actions:events:details", &target);
    let shown = all || cx.version >= Version::new(2, 51);
    let events = instance_action::events(db, &row).await?;
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
