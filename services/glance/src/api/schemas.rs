//! The schemas of what is shown.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json};

use crate::{Glance, image::rules};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new().get("/v2/schemas/{name}", "default", show).get(
        "/v2/schemas/metadefs/{name}",
        "default",
        show_metadefs,
    )
}

async fn show(cx: Cx<Glance>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let schema = match name.as_str() {
        "image" => image(),
        "images" => collection("images", image()),
        "member" => member(),
        "members" => {
            let mut schema = collection("members", member());
            schema["links"] = json!([{"rel": "describedby", "href": "{schema}"}]);
            schema
        }
        "task" => task(),
        "tasks" => collection("tasks", task()),
        _ => return Err(Fault::not_found("The resource could not be found.")),
    };
    json(StatusCode::OK, &schema)
}

async fn show_metadefs(cx: Cx<Glance>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let missing = || Fault::not_found("The resource could not be found.");
    json(StatusCode::OK, &super::metadefs::schemas::schema(&name).ok_or_else(missing)?)
}

fn image() -> Value {
    json!({
        "name": "image",
        "properties": rules::base(),
        "additionalProperties": {"type": "string"},
        "links": [
            {"rel": "self", "href": "{self}"},
            {"rel": "enclosure", "href": "{file}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}

fn member() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    json!({
        "name": "member",
        "properties": {
            "member_id": text("An identifier for the image member (tenantId)"),
            "image_id": {"type": "string", "description": "An identifier for the image",
                "pattern": "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"},
            "created_at": text("Date and time of image member creation"),
            "updated_at": text("Date and time of last modification of image member"),
            "status": {"type": "string", "description": "The status of this image member",
                "enum": ["pending", "accepted", "rejected"]},
            "schema": {"readOnly": true, "type": "string"},
        },
    })
}

fn task() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    json!({
        "name": "task",
        "properties": {
            "id": text("An identifier for the task"),
            "type": text("The type of task represented by this content"),
            "status": {"type": "string", "description": "The current status of this task",
                "enum": ["pending", "processing", "success", "failure"]},
            "input": {"type": ["null", "object"], "description": "The parameters required by task, JSON blob"},
            "result": {"type": ["null", "object"], "description": "The result of current task, JSON blob"},
            "owner": text("An identifier for the owner of this task"),
            "message": text("Human-readable informative message only included when appropriate (usually on failure)"),
            "image_id": text("Image associated with the task"),
            "request_id": text("Human-readable informative request-id"),
            "user_id": text("User associated with the task"),
            "expires_at": {"type": ["null", "string"], "description": "Datetime when this resource would be subject to removal"},
            "created_at": text("Datetime when this resource was created"),
            "updated_at": text("Datetime when this resource was updated"),
            "self": {"readOnly": true, "type": "string"},
            "schema": {"readOnly": true, "type": "string"},
        },
    })
}

fn collection(name: &str, item: Value) -> Value {
    json!({
        "name": name,
        "properties": {
            name: {"type": "array", "items": item},
            "first": {"type": "string"},
            "next": {"type": "string"},
            "schema": {"type": "string"},
        },
        "links": [
            {"rel": "first", "href": "{first}"},
            {"rel": "next", "href": "{next}"},
            {"rel": "describedby", "href": "{schema}"},
        ],
    })
}
