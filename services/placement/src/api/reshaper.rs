//! Moving inventories between providers together with what is allocated of them.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use platform::{
    http::{Body, Cx, Fault, Routes},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{allocation_body::ForConsumers, inventories::GivenAll};
use crate::{
    Placement, allocate,
    error::Error,
    model::{custom, inventory, provider},
};

pub(super) fn routes() -> Routes<Placement> {
    Routes::new().versioned(
        Method::POST,
        "/reshaper",
        "placement:reshaper:reshape",
        Some((1, 30)),
        None,
        reshape,
    )
}

#[derive(Deserialize)]
struct Reshape {
    inventories: BTreeMap<Uuid, GivenAll>,
    allocations: ForConsumers,
}

impl Schema for Reshape {
    fn schema(version: Version) -> Value {
        json!({
            "type": "object",
            "properties": {
                "inventories": {
                    "type": "object",
                    "minProperties": 1,
                    "propertyNames": {"format": "uuid"},
                    "additionalProperties": GivenAll::schema(version),
                },
                "allocations": ForConsumers::at_least(version, 0),
            },
            "required": ["inventories", "allocations"],
            "additionalProperties": false,
        })
    }
}

/// The new inventories are added, the allocations moved onto them, and only then the old inventories taken away: so
/// each step is checked as it always is.
async fn reshape(cx: Cx<Placement>, Body(body): Body<Reshape>) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    for (&id, given) in &body.inventories {
        provider::advance(&*tx, id, Some(given.resource_provider_generation)).await.map_err(|error| {
            match error {
                Error::NoProvider(_) => {
                    Error::Invalid(format!("Resource provider {id} in inventories not found: {error}"))
                }
                error => error,
            }
        })?;
        let wanted = given.amounts(id, cx.version)?;
        custom::classes_exist(&*tx, wanted.keys().map(String::as_str)).await?;
        let mut both: BTreeMap<String, inventory::Amounts> = inventory::of(&*tx, id)
            .await?
            .into_iter()
            .map(|row| (row.resource_class.clone(), row.amounts()))
            .collect();
        both.extend(wanted);
        inventory::replace(&*tx, id, &both).await?;
    }
    allocate::replace(&*tx, body.allocations.wanted(cx.version)).await?;
    for (&id, given) in &body.inventories {
        inventory::replace(&*tx, id, &given.amounts(id, cx.version)?).await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
