//! Tags of an image.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes};

use super::found;
use crate::{
    Glance,
    image::{create, rules},
    model::{
        image::{self, Seen},
        tag,
    },
};

pub(super) fn routes() -> Routes<Glance> {
    let path = "/v2/images/{id}/tags/{tag}";
    Routes::new().put(path, "modify_image", add).delete(path, "modify_image", remove)
}

async fn add(cx: Cx<Glance>, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    rules::check_value("tags", &serde_json::json!([tag]))?;
    let mut tx = cx.service.db.write().await?;
    let Seen { image, .. } = found(&cx, &*tx, &id).await?;
    let mut whole = image::one_whole(&*tx, image).await?;
    if whole.tags.insert(tag) {
        create::check_numbers(&whole)?;
        tag::replace(&tx, &whole.image, &whole.tags).await?;
        tx.emit(cx.event("image.update", whole.image.id));
        tx.commit().await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn remove(cx: Cx<Glance>, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    let mut tx = cx.service.db.write().await?;
    let Seen { image, .. } = found(&cx, &*tx, &id).await?;
    let mut tags = tag::of(&*tx, &image).await?;
    if !tags.remove(&tag) {
        return Err(Fault::not_found("The tag could not be found."));
    }
    tag::replace(&tx, &image, &tags).await?;
    tx.emit(cx.event("image.update", image.id));
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
