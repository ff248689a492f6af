//! `/os-simple-tenant-usage`: what projects' servers have used in a period.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use platform::{
    db::owned::Scope,
    http::{Cx, Fault, Query, Routes, json},
};
use serde_json::{Value, json};

use crate::{
    Nova,
    model::server::{self, Model},
    times::{self, Micro},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-simple-tenant-usage", "os_compute_api:os-simple-tenant-usage:list", index)
        .get("/v2.1/os-simple-tenant-usage/{project}", "os_compute_api:os-simple-tenant-usage:show", show)
}

struct Period(DateTime<Utc>, DateTime<Utc>);

impl Period {
    /// The last four weeks unless said.
    fn read(query: &Query) -> Result<Self, Fault> {
        let now = Utc::now();
        let time = |name: &str, default: DateTime<Utc>| match query.get(name) {
            None => Ok(default),
            Some(text) => times::parse(text)
                .ok_or_else(|| Fault::bad_request(format!("Datetime is in invalid format: {text}"))),
        };
        let (start, end) = (time("start", now - TimeDelta::weeks(4))?, time("end", now)?);
        if start >= end {
            return Err(Fault::bad_request(
                "Invalid start time. The start time cannot occur after the end time.",
            ));
        }
        Ok(Self(start, end))
    }

    fn hours(&self, row: &Model) -> f64 {
        let Some(began) = row.launched_at else { return 0.0 };
        let ended = row.terminated_at.unwrap_or(self.1).min(self.1);
        (ended - began.max(self.0)).num_milliseconds().max(0) as f64 / 3_600_000.0
    }
}

async fn servers(cx: &Cx<Nova>, scope: &Scope, period: &Period) -> Result<Vec<Model>, Fault> {
    Ok(server::ran_between(cx.service.db.read(), scope, period.0, period.1).await?)
}

fn usage(period: &Period, project: &str, rows: &[&Model], detailed: bool) -> Value {
    let mut totals = (0.0, 0.0, 0.0, 0.0);
    let mut list = Vec::new();
    for row in rows {
        let hours = period.hours(row);
        let disk = row.root_gb + row.ephemeral_gb;
        totals.0 += hours;
        totals.1 += hours * row.vcpus as f64;
        totals.2 += hours * row.memory_mb as f64;
        totals.3 += hours * disk as f64;
        let ended = row.terminated_at;
        let uptime =
            row.launched_at.map_or(0, |began| (ended.unwrap_or_else(Utc::now) - began).num_seconds());
        list.push(json!({
            "instance_id": row.id, "name": row.name, "tenant_id": row.project_id, "hours": hours,
            "vcpus": row.vcpus, "memory_mb": row.memory_mb, "local_gb": disk, "flavor": row.flavor.name,
            "started_at": row.launched_at.map(Micro), "ended_at": ended.map(Micro), "uptime": uptime,
            "state": if ended.is_some() { "terminated" } else { &row.vm_state },
        }));
    }
    let mut usage = json!({
        "tenant_id": project, "start": Micro(period.0), "stop": Micro(period.1), "total_hours": totals.0,
        "total_vcpus_usage": totals.1, "total_memory_mb_usage": totals.2, "total_local_gb_usage": totals.3,
    });
    if detailed {
        usage["server_usages"] = json!(list);
    }
    usage
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-simple-tenant-usage:list")?;
    let period = Period::read(&query)?;
    let detailed = query.get("detailed") == Some("1");
    let rows = servers(&cx, &scope, &period).await?;
    let mut projects: BTreeMap<&str, Vec<&Model>> = BTreeMap::new();
    for row in &rows {
        projects.entry(&row.project_id).or_default().push(row);
    }
    let list: Vec<Value> =
        projects.iter().map(|(project, rows)| usage(&period, project, rows, detailed)).collect();
    json(StatusCode::OK, &json!({"tenant_usages": list}))
}

async fn show(cx: Cx<Nova>, Path(project): Path<String>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of(&project)?;
    let period = Period::read(&query)?;
    let rows = servers(&cx, &scope, &period).await?;
    let rows: Vec<&Model> = rows.iter().collect();
    let usage = if rows.is_empty() { json!({}) } else { usage(&period, &project, &rows, true) };
    json(StatusCode::OK, &json!({"tenant_usage": usage}))
}
