//! Traits of a provider.

use std::collections::BTreeSet;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use platform::http::{Body, Cx, Fault, Routes};
use serde::Deserialize;
use serde_json::json;

use super::fresh;
use crate::{
    Placement,
    error::Error,
    model::{custom, provider, provider_trait},
};

pub(super) fn routes() -> Routes<Placement> {
    let path = "/resource_providers/{uuid}/traits";
    let since = Some((1, 6));
    let rule = [
        "placement:resource_providers:traits:list",
        "placement:resource_providers:traits:update",
        "placement:resource_providers:traits:delete",
    ];
    Routes::new()
        .versioned(Method::GET, path, rule[0], since, None, list)
        .versioned(Method::PUT, path, rule[1], since, None, replace)
        .versioned(Method::DELETE, path, rule[2], since, None, clear)
}

async fn list(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let row = provider::named(db, &id).await?;
    let traits = provider_trait::of(db, row.id).await?;
    fresh::now(&cx, &json!({"traits": traits, "resource_provider_generation": row.generation}))
}

#[derive(Deserialize, platform::Body)]
struct Given {
    traits: Vec<String>,
    resource_provider_generation: i64,
}

async fn replace(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<Given>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    if row.generation != body.resource_provider_generation {
        return Err(Error::ProviderChanged.into());
    }
    let wanted: BTreeSet<String> = body.traits.into_iter().collect();
    custom::traits_exist(&*tx, wanted.iter().map(String::as_str)).await.map_err(|error| match error {
        Error::NoTraits(names) => Error::Invalid(format!("No such trait {names}")),
        error => error,
    })?;
    let mut generation = row.generation;
    if provider_trait::replace(&*tx, row.id, &wanted).await? {
        generation = provider::advance(&*tx, row.id, Some(generation)).await?.generation;
    }
    tx.commit().await?;
    fresh::now(&cx, &json!({"traits": wanted, "resource_provider_generation": generation}))
}

async fn clear(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    if provider_trait::replace(&*tx, row.id, &BTreeSet::new()).await? {
        provider::advance(&*tx, row.id, None).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
