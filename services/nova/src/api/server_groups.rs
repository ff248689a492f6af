//! `/os-server-groups`

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    Body, View,
    db::{list, opened},
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sea_orm::QuerySelect;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::lenient::name;
use crate::{
    Nova,
    error::NovaError,
    model::server_group::{self, Model},
    quota,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/os-server-groups", "/v2.1/os-server-groups/{id}");
    Routes::new()
        .get(all, "os_compute_api:os-server-groups:index", index)
        .list(&server_group::LIST)
        .post(all, "os_compute_api:os-server-groups:create", create)
        .get(one, "os_compute_api:os-server-groups:show", show)
        .delete(one, "os_compute_api:os-server-groups:delete", delete)
}

fn policies(version: Version) -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string", "enum": kinds(version)}})
}

/// Soft policies came with 2.15.
fn kinds(version: Version) -> &'static [&'static str] {
    let all = &["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"];
    if version >= Version::new(2, 15) { all } else { &all[..2] }
}

fn policy(version: Version) -> Value {
    json!({"type": "string", "enum": kinds(version)})
}

fn rules(_: Version) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": {
        "max_server_per_host": {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 1},
    }})
}

#[derive(Deserialize, Body)]
#[body(wrap = "server_group")]
struct Create {
    #[body(schema = name)]
    name: String,
    #[serde(default)]
    #[body(until = "2.63", required, schema = policies)]
    policies: Vec<String>,
    #[serde(default)]
    #[body(since = "2.64", required, schema = policy)]
    policy: String,
    #[serde(default)]
    #[body(since = "2.64", schema = rules)]
    rules: serde_json::Map<String, Value>,
}

#[derive(View)]
struct Group<'a> {
    id: Uuid,
    name: &'a str,
    members: Vec<Uuid>,
    #[view(until = "2.63")]
    policies: [&'a str; 1],
    #[view(until = "2.63")]
    metadata: Value,
    #[view(since = "2.13")]
    project_id: &'a str,
    #[view(since = "2.13")]
    user_id: &'a str,
    #[view(since = "2.64")]
    policy: &'a str,
    #[view(since = "2.64")]
    rules: &'a Value,
}

#[derive(View)]
struct Listed<'a> {
    #[view(nested)]
    server_groups: Vec<Group<'a>>,
}

fn view(row: &Model, members: Vec<Uuid>) -> Group<'_> {
    Group {
        id: row.id,
        name: &row.name,
        members,
        policies: [&row.policy],
        metadata: json!({}),
        project_id: &row.project_id,
        user_id: &row.user_id,
        policy: &row.policy,
        rules: &row.rules,
    }
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let scope = match query.get("all_projects") {
        Some(_) if cx.is_admin() => cx.scope_of_all("os_compute_api:os-server-groups:index:all_projects")?,
        _ => own,
    };
    let mut select = server_group::visible(&scope);
    if let Some(offset) = query.read::<u64>("offset")? {
        select = select.offset(offset);
        if query.get("limit").is_none() {
            select = select.limit(1000);
        }
    }
    let db = cx.service.db.read();
    let page = list::page(db, select, &server_group::LIST, &query).await?;
    let mut members = server_group::members(db, &page.items).await?;
    let groups = page.items.iter().map(|row| view(row, members.remove(&row.id).unwrap_or_default()));
    let groups = Listed { server_groups: groups.collect() };
    web::json(StatusCode::OK, &At(&groups, cx.version))
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<Create>) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let project = cx.project_id()?.to_owned();
    let policy = body.policies.into_iter().next().unwrap_or(body.policy);
    let most = match body.rules.get("max_server_per_host") {
        Some(Value::String(text)) => text.parse::<i64>().ok(),
        Some(value) => value.as_i64(),
        None => None,
    };
    if most.is_some() && policy != "anti-affinity" {
        return Err(Fault::bad_request("Only anti-affinity policy supports rules."));
    }
    let row = Model {
        id: Uuid::new_v4(),
        project_id: project,
        user_id: cx.caller.user.id.clone(),
        name: body.name,
        policy,
        rules: most.map_or_else(|| json!({}), |most| json!({"max_server_per_host": most})),
        created_at: Utc::now(),
    };
    let mut tx = cx.service.db.write().await?;
    let room = quota::Room::read(&*tx, &own, &cx.caller.user.id).await?;
    if room.check(&[("server_groups", 1)]).is_err() {
        return Err(NovaError::Forbidden("Quota exceeded, too many server groups.".into()).into());
    }
    opened::insert(&tx, &row).await?;
    tx.emit(cx.event("server_group.create", row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "server_group", &view(&row, Vec::new()))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let row = cx.open(server_group::find(db, &id).await?)?;
    let members = server_group::members(db, std::slice::from_ref(&row)).await?.remove(&row.id);
    cx.answer(StatusCode::OK, "server_group", &view(&row, members.unwrap_or_default()))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let row = cx.open(server_group::find(cx.service.db.read(), &id).await?)?;
    let mut tx = cx.service.db.write().await?;
    server_group::delete(&tx, &row).await?;
    tx.emit(cx.event("server_group.delete", row.id));
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
