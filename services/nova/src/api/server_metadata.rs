//! `/servers/{id}/metadata`

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes},
};
use serde::Deserialize;
use serde_json::json;

use super::{lenient::metadata, lookup, servers::metadata_fits};
use crate::{
    Nova,
    error::NovaError,
    model::server::{self, Model},
    quota,
    server::state::VmState,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/servers/{id}/metadata", "/v2.1/servers/{id}/metadata/{key}");
    Routes::new()
        .get(all, "os_compute_api:server-metadata:index", index)
        .post(all, "os_compute_api:server-metadata:create", create)
        .put(all, "os_compute_api:server-metadata:update_all", replace)
        .get(one, "os_compute_api:server-metadata:show", show)
        .put(one, "os_compute_api:server-metadata:update", update)
        .delete(one, "os_compute_api:server-metadata:delete", delete)
}

#[derive(Deserialize, Body)]
struct All {
    #[body(schema = metadata)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize, Body)]
struct One {
    #[body(schema = metadata)]
    meta: BTreeMap<String, String>,
}

fn absent() -> Fault {
    NovaError::NotFound("Metadata item was not found".into()).into()
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    web::json(StatusCode::OK, &json!({"metadata": row.metadata}))
}

async fn show(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let value = row.metadata.0.get(&key).ok_or_else(absent)?;
    web::json(StatusCode::OK, &json!({"meta": {key: value}}))
}

/// Reads, changes and writes the metadata in one transaction.
async fn change(
    cx: &Cx<Nova>,
    row: &Model,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), Fault>,
) -> Result<BTreeMap<String, String>, Fault> {
    lookup::unlocked(cx, row)?;
    let mut tx = cx.service.db.write().await?;
    let now = server::again(&*tx, row).await?;
    let now = now.ok_or_else(|| NovaError::InstanceNotFound(row.id.to_string()))?;
    let states = [VmState::Active, VmState::Paused, VmState::Suspended, VmState::Stopped];
    if !states.contains(&now.state()) {
        now.in_state("update metadata", &states)?;
    }
    let mut metadata = now.metadata.0.clone();
    change(&mut metadata)?;
    metadata_fits(metadata.len(), &quota::limits_of_owner(&*tx, &now).await?)?;
    server::change_anyway(&tx, &now, |row| row.metadata.0.clone_from(&metadata)).await?;
    tx.emit(cx.event("compute.instance.update", row.id));
    tx.commit().await?;
    Ok(metadata)
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<All>,
) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let metadata = change(&cx, &row, |metadata| {
        metadata.extend(body.metadata);
        Ok(())
    })
    .await?;
    web::json(StatusCode::OK, &json!({"metadata": metadata}))
}

async fn replace(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<All>,
) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let metadata = change(&cx, &row, |metadata| {
        *metadata = body.metadata;
        Ok(())
    })
    .await?;
    web::json(StatusCode::OK, &json!({"metadata": metadata}))
}

async fn update(
    cx: Cx<Nova>,
    Path((id, key)): Path<(String, String)>,
    web::Body(body): web::Body<One>,
) -> Result<Response, Fault> {
    let row = lookup::server(&cx, &id).await?;
    let mut items = body.meta.into_iter();
    let (Some((name, value)), None) = (items.next(), items.next()) else {
        return Err(Fault::bad_request("Request body contains too many items"));
    };
    if name != key {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    let answer = json!({"meta": {name.as_str(): value}});
    change(&cx, &row, |metadata| {
        metadata.insert(name, value);
        Ok(())
    })
    .await?;
    web::json(StatusCode::OK, &answer)
}

async fn delete(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    let row = lookup::server(&cx, &id).await?;
    change(&cx, &row, |metadata| metadata.remove(&key).map(|_| ()).ok_or_else(absent)).await?;
    Ok(StatusCode::NO_CONTENT)
}
