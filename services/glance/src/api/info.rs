//! What this Glance can do, and how much of it a project uses.

use axum::response::Response;
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::json;

use crate::{
    Glance,
    image::view::STORE,
    model::image::{self, status},
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .get("/v2/info/import", "default", import)
        .get("/v2/info/stores", "default", stores)
        .get("/v2/info/stores/detail", "stores_info_detail", stores_detail)
        .get("/v2/info/usage", "default", usage)
}

async fn import(cx: Cx<Glance>) -> Result<Response, Fault> {
    cx.allow()?;
    let methods = cx.service.config.import_methods();
    let body = json!({"import-methods": {
        "description": "Import methods available.", "type": "array", "value": methods}});
    json(StatusCode::OK, &body)
}

async fn stores(cx: Cx<Glance>) -> Result<Response, Fault> {
    cx.allow()?;
    json(StatusCode::OK, &json!({"stores": [{"id": STORE, "description": "Local files", "default": "true"}]}))
}

async fn stores_detail(cx: Cx<Glance>) -> Result<Response, Fault> {
    cx.allow()?;
    let store = json!({
        "id": STORE, "description": "Local files", "default": "true", "type": "file", "weight": 0,
        "properties": {"data_dir": cx.service.store.spool().parent(), "chunk_size": 1 << 20, "thin_provisioning": false},
    });
    json(StatusCode::OK, &json!({"stores": [store]}))
}

async fn usage(cx: Cx<Glance>) -> Result<Response, Fault> {
    let (db, own) = (cx.service.db.read(), cx.own_scope()?);
    cx.project_id()?;
    let (count, _) = image::usage(db, &own, &[]).await?;
    let (_, bytes) = image::usage(db, &own, &[status::ACTIVE, status::DEACTIVATED]).await?;
    let (_, staged) = image::usage(db, &own, &[status::UPLOADING, status::IMPORTING]).await?;
    let (coming, _) = image::usage(db, &own, &[status::SAVING, status::UPLOADING, status::IMPORTING]).await?;
    let limit = |most: Option<u64>| most.map_or(-1, |most| i64::try_from(most).unwrap_or(i64::MAX));
    let config = &cx.service.config;
    // Sizes are told in MiB.
    let body = json!({"usage": {
        "image_size_total": {"usage": bytes >> 20, "limit": limit(config.bytes_per_project.map(|bytes| bytes >> 20))},
        "image_stage_total": {"usage": staged >> 20, "limit": limit(config.bytes_per_project.map(|bytes| bytes >> 20))},
        "image_count_total": {"usage": count, "limit": limit(config.images_per_project)},
        "image_count_uploading": {"usage": coming, "limit": limit(config.images_per_project)},
    }});
    json(StatusCode::OK, &body)
}
