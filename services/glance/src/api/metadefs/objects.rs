//! Objects: groups of properties.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::http::{Body, Cx, Fault, Routes, json};
use serde_json::{Map, Value, json};

use super::{dated, found, given, missing, taken};
use crate::{
    Glance,
    model::definition::{self, Kind, Model},
};

pub(super) fn routes() -> Routes<Glance> {
    let (all, one) = (
        "/v2/metadefs/namespaces/{namespace}/objects",
        "/v2/metadefs/namespaces/{namespace}/objects/{object}",
    );
    Routes::new()
        .get(all, "get_metadef_objects", list)
        .post(all, "add_metadef_object", create)
        .delete(all, "delete_metadef_namespace", clear)
        .get(one, "get_metadef_object", show)
        .put(one, "modify_metadef_object", update)
        .delete(one, "delete_metadef_object", delete)
}

pub(super) fn view(row: &Model) -> Map<String, Value> {
    let mut view = dated(row);
    view.insert(
        "self".into(),
        format!("/v2/metadefs/namespaces/{}/objects/{}", row.namespace, row.name).into(),
    );
    view.insert("schema".into(), "/v2/schemas/metadefs/object".into());
    view
}

async fn list(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let rows = definition::of(db, &namespace, Kind::Object).await?;
    let views: Vec<_> = rows.iter().map(view).collect();
    json(StatusCode::OK, &json!({"objects": views, "schema": "v2/schemas/metadefs/objects"}))
}

async fn show(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let row = definition::get(db, &namespace, Kind::Object, &name)
        .await?
        .ok_or_else(|| missing("object", &name, &namespace.name))?;
    json(StatusCode::OK, &view(&row))
}

async fn create(
    cx: Cx<Glance>,
    Path(namespace): Path<String>,
    Body(body): Body<given::Object>,
) -> Result<Response, Fault> {
    let (name, body) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    let row = match definition::add(&tx, &namespace, Kind::Object, &name, body.into()).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("object", &name, &namespace.name));
        }
        added => added?,
    };
    tx.commit().await?;
    json(StatusCode::CREATED, &view(&row))
}

async fn update(
    cx: Cx<Glance>,
    Path((namespace, name)): Path<(String, String)>,
    Body(body): Body<given::Object>,
) -> Result<Response, Fault> {
    let (new_name, body) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    match definition::change(&tx, (&namespace, Kind::Object, &name), &new_name, body.into()).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("object", &new_name, &namespace.name));
        }
        Ok(false) => return Err(missing("object", &name, &namespace.name)),
        changed => changed?,
    };
    let row = definition::get(&*tx, &namespace, Kind::Object, &new_name).await?;
    tx.commit().await?;
    match row {
        Some(row) => json(StatusCode::OK, &view(&row)),
        None => Err(missing("object", &name, &namespace.name)),
    }
}

async fn delete(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    if definition::remove(&tx, &namespace, Kind::Object, Some(&name)).await? == 0 {
        return Err(missing("object", &name, &namespace.name));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    definition::remove(&tx, &namespace, Kind::Object, None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
