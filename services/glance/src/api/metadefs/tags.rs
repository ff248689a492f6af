//! Tags.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use platform::http::{Body, Cx, Fault, Routes, json};
use serde_json::{Value, json};

use super::{dated, found, given, missing, taken};
use crate::{
    Glance,
    model::definition::{self, Kind},
};

pub(super) fn routes() -> Routes<Glance> {
    let (all, one) =
        ("/v2/metadefs/namespaces/{namespace}/tags", "/v2/metadefs/namespaces/{namespace}/tags/{tag}");
    Routes::new()
        .get(all, "get_metadef_tags", list)
        .post(all, "add_metadef_tags", create_several)
        .delete(all, "delete_metadef_tags", clear)
        .get(one, "get_metadef_tag", show)
        .post(one, "add_metadef_tag", create)
        .put(one, "modify_metadef_tag", update)
        .delete(one, "delete_metadef_tag", delete)
}

async fn list(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let rows = definition::of(db, &namespace, Kind::Tag).await?;
    let views: Vec<Value> = rows.iter().map(|row| json!({"name": row.name})).collect();
    json(StatusCode::OK, &json!({"tags": views}))
}

async fn show(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let row = definition::get(db, &namespace, Kind::Tag, &name)
        .await?
        .ok_or_else(|| missing("tag", &name, &namespace.name))?;
    json(StatusCode::OK, &dated(&row))
}

async fn create(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    if name.chars().count() > 80 {
        return Err(Fault::bad_request("Names can't have more than 80 characters."));
    }
    let row = match definition::add(&tx, &namespace, Kind::Tag, &name, json!({})).await {
        Err(error) if platform::db::is_duplicate(&error) => return Err(taken("tag", &name, &namespace.name)),
        added => added?,
    };
    tx.commit().await?;
    json(StatusCode::CREATED, &dated(&row))
}

/// Makes the tags these, or adds them when the header says so.
async fn create_several(
    cx: Cx<Glance>,
    Path(namespace): Path<String>,
    headers: HeaderMap,
    Body(body): Body<given::Tags>,
) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    let append = headers
        .get("x-openstack-append")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if !append {
        definition::remove(&tx, &namespace, Kind::Tag, None).await?;
    }
    let mut views = Vec::new();
    for tag in body.0.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let (name, _) = given::named(tag.as_object().cloned().unwrap_or_default(), "name")?;
        match definition::add(&tx, &namespace, Kind::Tag, &name, json!({})).await {
            Err(error) if platform::db::is_duplicate(&error) => {
                return Err(taken("tag", &name, &namespace.name));
            }
            added => added?,
        };
        views.push(json!({"name": name}));
    }
    tx.commit().await?;
    json(StatusCode::CREATED, &json!({"tags": views}))
}

async fn update(
    cx: Cx<Glance>,
    Path((namespace, name)): Path<(String, String)>,
    Body(body): Body<given::Tag>,
) -> Result<Response, Fault> {
    let (new_name, _) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    match definition::change(&tx, (&namespace, Kind::Tag, &name), &new_name, json!({})).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("tag", &new_name, &namespace.name));
        }
        Ok(false) => return Err(missing("tag", &name, &namespace.name)),
        changed => changed?,
    };
    let row = definition::get(&*tx, &namespace, Kind::Tag, &new_name).await?;
    tx.commit().await?;
    match row {
        Some(row) => json(StatusCode::OK, &dated(&row)),
        None => Err(missing("tag", &name, &namespace.name)),
    }
}

async fn delete(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    if definition::remove(&tx, &namespace, Kind::Tag, Some(&name)).await? == 0 {
        return Err(missing("tag", &name, &namespace.name));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    definition::remove(&tx, &namespace, Kind::Tag, None).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
