//! Deactivating and reactivating images.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::http::{Cx, Fault, Routes};

use super::found;
use crate::{
    Glance,
    model::image::{self, Seen, status},
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new().post("/v2/images/{id}/actions/deactivate", "deactivate", deactivate).post(
        "/v2/images/{id}/actions/reactivate",
        "reactivate",
        reactivate,
    )
}

async fn deactivate(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    switch(cx, id, status::ACTIVE, status::DEACTIVATED, "deactivate").await
}

async fn reactivate(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    switch(cx, id, status::DEACTIVATED, status::ACTIVE, "reactivate").await
}

async fn switch(cx: Cx<Glance>, id: String, from: &str, to: &str, verb: &str) -> Result<Response, Fault> {
    let mut tx = cx.service.db.write().await?;
    let Seen { image, .. } = found(&cx, &*tx, &id).await?;
    if image.status != to {
        if !image::advance(&tx, &image, from, to).await? {
            return Err(Fault::forbidden(format!(
                "Not allowed to {verb} image in status '{}'",
                image.status
            )));
        }
        let kind = if to == status::ACTIVE { "image.activate" } else { "image.deactivate" };
        tx.emit(cx.event(kind, image.id));
        tx.commit().await?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
