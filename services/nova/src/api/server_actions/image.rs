//! An image of a server.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use contracts::image::NewImage;
use http::{HeaderValue, StatusCode, header};
use platform::{
    Body,
    http::{Fault, json},
    wire::Version,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    super::lenient::{MAX, Number, metadata, name},
    Asked, Request,
};
use crate::{
    model::server::{Origin, Rotation, TaskDetails},
    server::state::{Task, VmState},
};

#[derive(Deserialize, Body)]
#[body(wrap = "createImage")]
struct CreateImage {
    #[body(schema = name)]
    name: String,
    #[serde(default)]
    #[body(schema = metadata)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize, Body)]
#[body(wrap = "createBackup")]
struct CreateBackup {
    #[body(schema = name)]
    name: String,
    #[body(min = 0, max = 255)]
    backup_type: String,
    rotation: Number<0, MAX>,
    #[serde(default)]
    #[body(schema = metadata)]
    metadata: BTreeMap<String, String>,
}

/// `createImage`
pub async fn create(asked: Asked) -> Result<Response, Fault> {
    let body: CreateImage = asked.read()?;
    let image = take(&asked, body.name, body.metadata, None).await?;
    answer(&asked, image)
}

/// `createBackup`: an image that says what it is a backup of, in place of the oldest ones of its kind.
pub async fn backup(asked: Asked) -> Result<Response, Fault> {
    let body: CreateBackup = asked.read()?;
    if asked.server.image_id.is_none() {
        return Err(Fault::bad_request("Backup is not supported for volume-backed instances."));
    }
    let keep = usize::try_from(body.rotation.0).unwrap_or_default();
    let origin = Origin((*asked.cx.caller).clone());
    let rotation = Rotation { kind: body.backup_type, keep, origin };
    let image = take(&asked, body.name, body.metadata, Some(rotation)).await?;
    // Of an image that is deleted as soon as it is taken, nothing can be told.
    if keep == 0 && asked.cx.version < Version::new(2, 45) {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    answer(&asked, image)
}

fn answer(asked: &Asked, image: Uuid) -> Result<Response, Fault> {
    // From 2.45 on the id is in the body, before that in the Location.
    if asked.cx.version >= Version::new(2, 45) {
        return json(StatusCode::ACCEPTED, &json!({"image_id": image}));
    }
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Ok(place) = HeaderValue::from_str(&asked.cx.link(&format!("/images/{image}"))) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Makes the image in Glance, and a task that fills it.
async fn take(
    asked: &Asked,
    name: String,
    metadata: BTreeMap<String, String>,
    rotation: Option<Rotation>,
) -> Result<Uuid, Fault> {
    let server = &asked.server;
    let states = &[VmState::Active, VmState::Stopped, VmState::Paused, VmState::Suspended];
    let (action, task) = match rotation {
        Some(_) => ("createBackup", Task::ImageBackup),
        None => ("createImage", Task::ImageSnapshot),
    };
    server.in_state(action, states)?;
    let limits = crate::quota::limits_of_owner(asked.cx.service.db.read(), server).await?;
    if limits.get("metadata_items").is_some_and(|limit| *limit >= 0 && metadata.len() as i64 > *limit) {
        return Err(Fault::forbidden("Maximum number of metadata items exceeds the limit"));
    }
    let kind = rotation
        .iter()
        .flat_map(|rotation| [("backup_type", rotation.kind.clone()), ("image_type", "backup".to_owned())]);
    let image = queued(asked, name, metadata, kind.collect()).await?;
    let details = TaskDetails { snapshot: Some(image), rotation, ..server.details() };
    let request = Request { task, action, states, over: &[], event: "compute.instance.snapshot.start" };
    if let Err(fault) = asked.task_with(&request, |row| row.task = Some(details)).await {
        asked.cx.service.images.discard(image).await?;
        return Err(fault);
    }
    Ok(image)
}

/// An image in Glance that waits for its content.
pub async fn queued(
    asked: &Asked,
    name: String,
    metadata: BTreeMap<String, String>,
    more: Vec<(&'static str, String)>,
) -> Result<Uuid, Fault> {
    let server = &asked.server;
    let mut properties = server.image.as_ref().map(|image| image.properties.clone()).unwrap_or_default();
    properties.extend([
        ("image_type".to_owned(), "snapshot".to_owned()),
        ("instance_uuid".to_owned(), server.id.to_string()),
        ("user_id".to_owned(), server.user_id.clone()),
    ]);
    if let Some(base) = server.image_id {
        properties.insert("base_image_ref".into(), base.to_string());
    }
    properties.extend(metadata);
    properties.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    let new = NewImage {
        name,
        visibility: None,
        disk_format: "qcow2".into(),
        min_disk: server.root_gb.max(0) as u64,
        min_ram: server.image.as_ref().map_or(0, |image| image.min_ram),
        properties,
    };
    Ok(asked.cx.service.images.create(&asked.cx.caller, new).await?.id)
}
