//! `/v2.0/quotas`

use std::collections::BTreeMap;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    http::{Body, Cx, Routes, json},
    policy::Target,
};
use serde_json::{Map, Value, json};

use super::{
    everything, permit_making,
    shown::{Answer, wrapped},
};
use crate::{
    Neutron,
    error::Error,
    model::{quota, usage},
    quota::Counted,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/quotas", "get_quotas", list)
        .get("/v2.0/quotas/tenant", "get_quota", tenant)
        .get("/v2.0/quotas/project", "get_quota", project)
        .get("/v2.0/quotas/{id}", "get_quota", show)
        .put("/v2.0/quotas/{id}", "update_quota", update)
        .delete("/v2.0/quotas/{id}", "delete_quota", delete)
        .get("/v2.0/quotas/{id}/default", "get_quota", default)
        .get("/v2.0/quotas/{id}/default.json", "get_quota", default)
        .get("/v2.0/quotas/{id}/details", "get_quota", details)
        .get("/v2.0/quotas/{id}/details.json", "get_quota", details)
}

fn view(limits: impl IntoIterator<Item = (Counted, i64)>) -> Map<String, Value> {
    limits.into_iter().map(|(counted, limit)| (counted.name().to_owned(), Value::from(limit))).collect()
}

/// `openstack quota show` asks a member, too, for its own project: today's default wants a manager of it, or an
/// administrator.
fn allow(cx: &Cx<Neutron>, project: &str) -> Result<(), Error> {
    permit_making(cx, &Target::project(project))
}

async fn list(cx: Cx<Neutron>) -> Answer {
    let scope = everything(&cx)?;
    let mut projects: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in quota::all(cx.service.db.read(), &scope).await? {
        let defaults = || view(Counted::ALL.map(|counted| (counted, cx.service.default_limit(counted))));
        projects.entry(row.project_id).or_insert_with(defaults).insert(row.resource, row.most.into());
    }
    let shown: Vec<Value> = projects
        .into_iter()
        .map(|(project, mut limits)| {
            limits.insert("project_id".into(), project.clone().into());
            limits.insert("tenant_id".into(), project.into());
            Value::Object(limits)
        })
        .collect();
    wrapped(StatusCode::OK, "quotas", &shown)
}

async fn tenant(cx: Cx<Neutron>) -> Answer {
    cx.allow()?;
    Ok(json(StatusCode::OK, &json!({"tenant": {"tenant_id": cx.project_id()?}}))?)
}

async fn project(cx: Cx<Neutron>) -> Answer {
    cx.allow()?;
    Ok(json(StatusCode::OK, &json!({"project": {"project_id": cx.project_id()?}}))?)
}

async fn show(cx: Cx<Neutron>, Path(project): Path<String>) -> Answer {
    allow(&cx, &project)?;
    let limits = cx.service.limits(cx.service.db.read(), &project).await?;
    wrapped(StatusCode::OK, "quota", &view(limits))
}

async fn default(cx: Cx<Neutron>, Path(project): Path<String>) -> Answer {
    allow(&cx, &project)?;
    let limits = Counted::ALL.map(|counted| (counted, cx.service.default_limit(counted)));
    wrapped(StatusCode::OK, "quota", &view(limits))
}

async fn details(cx: Cx<Neutron>, Path(project): Path<String>) -> Answer {
    allow(&cx, &project)?;
    let db = cx.service.db.read();
    let mut shown = Map::new();
    // One count for each kind of resource.
    for (counted, limit) in cx.service.limits(db, &project).await? {
        let used = usage::of(db, &project, counted).await?;
        shown.insert(counted.name().to_owned(), json!({"limit": limit, "used": used, "reserved": 0}));
    }
    wrapped(StatusCode::OK, "quota", &shown)
}

async fn update(cx: Cx<Neutron>, Path(project): Path<String>, body: Body<Value>) -> Answer {
    allow(&cx, &project)?;
    let Some(Value::Object(given)) = body.0.get("quota") else {
        return Err(Error::bad_request("Unable to find 'quota' in request body"));
    };
    let mut rows = Vec::new();
    for (name, value) in given {
        if ["tenant_id", "project_id", "force", "check_limit"].contains(&name.as_str()) {
            continue;
        }
        let counted = Counted::named(name).ok_or_else(|| Error::quota_unknown(name))?;
        let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
        let most = number.filter(|most| (-1..=i64::from(i32::MAX)).contains(most)).ok_or_else(|| {
            Error::bad_value(name, format!("'{value}' should be an integer from -1 to {}", i32::MAX))
        })?;
        rows.push(quota::Model { project_id: project.clone(), resource: counted.name().to_owned(), most });
    }
    let change = cx.service.change().await?;
    quota::set(&change, rows).await?;
    let limits = cx.service.limits(&*change, &project).await?;
    change.commit().await?;
    wrapped(StatusCode::OK, "quota", &view(limits))
}

async fn delete(cx: Cx<Neutron>, Path(project): Path<String>) -> Answer {
    allow(&cx, &project)?;
    let change = cx.service.change().await?;
    let gone = quota::clear(&change, &project).await?;
    change.commit().await?;
    if !gone {
        return Err(Error::refused(
            StatusCode::NOT_FOUND,
            "TenantQuotaNotFound",
            format!("Quota for project {project} could not be found."),
        ));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
