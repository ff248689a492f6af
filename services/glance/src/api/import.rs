//! Imports.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::StatusCode;
use platform::{
    db::opened,
    http::{Body, Cx, Fault, Routes},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::found;
use crate::{
    Error, Glance,
    image::view::STORE,
    import::address,
    model::{
        image::{self, Model, Seen, status},
        task,
    },
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new().post("/v2/images/{id}/import", "modify_image", import)
}

async fn import(cx: Cx<Glance>, Path(id): Path<String>, Body(body): Body<Value>) -> Result<Response, Fault> {
    let method = method(&cx, &body)?;
    let mut tx = cx.service.db.write().await?;
    let Seen { image, .. } = found(&cx, &*tx, &id).await?;
    let from = allowed(&cx, &image, method, &body)?;
    if task::is_open(&*tx, &image).await? {
        return Err(Fault::conflict("Image has active task"));
    }
    if !image::advance(&tx, &image, from, status::IMPORTING).await? {
        return Err(Fault::conflict("Image has active task"));
    }
    let row = task::Model {
        id: Uuid::new_v4(),
        kind: "api_image_import".into(),
        status: "pending".into(),
        owner: cx.caller.project_id().unwrap_or_default().to_owned(),
        user: cx.caller.user.id.clone(),
        image: Some(image.id),
        request: cx.request_id.0.to_string(),
        input: json!({"image_id": image.id, "import_req": body, "backend": [STORE]}),
        result: None,
        message: String::new(),
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    opened::insert(&tx, &row).await?;
    tx.emit(cx.event("image.import", image.id));
    tx.commit().await?;
    cx.service.importer.wake(image.id);
    Ok(StatusCode::ACCEPTED.into_response())
}

/// The method asked for, if it is open here.
fn method<'a>(cx: &Cx<Glance>, body: &'a Value) -> Result<&'a str, Fault> {
    // Whoever has a token may know which methods there are.
    let method =
        body.get("method").ok_or_else(|| Fault::bad_request("Import request requires a 'method' field."))?;
    let name = method
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| Fault::bad_request("Import request requires a 'name' field."))?;
    if !cx.service.config.import_methods().contains(&name) {
        let name: String = name.chars().take(64).collect();
        return Err(Fault::bad_request(format!("Unknown import method name '{name}'.")));
    }
    for field in ["all_stores", "all_stores_must_succeed"] {
        if body.get(field).is_some_and(|value| !value.is_boolean()) {
            return Err(Fault::bad_request(format!("'{field}' must be boolean value only")));
        }
    }
    if let Some(stores) = body.get("stores").and_then(Value::as_array)
        && stores.iter().any(|store| store != STORE)
    {
        return Err(Fault::conflict("One of the stores is not available on this node or is disabled."));
    }
    Ok(name)
}

/// The status that the image must be in, if the method suits it.
fn allowed(cx: &Cx<Glance>, image: &Model, method: &str, body: &Value) -> Result<&'static str, Fault> {
    let conflict = |text: String| Err(Fault::conflict(text));
    if image.status == status::ACTIVE {
        return conflict("Image with status active cannot be target for import".into());
    }
    let from = if method == "glance-direct" { status::UPLOADING } else { status::QUEUED };
    if image.status == status::IMPORTING {
        return conflict("Image has active task".into());
    }
    if image.status != from || (from == status::UPLOADING && image.size < 0) {
        return conflict(if from == status::UPLOADING {
            "Image needs to be staged before 'glance-direct' method can be used".into()
        } else {
            format!("Image needs to be in 'queued' state to use '{method}' method")
        });
    }
    for (name, value) in [("container_format", &image.container_format), ("disk_format", &image.disk_format)]
    {
        if value.is_empty() {
            return conflict(format!("'{name}' needs to be set before import"));
        }
    }
    if method == "web-download" {
        let uri = body["method"]["uri"].as_str().unwrap_or_default();
        address::read(uri, &cx.service.config).map_err(|error: Error| Fault::from(error))?;
    }
    Ok(from)
}
