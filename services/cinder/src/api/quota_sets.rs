//! Quotas of projects (`os-quota-sets`) and the defaults of classes (`os-quota-class-sets`).

use std::collections::BTreeMap;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    db::owned::Scope,
    http::{Body, Cx, Fault, Query, Routes, json},
    policy::Target,
    wire::{Schema, Version},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use crate::{
    Cinder,
    model::{
        quota_override::{ActiveModel, Column, Entity, Model},
        usage, volume_type,
    },
    quota::{self, Limits, OF_TYPES, RESOURCES, Usage},
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/os-quota-sets/{project}", "volume_extension:quotas:show", show)
        .get("/v3/os-quota-sets/{project}/defaults", "volume_extension:quotas:show", defaults)
        .put("/v3/os-quota-sets/{project}", "volume_extension:quotas:update", update)
        .delete("/v3/os-quota-sets/{project}", "volume_extension:quotas:delete", delete)
        .get("/v3/os-quota-class-sets/{class}", "volume_extension:quota_classes:get", show_class)
        .put("/v3/os-quota-class-sets/{class}", "volume_extension:quota_classes:update", update_class)
}

/// Every resource there is a quota of: those of every cloud, and those of each type (with its id).
async fn resources(cx: &Cx<Cinder>) -> Result<Vec<(String, Option<Uuid>)>, Fault> {
    let kinds = volume_type::Entity::find().all(cx.service.db.read()).await?;
    let plain = RESOURCES.iter().map(|resource| ((*resource).to_owned(), None));
    let of_types = kinds
        .iter()
        .flat_map(|kind| OF_TYPES.map(|resource| (format!("{resource}_{}", kind.name), Some(kind.id))));
    Ok(plain.chain(of_types).collect())
}

fn set(resources: &[(String, Option<Uuid>)], limits: &Limits) -> Map<String, Value> {
    resources.iter().map(|(name, _)| (name.clone(), literal!(limits.of(name)))).collect()
}

async fn limits(cx: &Cx<Cinder>, class: &str, project: Option<&str>) -> Result<Limits, Fault> {
    Ok(quota::limits(cx.service.db.read(), &cx.service.config, class, project).await?)
}

async fn show(cx: Cx<Cinder>, Path(project): Path<String>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of(&project)?;
    let resources = resources(&cx).await?;
    let limits = limits(&cx, "default", Some(&project)).await?;
    let mut answer = set(&resources, &limits);
    if query.flag("usage")?.unwrap_or(false) {
        with_usage(&cx, &scope, &resources, &mut answer).await?;
    }
    answer.insert("id".into(), project.into());
    json(StatusCode::OK, &literal!({"quota_set": answer}))
}

/// Beside each limit, what is used: two queries for all types together.
async fn with_usage(
    cx: &Cx<Cinder>,
    scope: &Scope,
    resources: &[(String, Option<Uuid>)],
    answer: &mut Map<String, Value>,
) -> Result<(), Fault> {
    let by_type: BTreeMap<Uuid, Usage> = usage::by_type(cx.service.db.read(), scope).await?;
    let total = by_type.values().fold(Usage::default(), |sum, usage| Usage {
        volumes: sum.volumes + usage.volumes,
        snapshots: sum.snapshots + usage.snapshots,
        gigabytes: sum.gigabytes + usage.gigabytes,
    });
    for (name, kind) in resources {
        let used = match kind {
            None => total.of(name),
            Some(kind) => {
                let resource =
                    OF_TYPES.into_iter().find(|resource| name.starts_with(&format!("{resource}_")));
                by_type.get(kind).map_or(0, |usage| usage.of(resource.unwrap_or_default()))
            }
        };
        if let Some(limit) = answer.get_mut(name) {
            *limit = literal!({"limit": limit.take(), "in_use": used, "reserved": 0});
        }
    }
    Ok(())
}

async fn defaults(cx: Cx<Cinder>, Path(project): Path<String>) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(project.as_str()))?;
    let mut answer = set(&resources(&cx).await?, &limits(&cx, "default", None).await?);
    answer.insert("id".into(), project.into());
    json(StatusCode::OK, &literal!({"quota_set": answer}))
}

