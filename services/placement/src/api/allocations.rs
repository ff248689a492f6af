//! Allocations: of a consumer, of several, and of a provider.

use std::collections::{BTreeMap, HashMap};

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{Method, StatusCode};
use platform::{
    http::{Body, Cx, Fault, Routes},
    wire::Version,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    allocation_body::{ForConsumer, ForConsumers},
    fresh,
};
use crate::{
    Placement, allocate,
    model::{allocation, consumer, provider},
};

pub(super) fn routes() -> Routes<Placement> {
    let one = "/allocations/{consumer}";
    let since = Some((1, 13));
    Routes::new()
        .versioned(Method::POST, "/allocations", "placement:allocations:manage", since, None, set_several)
        .get(one, "placement:allocations:list", of_consumer)
        .put(one, "placement:allocations:update", set)
        .delete(one, "placement:allocations:delete", delete)
        .get(
            "/resource_providers/{uuid}/allocations",
            "placement:resource_providers:allocations:list",
            of_provider,
        )
}

async fn of_consumer(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let since = |minor| cx.version >= Version::new(1, minor);
    // Whoever is not known has nothing.
    let id = id.parse::<Uuid>().unwrap_or_default();
    let rows = allocation::of_consumer(db, id).await?;
    let generations: HashMap<Uuid, i64> = provider::Entity::find()
        .filter(provider::Column::Id.is_in(rows.iter().map(|row| row.provider)))
        .all(db)
        .await?
        .into_iter()
        .map(|row| (row.id, row.generation))
        .collect();
    let modified = rows.iter().map(|row| row.created_at).max().unwrap_or_else(Utc::now);
    let mut held: BTreeMap<Uuid, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        held.entry(row.provider).or_default().insert(row.resource_class, row.used.into());
    }
    let allocations: Map<String, Value> = held
        .into_iter()
        .map(|(id, resources)| {
            (id.to_string(), json!({"resources": resources, "generation": generations.get(&id)}))
        })
        .collect();
    let mut body = json!({"allocations": allocations});
    if !allocations_are_none(&body)
        && since(12)
        && let Some(row) = consumer::Entity::find_by_id(id).one(db).await?
    {
        body["project_id"] = row.project.into();
        body["user_id"] = row.user.into();
        if since(28) {
            body["consumer_generation"] = row.generation.into();
        }
        if since(38) {
            body["consumer_type"] = row.consumer_type.unwrap_or_else(|| "unknown".into()).into();
        }
    }
    fresh::json(&cx, StatusCode::OK, &body, modified)
}

fn allocations_are_none(body: &Value) -> bool {
    body["allocations"].as_object().is_none_or(Map::is_empty)
}

async fn of_provider(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let provider = provider::named(db, &id).await?;
    let rows = allocation::of_provider(db, provider.id).await?;
    let modified = rows.iter().map(|row| row.created_at).max().unwrap_or_else(Utc::now);
    let mut held: BTreeMap<Uuid, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        held.entry(row.consumer).or_default().insert(row.resource_class, row.used.into());
    }
    let generations: HashMap<Uuid, i64> = if cx.version >= Version::new(1, 28) {
        consumer::of(db, provider.id).await?.into_iter().map(|row| (row.id, row.generation)).collect()
    } else {
        HashMap::new()
    };
    let allocations: Map<String, Value> = held
        .into_iter()
        .map(|(id, resources)| {
            let mut entry = json!({"resources": resources});
            if let Some(generation) = generations.get(&id) {
                entry["consumer_generation"] = (*generation).into();
            }
            (id.to_string(), entry)
        })
        .collect();
    let body = json!({"allocations": allocations, "resource_provider_generation": provider.generation});
    fresh::json(&cx, StatusCode::OK, &body, modified)
}

async fn set(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<ForConsumer>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let consumer: Uuid = id.parse().map_err(|_| {
        Fault::bad_request(format!("Malformed consumer_uuid: {}", id.chars().take(64).collect::<String>()))
    })?;
    cx.service.replace(vec![body.wanted(consumer, cx.version)]).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_several(cx: Cx<Placement>, Body(body): Body<ForConsumers>) -> Result<Response, Fault> {
    cx.allow()?;
    cx.service.replace(body.wanted(cx.version)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn delete(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let missing = || {
        Fault::not_found(format!("No allocations for consumer '{}'", id.chars().take(64).collect::<String>()))
    };
    let consumer: Uuid = id.parse().map_err(|_| missing())?;
    let tx = cx.service.db.write().await?;
    if allocate::release(&*tx, consumer).await? == 0 {
        return Err(missing());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
