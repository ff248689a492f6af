//! `/images/{id}/metadata`: Glance's custom properties, as Nova's API showed them until 2.38.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use contracts::{CallError, image_proxy::PropertyChange};
use http::{Method, StatusCode};
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    images::{POLICY, id_of, refused},
    lenient::metadata,
    servers::metadata_fits,
};
use crate::{Nova, quota};

const UNTIL: Option<(u16, u16)> = Some((2, 38));

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/images/{id}/metadata", "/v2.1/images/{id}/metadata/{key}");
    Routes::new()
        .versioned(Method::GET, all, POLICY, None, UNTIL, index)
        .versioned(Method::POST, all, POLICY, None, UNTIL, create)
        .versioned(Method::PUT, all, POLICY, None, UNTIL, replace)
        .versioned(Method::GET, one, POLICY, None, UNTIL, show)
        .versioned(Method::PUT, one, POLICY, None, UNTIL, update)
        .versioned(Method::DELETE, one, POLICY, None, UNTIL, delete)
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

type Properties = BTreeMap<String, String>;

async fn read(cx: &Cx<Nova>, id: &str) -> Result<Properties, Fault> {
    cx.allow()?;
    let image = cx.service.image_proxy.dated_image(&cx.caller, id_of(id)?).await.map_err(refused)?;
    Ok(image.image.properties)
}

/// As many as a server may have.
async fn fits(cx: &Cx<Nova>, number: usize) -> Result<(), Fault> {
    let limits = quota::limits(cx.service.db.read(), &cx.own_scope()?).await?;
    Ok(metadata_fits(number, &limits)?)
}

async fn change(cx: &Cx<Nova>, id: &str, change: PropertyChange) -> Result<Properties, Fault> {
    cx.service.image_proxy.change_properties(&cx.caller, id_of(id)?, change).await.map_err(refused)
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    web::json(StatusCode::OK, &json!({"metadata": read(&cx, &id).await?}))
}

async fn show(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<Response, Fault> {
    let properties = read(&cx, &id).await?;
    let value = properties.get(&key).ok_or_else(|| Fault::not_found("The resource could not be found."))?;
    web::json(StatusCode::OK, &json!({"meta": {key: value}}))
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<All>,
) -> Result<Response, Fault> {
    let mut properties = read(&cx, &id).await?;
    properties.extend(body.metadata.clone());
    fits(&cx, properties.len()).await?;
    let properties = change(&cx, &id, PropertyChange::Merge(body.metadata)).await?;
    web::json(StatusCode::OK, &json!({"metadata": properties}))
}

async fn replace(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<All>,
) -> Result<Response, Fault> {
    read(&cx, &id).await?;
    fits(&cx, body.metadata.len()).await?;
    let properties = change(&cx, &id, PropertyChange::Replace(body.metadata)).await?;
    web::json(StatusCode::OK, &json!({"metadata": properties}))
}

async fn update(
    cx: Cx<Nova>,
    Path((id, key)): Path<(String, String)>,
    web::Body(body): web::Body<One>,
) -> Result<Response, Fault> {
    let mut properties = read(&cx, &id).await?;
    if !body.meta.contains_key(&key) || body.meta.len() != 1 {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    properties.extend(body.meta.clone());
    fits(&cx, properties.len()).await?;
    change(&cx, &id, PropertyChange::Merge(body.meta.clone())).await?;
    web::json(StatusCode::OK, &json!({"meta": body.meta}))
}

async fn delete(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    read(&cx, &id).await?;
    let gone = cx.service.image_proxy.change_properties(&cx.caller, id_of(&id)?, PropertyChange::Remove(key));
    gone.await.map_err(|error| match error {
        CallError::NotFound(text) => Fault::not_found(text),
        error => error.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}