/// Names of resources, and limits as numbers or digits.
#[derive(Deserialize)]
#[serde(transparent)]
struct Asked(Map<String, Value>);

impl Schema for Asked {
    fn schema(_: Version) -> Value {
        literal!({
            "type": "object",
            "minProperties": 1,
            "properties": {"tenant_id": {}, "id": {}},
            "additionalProperties": {"oneOf": [
                {"type": "integer", "minimum": -1, "maximum": 2_147_483_647},
                {"type": "string", "pattern": "^(-1|[0-9]{1,9})$"}]},
        })
    }
}

impl Asked {
    /// What is to be set; 400 where there is no such resource.
    fn limits(self, resources: &[(String, Option<Uuid>)]) -> Result<Vec<(String, i64)>, Fault> {
        let mut limits = Vec::new();
        let mut unknown = Vec::new();
        for (name, value) in self.0 {
            let limit = value.as_i64().or_else(|| value.as_str()?.parse().ok());
            match limit {
                _ if name == "tenant_id" || name == "id" => {}
                Some(limit) if resources.iter().any(|(known, _)| *known == name) => {
                    limits.push((name, limit))
                }
                _ => unknown.push(name.chars().take(128).collect::<String>()),
            }
        }
        if unknown.is_empty() {
            Ok(limits)
        } else {
            Err(Fault::bad_request(format!("Bad key(s) in quota set: {}", unknown.join(", "))))
        }
    }
}

#[derive(Deserialize, platform::Body)]
struct QuotaSet {
    quota_set: Asked,
}

#[derive(Deserialize, platform::Body)]
struct QuotaClassSet {
    quota_class_set: Asked,
}

async fn store(cx: &Cx<Cinder>, whose: &str, limits: Vec<(String, i64)>) -> Result<(), Fault> {
    let rows: Vec<ActiveModel> = limits
        .into_iter()
        .map(|(resource, hard_limit)| Model { project_id: whose.to_owned(), resource, hard_limit }.into())
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut tx = cx.service.db.write().await?;
    let replace = OnConflict::columns([Column::ProjectId, Column::Resource])
        .update_column(Column::HardLimit)
        .to_owned();
    Entity::insert_many(rows).on_conflict(replace).exec_without_returning(&*tx).await?;
    tx.emit(cx.event("quota.update", whose.chars().take(64).collect::<String>()));
    tx.commit().await?;
    Ok(())
}

fn check_name(name: &str) -> Result<(), Fault> {
    if name.len() > 64 {
        return Err(Fault::bad_request("The name has more than 64 characters."));
    }
    Ok(())
}

async fn update(
    cx: Cx<Cinder>,
    Path(project): Path<String>,
    Body(body): Body<QuotaSet>,
) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(project.as_str()))?;
    check_name(&project)?;
    let resources = resources(&cx).await?;
    store(&cx, &project, body.quota_set.limits(&resources)?).await?;
    let answer = set(&resources, &limits(&cx, "default", Some(&project)).await?);
    json(StatusCode::OK, &literal!({"quota_set": answer}))
}

async fn delete(cx: Cx<Cinder>, Path(project): Path<String>) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(project.as_str()))?;
    let mut tx = cx.service.db.write().await?;
    Entity::delete_many().filter(Column::ProjectId.eq(project.as_str())).exec(&*tx).await?;
    tx.emit(cx.event("quota.delete", project.chars().take(64).collect::<String>()));
    tx.commit().await?;
    Ok(StatusCode::OK.into_response())
}

async fn show_class(cx: Cx<Cinder>, Path(class): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let mut answer = set(&resources(&cx).await?, &limits(&cx, &class, None).await?);
    answer.insert("id".into(), class.into());
    json(StatusCode::OK, &literal!({"quota_class_set": answer}))
}

async fn update_class(
    cx: Cx<Cinder>,
    Path(class): Path<String>,
    Body(body): Body<QuotaClassSet>,
) -> Result<Response, Fault> {
    cx.allow()?;
    check_name(&class)?;
    let resources = resources(&cx).await?;
    store(&cx, &quota::class_row(&class), body.quota_class_set.limits(&resources)?).await?;
    let answer = set(&resources, &limits(&cx, &class, None).await?);
    json(StatusCode::OK, &literal!({"quota_class_set": answer}))
}
