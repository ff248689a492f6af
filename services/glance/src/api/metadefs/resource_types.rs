//! The resource types that namespaces are for.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::StatusCode;
use platform::http::{Body, Cx, Fault, Routes, json};
use serde_json::{Value, json};

use super::{dated, found, given, taken};
use crate::{
    Glance,
    image::view::time,
    model::definition::{self, Kind},
};

pub(super) fn routes() -> Routes<Glance> {
    let all = "/v2/metadefs/namespaces/{namespace}/resource_types";
    Routes::new()
        .get("/v2/metadefs/resource_types", "get_metadef_namespaces", types)
        .get(all, "get_metadef_resource_type", list)
        .post(all, "add_metadef_resource_type_association", create)
        .delete(
            "/v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}",
            "remove_metadef_resource_type_association",
            delete,
        )
}

/// Those that there are without anybody having named them.
const KNOWN: [&str; 6] = [
    "OS::Cinder::Volume",
    "OS::Glance::Image",
    "OS::Nova::Aggregate",
    "OS::Nova::Flavor",
    "OS::Nova::Server",
    "OS::Trove::Instance",
];

async fn types(cx: Cx<Glance>) -> Result<Response, Fault> {
    cx.allow()?;
    let mut names = definition::resource_types(cx.service.db.read()).await?;
    names.extend(KNOWN.map(str::to_owned));
    names.sort();
    names.dedup();
    let since = time(DateTime::<Utc>::UNIX_EPOCH);
    let views: Vec<Value> = names
        .into_iter()
        .map(|name| json!({"name": name, "created_at": since, "updated_at": since}))
        .collect();
    json(StatusCode::OK, &json!({"resource_types": views}))
}

async fn list(cx: Cx<Glance>, Path(namespace): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let namespace = found(&cx, db, &namespace).await?;
    let rows = definition::of(db, &namespace, Kind::ResourceType).await?;
    let views: Vec<_> = rows.iter().map(dated).collect();
    json(StatusCode::OK, &json!({"resource_type_associations": views}))
}

async fn create(
    cx: Cx<Glance>,
    Path(namespace): Path<String>,
    Body(body): Body<given::ResourceType>,
) -> Result<Response, Fault> {
    let (name, body) = given::named(body.0, "name")?;
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    let row = match definition::add(&tx, &namespace, Kind::ResourceType, &name, body.into()).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(taken("resource-type association", &name, &namespace.name));
        }
        added => added?,
    };
    tx.commit().await?;
    json(StatusCode::CREATED, &dated(&row))
}

async fn delete(cx: Cx<Glance>, Path((namespace, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let namespace = found(&cx, &*tx, &namespace).await?;
    if definition::remove(&tx, &namespace, Kind::ResourceType, Some(&name)).await? == 0 {
        let name: String = name.chars().take(80).collect();
        return Err(Fault::not_found(format!("Failed to find resource type {name} to delete")));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
