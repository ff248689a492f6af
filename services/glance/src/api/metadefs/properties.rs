//! Properties.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::http::{Body, Cx, Fault, Query, Routes, json};
use serde_json::{Map, Value, json};

use super::{found, given, missing, taken};
use crate::{
    Glance,
    model::definition::{self, Kind, Model},
};

pub(super) fn routes() -> Routes<Glance> {
    let (all, one) = (
        "/v2/metadefs/namespaces/{namespace}/properties",
        "/v2/metadefs/namespaces/{namespace}/properties/{property}",
    );
    Routes::new()
        .get(all, "get_metadef_properties", list)
        .post(all, "add_metadef_property", create)
        .delete(all, "delete_metadef_namespace", clear)
        .get(one, "get_metadef_property", show)
        .put(one, "modify_metadef_property", update)
        .delete(one, "remove_metadef_property", delete)
}

fn view(row: &Model) -> Value {
    let mut view = row.body.clone();
    view["name"] = row.name.clone().into();
    view
}

async fn list(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let rows = definition::of(db, &namespace, Kind::Property).await?;
    let views: Map<String, Value> = rows.into_iter().map(|row| (row.name, row.body)).collect();
    json(StatusCode::OK, &json!({"properties": views}))
}

async fn show(
    cx: Cx<Glance>,
    Path((namespace, name)): Path<(String, String)>,
    query: Query,
) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    // For a resource type, properties are asked for with its prefix.
    let mut plain = name.as_str();
    if let Some(kind) = query.get("resource_type") {
        let association = definition::get(db, &namespace, Kind::ResourceType, kind).await?;
        let prefix = association.as_ref().and_then(|row| row.body["prefix"].as_str()).unwrap_or_default();
        plain = plain.strip_prefix(prefix).ok_or_else(|| missing("property", &name, &namespace.name))?;
    }
    let row = definition::get(db, &namespace, Kind::Property, plain)
        .await?
        .ok_or_else(|| missing("property", &name, &namespace.name))?;
    let mut view = view(&row);
    view["name"] = name.into();
    json(StatusCode::OK, &view)
}

async fn create(
    cx: Cx<Glance>,
    Path(namespace): Path<String>,
    Body(body): Body<given::Property>,
) -> Result<Response, Fault> {
    let (name, body) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    let row = match definition::add(&tx, &namespace, Kind::Property, &name, body.into()).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("property", &name, &namespace.name));
        }
        added => added?,
    };
    tx.commit().await?;
    json(StatusCode::CREATED, &view(&row))
}

async fn update(
    cx: Cx<Glance>,
    Path((namespace, name)): Path<(String, String)>,
    Body(body): Body<given::Property>,
) -> Result<Response, Fault> {
    let (new_name, body) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    let body = Value::from(body);
    match definition::change(&tx, (&namespace, Kind::Property, &name), &new_name, body.clone()).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("property", &new_name, &namespace.name));
        }
        Ok(false) => return Err(missing("property", &name, &namespace.name)),
        changed => changed?,
    };
    tx.commit().await?;
    let mut view = body;
    view["name"] = new_name.into();
    json(StatusCode::OK, &view)
}

async fn delete(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    if definition::remove(&tx, &namespace, Kind::Property, Some(&name)).await? == 0 {
        return Err(missing("property", &name, &namespace.name));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    definition::remove(&tx, &namespace, Kind::Property, None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
