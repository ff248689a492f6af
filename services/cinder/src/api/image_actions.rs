//! Actions between volumes and images: a volume becomes an image, and what a volume keeps of the image it was made from.

use axum::response::{IntoResponse, Response};
use contracts::image::NewImage;
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::opened,
    http::{Fault, json},
};
use sea_orm::EntityTrait;
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};

use super::{metadata::Pairs, volume_actions::Act, volume_view::time};
use crate::{
    error::Error,
    model::{volume, volume_type},
};

#[derive(Deserialize, BodyDerive)]
struct Upload {
    #[body(min = 1, max = 255)]
    image_name: String,
    /// A volume in use can't be copied consistently, with or without force.
    #[serde(default, rename = "force")]
    #[body(schema = super::boolean)]
    _force: Value,
    #[body(one_of = ["raw", "vmdk", "vdi", "qcow2", "vhd", "vhdx", "ploop"])]
    disk_format: Option<String>,
    #[body(max = 255)]
    container_format: Option<String>,
    #[body(since = "3.1", one_of = ["community", "public", "private", "shared"])]
    visibility: Option<String>,
    #[serde(default)]
    #[body(since = "3.1", schema = super::boolean)]
    protected: Value,
}

/// What of a volume's image goes on to the image that is made of it: what a user could have set on an image.
fn properties(row: &volume::Model) -> std::collections::BTreeMap<String, String> {
    let own = [
        "image_id",
        "image_name",
        "container_format",
        "disk_format",
        "min_disk",
        "min_ram",
        "size",
        "checksum",
    ];
    let pairs = row.image_metadata.as_ref().and_then(Value::as_object).into_iter().flatten();
    pairs
        .filter(|(name, _)| {
            !own.contains(&name.as_str()) && !name.starts_with("os_glance") && !name.starts_with("cinder_")
        })
        .filter(|(name, _)| !name.starts_with("img_signature"))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

pub(crate) async fn upload(act: Act) -> Result<Response, Fault> {
    let asked: Upload = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    if asked.visibility.as_deref() == Some("public") {
        act.allow("volume_extension:volume_actions:upload_public")?;
    }
    if asked.container_format.as_deref().is_some_and(|format| format != "bare") {
        return Err(Error::InvalidInput("Images of volumes have the container format bare.".into()).into());
    }
    if super::truth(&asked.protected) == Some(true) {
        return Err(Error::InvalidInput(
            "Images of volumes are made without protection; protect the image afterwards.".into(),
        )
        .into());
    }
    let format = asked.disk_format.unwrap_or_else(|| "raw".into());
    if format == "ploop" {
        return Err(Error::InvalidInput("The backend does not write images of format ploop.".into()).into());
    }
    let unfit = || {
        Error::InvalidVolume(format!(
            "Volume {} status must be available, but current status is: {}.",
            row.id, row.status
        ))
    };
    if row.status != "available" {
        return Err(unfit().into());
    }
    let new = NewImage {
        name: asked.image_name.clone(),
        visibility: asked.visibility.clone(),
        disk_format: format.clone(),
        min_disk: row.size.max(0) as u64,
        min_ram: 0,
        properties: properties(row),
    };
    let image = cx.service.images.create(&cx.caller, new).await?;
    let begun = begin(&act, image.id, &format).await;
    if !matches!(begun, Ok(true)) {
        // The image that was made for it would stay queued for ever.
        cx.service.images.discard(image.id).await?;
        return Err(begun.err().unwrap_or_else(|| unfit().into()));
    }
    cx.service.volumes.wake(row.id);
    let kind = volume_type::Entity::find_by_id(row.volume_type_id).one(cx.service.db.read()).await?;
    let mut answer = literal!({
        "id": row.id,
        "updated_at": time(row.updated_at),
        "status": "uploading",
        "display_description": row.description,
        "size": row.size,
        "volume_type": kind.map(|kind| literal!({"id": kind.id, "name": kind.name, "is_public": kind.is_public})),
        "image_id": image.id,
        "container_format": "bare",
        "disk_format": format,
        "image_name": asked.image_name,
    });
    if cx.version >= platform::wire::Version::new(3, 1) {
        answer["visibility"] = literal!(image.visibility);
        answer["protected"] = Value::Bool(false);
    }
    json(StatusCode::ACCEPTED, &literal!({"os-volume_upload_image": answer}))
}

/// Whether the volume was there to be uploaded.
async fn begin(act: &Act, image: uuid::Uuid, format: &str) -> Result<bool, Fault> {
    let mut tx = act.cx.service.db.write().await?;
    if !volume::transition(&tx, &act.row, &["available"], "uploading").await? {
        return Ok(false);
    }
    volume::set_upload(&tx, &act.row, image, format).await?;
    tx.emit(act.cx.event("volume.upload.start", act.row.id));
    tx.commit().await?;
    Ok(true)
}

fn pairs(row: &volume::Model) -> Map<String, Value> {
    row.image_metadata.as_ref().and_then(Value::as_object).cloned().unwrap_or_default()
}

#[derive(Deserialize, BodyDerive)]
struct SetMetadata {
    metadata: Pairs,
}

/// Changes the pairs in one transaction, and tells what they are then.
async fn change(act: &Act, change: impl FnOnce(&mut Map<String, Value>)) -> Result<Value, Fault> {
    let mut tx = act.cx.service.db.write().await?;
    let row = opened::lock(&tx, &act.row).await?;
    let mut pairs = pairs(&row.ok_or_else(|| Error::no_volume(act.row.id))?);
    change(&mut pairs);
    let pairs = Value::Object(pairs);
    volume::set_image_metadata(&tx, &act.row, pairs.clone()).await?;
    tx.emit(act.cx.event("volume.update.end", act.row.id));
    tx.commit().await?;
    Ok(pairs)
}

pub(crate) async fn set_metadata(act: Act) -> Result<Response, Fault> {
    let asked: SetMetadata = act.argument()?;
    let more = asked.metadata.0.into_iter().map(|(name, value)| (name, Value::String(value)));
    let pairs = change(&act, |pairs| pairs.extend(more)).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

#[derive(Deserialize, BodyDerive)]
struct UnsetMetadata {
    #[body(min = 1, max = 255)]
    key: String,
}

pub(crate) async fn unset_metadata(act: Act) -> Result<Response, Fault> {
    let asked: UnsetMetadata = act.argument()?;
    if !pairs(&act.row).contains_key(&asked.key) {
        return Err(Error::NoImageMetadata(act.row.id).into());
    }
    change(&act, |pairs| drop(pairs.remove(&asked.key))).await?;
    Ok(StatusCode::OK.into_response())
}

pub(crate) async fn show_metadata(act: Act) -> Result<Response, Fault> {
    json(StatusCode::OK, &literal!({"metadata": pairs(&act.row)}))
}
