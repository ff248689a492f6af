//! Inventories of a provider.

use std::collections::BTreeMap;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::StatusCode;
use platform::{
    http::{Body, Cx, Fault, Routes},
    wire::{Schema, Version},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fresh;
use crate::{
    Placement,
    error::{Error, code},
    model::{
        inventory::{self, Amounts, MAX_INT},
        provider,
    },
};

pub(super) fn routes() -> Routes<Placement> {
    let all = "/resource_providers/{uuid}/inventories";
    let one = "/resource_providers/{uuid}/inventories/{resource_class}";
    Routes::new()
        .get(all, "placement:resource_providers:inventories:list", list)
        .post(all, "placement:resource_providers:inventories:create", create)
        .put(all, "placement:resource_providers:inventories:update", replace)
        .delete(all, "placement:resource_providers:inventories:delete", clear)
        .get(one, "placement:resource_providers:inventories:show", show)
        .put(one, "placement:resource_providers:inventories:update", update)
        .delete(one, "placement:resource_providers:inventories:delete", delete)
}

/// An inventory as it is given: what is left out has its usual value.
#[derive(Debug, Clone, Deserialize, platform::Body)]
pub(super) struct Given {
    #[body(minimum = 1, maximum = MAX_INT)]
    total: i64,
    #[serde(default)]
    #[body(minimum = 0, maximum = MAX_INT)]
    reserved: i64,
    #[serde(default = "one")]
    #[body(minimum = 1, maximum = MAX_INT)]
    min_unit: i64,
    #[serde(default = "most")]
    #[body(minimum = 1, maximum = MAX_INT)]
    max_unit: i64,
    #[serde(default = "one")]
    #[body(minimum = 1, maximum = MAX_INT)]
    step_size: i64,
    #[serde(default = "once")]
    #[body(minimum = 0, maximum = 3.40282e38)]
    allocation_ratio: f64,
    // Allowed, and without meaning, within a list of inventories.
    #[serde(default)]
    resource_provider_generation: Option<i64>,
}

fn one() -> i64 {
    1
}
fn most() -> i64 {
    MAX_INT
}
fn once() -> f64 {
    1.0
}

impl Given {
    /// The amounts, if something is left to give out.
    pub(super) fn amounts(&self, provider: Uuid, class: &str, version: Version) -> Result<Amounts, Error> {
        let all_reserved_is_fine = version >= Version::new(1, 26);
        if self.reserved > self.total || (self.reserved == self.total && !all_reserved_is_fine) {
            let than = if all_reserved_is_fine { "greater than" } else { "greater than or equal to" };
            return Err(Error::Invalid(format!(
                "Unable to update inventory for resource provider {provider}: Invalid inventory for '{class}' on resource provider '{provider}'. The reserved value is {than} total."
            )));
        }
        Ok(Amounts {
            total: self.total,
            reserved: self.reserved,
            min_unit: self.min_unit,
            max_unit: self.max_unit,
            step_size: self.step_size,
            allocation_ratio: self.allocation_ratio,
        })
    }
}

/// Inventories of one provider, by class.
#[derive(Debug, Deserialize)]
pub(super) struct GivenAll {
    pub(super) resource_provider_generation: i64,
    pub(super) inventories: BTreeMap<String, Given>,
}

impl Schema for GivenAll {
    fn schema(version: Version) -> Value {
        json!({
            "type": "object",
            "properties": {
                "resource_provider_generation": {"type": "integer"},
                "inventories": {
                    "type": "object",
                    "patternProperties": {"^[A-Z0-9_]+$": Given::schema(version)},
                    "additionalProperties": false,
                },
            },
            "required": ["resource_provider_generation", "inventories"],
            "additionalProperties": false,
        })
    }
}

impl GivenAll {
    pub(super) fn amounts(
        &self,
        provider: Uuid,
        version: Version,
    ) -> Result<BTreeMap<String, Amounts>, Error> {
        self.inventories
            .iter()
            .map(|(class, given)| Ok((class.clone(), given.amounts(provider, class, version)?)))
            .collect()
    }
}

#[derive(Serialize)]
struct InventoryView {
    total: i64,
    reserved: i64,
    min_unit: i64,
    max_unit: i64,
    step_size: i64,
    allocation_ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_provider_generation: Option<i64>,
}

fn view(amounts: &Amounts, generation: Option<i64>) -> InventoryView {
    InventoryView {
        total: amounts.total,
        reserved: amounts.reserved,
        min_unit: amounts.min_unit,
        max_unit: amounts.max_unit,
        step_size: amounts.step_size,
        allocation_ratio: amounts.allocation_ratio,
        resource_provider_generation: generation,
    }
}

fn answer(cx: &Cx<Placement>, generation: i64, rows: &[inventory::Model]) -> Result<Response, Fault> {
    let views: BTreeMap<&str, InventoryView> =
        rows.iter().map(|row| (row.resource_class.as_str(), view(&row.amounts(), None))).collect();
    let modified = rows.iter().map(|row| row.updated_at).max().unwrap_or_else(Utc::now);
    let body = json!({"resource_provider_generation": generation, "inventories": views});
    fresh::json(cx, StatusCode::OK, &body, modified)
}

async fn list(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let row = provider::named(db, &id).await?;
    answer(&cx, row.generation, &inventory::of(db, row.id).await?)
}

async fn show(cx: Cx<Placement>, Path((id, class)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let row = provider::named(db, &id).await?;
    let found = inventory::one(db, row.id, &class).await?;
    fresh::json(&cx, StatusCode::OK, &view(&found.amounts(), Some(row.generation)), found.updated_at)
}

#[derive(Deserialize)]
struct Create {
    resource_class: String,
    #[serde(flatten)]
    given: Given,
}

impl Schema for Create {
    fn schema(version: Version) -> Value {
        let mut schema = Given::schema(version);
        schema["properties"]["resource_class"] = json!({"type": "string", "pattern": "^[A-Z0-9_]+$"});
        schema["required"] = json!(["total", "resource_class"]);
        schema
    }
}

async fn create(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<Create>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let class = &body.resource_class;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    let amounts = body.given.amounts(row.id, class, cx.version)?;
    let row = provider::advance(&*tx, row.id, None).await?;
    inventory::add(&*tx, row.id, class, &amounts).await.map_err(|error| match error {
        Error::NoClass(_) => {
            Error::Invalid(format!("Unable to create inventory for resource provider {}: {error}", row.id))
        }
        error => error,
    })?;
    tx.commit().await?;
    let response = fresh::json(&cx, StatusCode::CREATED, &view(&amounts, Some(row.generation)), Utc::now())?;
    Ok(fresh::located(&cx, response, &format!("/resource_providers/{}/inventories/{class}", row.id)))
}

async fn update(
    cx: Cx<Placement>,
    Path((id, class)): Path<(String, String)>,
    Body(body): Body<Given>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let Some(generation) = body.resource_provider_generation else {
        return Err(Fault::bad_request(
            "JSON does not validate: 'resource_provider_generation' is a required property",
        ));
    };
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    let row = provider::advance(&*tx, row.id, Some(generation)).await?;
    let amounts = body.amounts(row.id, &class, cx.version)?;
    inventory::change(&*tx, row.id, &class, &amounts).await?;
    tx.commit().await?;
    fresh::json(&cx, StatusCode::OK, &view(&amounts, Some(row.generation)), Utc::now())
}

async fn replace(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<GivenAll>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    let row = provider::advance(&*tx, row.id, Some(body.resource_provider_generation)).await?;
    let wanted = body.amounts(row.id, cx.version)?;
    inventory::replace(&*tx, row.id, &wanted).await.map_err(|error| match error {
        Error::NoClass(_) => Error::Invalid(format!(
            "Unknown resource class in inventory for resource provider {}: {error}",
            row.id
        )),
        error => error,
    })?;
    let rows = inventory::of(&*tx, row.id).await?;
    tx.commit().await?;
    answer(&cx, row.generation, &rows)
}

async fn clear(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version < Version::new(1, 5) {
        return Err(Fault::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "The method specified is not allowed for this resource.",
        ));
    }
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    let row = provider::advance(&*tx, row.id, None).await?;
    inventory::replace(&*tx, row.id, &BTreeMap::new()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn delete(cx: Cx<Placement>, Path((id, class)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    let row = provider::advance(&*tx, row.id, None).await?;
    let removed = inventory::remove(&*tx, row.id, &[&class]).await.map_err(|error| match error {
        Error::InventoryInUse { .. } => Error::Conflict(
            format!("Unable to delete inventory of class {class}: {error}"),
            code::CONCURRENT_UPDATE,
        ),
        error => error,
    })?;
    if removed == 0 {
        return Err(Fault::not_found(format!("No inventory of class {class} found for delete")));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
