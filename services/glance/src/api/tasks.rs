//! Tasks: those of an image for its owner, all of them for administrators.

use axum::{extract::Path, response::Response};
use chrono::{TimeDelta, Utc};
use http::StatusCode;
use platform::{
    db::{list, opened},
    http::{Body, Cx, Fault, Query, Routes, json},
    policy::Target,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::found;
use crate::{
    Glance,
    image::{
        create,
        rules::{self, Given},
        view::time,
    },
    import::address,
    model::{
        image::{Seen, status},
        task::{self, Model},
    },
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .get("/v2/images/{id}/tasks", "get_image", of_image)
        .get("/v2/tasks", "tasks_api_access", all)
        .list(&task::LIST)
        .post("/v2/tasks", "tasks_api_access", create)
        .get("/v2/tasks/{id}", "tasks_api_access", show)
}

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
    let Seen { image, .. } = found(&cx, db, &id).await?;
    let rows = task::of_image(db, &image).await?;
    json(StatusCode::OK, &json!({"tasks": rows.iter().map(full).collect::<Vec<_>>()}))
}

async fn all(cx: Cx<Glance>, query: Query) -> Result<Response, Fault> {
    let tasks = task::visible(&cx.scope_of_all("tasks_api_access")?);
    let page = list::page(cx.service.db.read(), tasks, &task::LIST, &query).await?;
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

/// A new image from the web, as administrators asked for it before imports.
#[derive(Deserialize, platform::Body)]
struct Create {
    #[body(one_of = ["import", "export", "clone"])]
    r#type: String,
    input: Input,
}

#[derive(Deserialize, platform::Body)]
#[body(open)]
struct Input {
    import_from: String,
    import_from_format: String,
    image_properties: Given,
}

async fn create(cx: Cx<Glance>, Body(body): Body<Create>) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let Create { r#type: kind, input } = body;
    if kind != "import" {
        return Err(Fault::bad_request(format!("Invalid task type: {kind}")));
    }
    if !cx.service.config.web_download {
        return Err(Fault::bad_request("Images can't be imported from the web here."));
    }
    address::read(&input.import_from, &cx.service.config)?;
    let mut whole = create::new(input.image_properties.0.clone(), cx.project_id()?)?;
    let image = &mut whole.image;
    if image.container_format.is_empty() {
        image.container_format = "bare".into();
    }
    if image.disk_format.is_empty() {
        image.disk_format = input.import_from_format.clone();
    }
    rules::check_value("disk_format", &json!(image.disk_format))?;
    image.status = status::IMPORTING.into();
    let row = Model {
        id: Uuid::new_v4(),
        kind,
        status: "pending".into(),
        owner: image.owner.clone(),
        user: cx.caller.user.id.clone(),
        image: Some(image.id),
        request: cx.request_id.0.to_string(),
        input: json!({"import_from": input.import_from, "import_from_format": input.import_from_format,
            "image_properties": input.image_properties.0}),
        result: None,
        message: String::new(),
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    let mut tx = cx.service.db.write().await?;
    create::insert(&tx, &whole, &cx.service.config).await?;
    opened::insert(&tx, &row).await?;
    tx.emit(cx.event("image.create", whole.image.id));
    tx.commit().await?;
    cx.service.importer.wake(whole.image.id);
    json(StatusCode::CREATED, &full(&row))
}

async fn show(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let row = cx.open(task::find(cx.service.db.read(), &id).await?)?;
    json(StatusCode::OK, &full(&row))
}
