//! Aggregates of a provider.

use std::collections::BTreeSet;

use axum::{extract::Path, response::Response};
use platform::{
    http::{Body, Cx, Fault, Routes},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fresh;
use crate::{
    Placement,
    model::{aggregate, provider},
};

pub(super) fn routes() -> Routes<Placement> {
    let path = "/resource_providers/{uuid}/aggregates";
    let since = Some((1, 1));
    Routes::new()
        .versioned(http::Method::GET, path, "placement:resource_providers:aggregates:list", since, None, list)
        .versioned(
            http::Method::PUT,
            path,
            "placement:resource_providers:aggregates:update",
            since,
            None,
            replace,
        )
}

/// Since then, aggregates count as a change of the provider.
const WITH_GENERATION: Version = Version::new(1, 19);

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Plain(BTreeSet<Uuid>),
    WithGeneration { aggregates: BTreeSet<Uuid>, resource_provider_generation: i64 },
}

impl Schema for Given {
    fn schema(version: Version) -> Value {
        let list =
            json!({"type": "array", "items": {"type": "string", "format": "uuid"}, "uniqueItems": true});
        if version < WITH_GENERATION {
            return list;
        }
        json!({
            "type": "object",
            "properties": {"aggregates": list, "resource_provider_generation": {"type": "integer"}},
            "required": ["aggregates", "resource_provider_generation"],
            "additionalProperties": false,
        })
    }
}

fn answer(cx: &Cx<Placement>, generation: i64, ids: Vec<Uuid>) -> Result<Response, Fault> {
    let mut body = json!({"aggregates": ids});
    if cx.version >= WITH_GENERATION {
        body["resource_provider_generation"] = generation.into();
    }
    fresh::now(cx, &body)
}

async fn list(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let row = provider::named(db, &id).await?;
    answer(&cx, row.generation, aggregate::of(db, row.id).await?)
}

async fn replace(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<Given>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let mut row = provider::named(&*tx, &id).await?;
    let wanted = match body {
        Given::Plain(aggregates) => aggregates,
        Given::WithGeneration { aggregates, resource_provider_generation } => {
            row = provider::advance(&*tx, row.id, Some(resource_provider_generation)).await?;
            aggregates
        }
    };
    aggregate::replace(&*tx, row.id, &wanted).await?;
    tx.commit().await?;
    answer(&cx, row.generation, wanted.into_iter().collect())
}
