//! Tasks: those of an image for its owner, all of them for administrators.

use axum::{extract::Path, response::Response};
use chrono::TimeDelta;
use http::StatusCode;
use platform::{
    db::list::{self, Kind, ListSpec},
    http::{Cx, Fault, Query, Routes, json},
    policy::Target,
};
use sea_orm::{EntityTrait, Order};
use serde_json::{Value, json};
use uuid::Uuid;

use super::found;
use crate::{
    Glance,
    image::view::time,
    model::task::{self, Column, Entity, Model},
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .get("/v2/images/{id}/tasks", "get_image", of_image)
        .get("/v2/tasks", "tasks_api_access", all)
        .get("/v2/tasks/{id}", "tasks_api_access", show)
}

static SPEC: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[("status", Column::Status, Kind::Text), ("type", Column::Kind, Kind::Text)],
    sorts: &[("created_at", Column::CreatedAt), ("status", Column::Status), ("type", Column::Kind)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

fn brief(row: &Model) -> Value {
    let mut view = json!({
        "id": row.id,
        "type": row.kind,
        "status": row.status,
        "owner": row.owner,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
        "self": format!("/v2/tasks/{}", row.id),
        "schema": "/v2/schemas/task",
    });
    if matches!(row.status.as_str(), "success" | "failure") {
        view["expires_at"] = time(row.updated_at + TimeDelta::hours(48)).into();
    }
    view
}

fn full(row: &Model) -> Value {
    let mut view = brief(row);
    view["input"] = row.input.clone();
    view["result"] = row.result.clone().unwrap_or(Value::Null);
    view["message"] = row.message.clone().into();
    view["image_id"] = json!(row.image);
    view["request_id"] = row.request.clone().into();
    view["user_id"] = row.user.clone().into();
    view
}

async fn of_image(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let (image, _) = found(&cx, db, &id).await?;
    let rows = task::of_image(db, image.id).await?;
    json(StatusCode::OK, &json!({"tasks": rows.iter().map(full).collect::<Vec<_>>()}))
}

async fn all(cx: Cx<Glance>, query: Query) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let page = list::page(cx.service.db.read(), Entity::find(), &SPEC, &query).await?;
    let mut body = json!({
        "tasks": page.items.iter().map(brief).collect::<Vec<_>>(),
        "first": "/v2/tasks",
        "schema": "/v2/schemas/tasks",
    });
    if let (true, Some(last)) = (page.more, page.items.last()) {
        body["next"] = format!("/v2/tasks?{}", query.with("marker", &last.id.to_string())).into();
    }
    json(StatusCode::OK, &body)
}

async fn show(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let row = match id.parse::<Uuid>() {
        Ok(id) => Entity::find_by_id(id).one(cx.service.db.read()).await?,
        Err(_) => None,
    };
    let row = row.ok_or_else(|| {
        Fault::not_found(format!("Failed to find task {}", id.chars().take(64).collect::<String>()))
    })?;
    json(StatusCode::OK, &full(&row))
}
