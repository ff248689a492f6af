//! `/os-simple-tenant-usage`: hours for which servers were there, counted from their rows (those of deleted servers too).

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use platform::{
    View,
    db::list::{self, Kind, ListSpec, Page, Paging},
    http::{self as web, Cx, Fault, Query, Routes},
    policy::Target,
    wire::{At, Version},
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, Order, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use super::{
    links::{self, Link},
    times::{self, Micro},
};
use crate::{
    Nova,
    model::server::{Column, Entity, Model},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-simple-tenant-usage", "os_compute_api:os-simple-tenant-usage:list", index)
        .get("/v2.1/os-simple-tenant-usage/{id}", "os_compute_api:os-simple-tenant-usage:show", show)
}

/// A page holds servers, those of one project together.
static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[("project_id", Column::ProjectId)],
    default_sort: &[("project_id", Order::Asc)],
    max_limit: Some(1000),
};

#[derive(Serialize)]
struct ServerUsage<'a> {
    instance_id: Uuid,
    name: &'a str,
    tenant_id: &'a str,
    flavor: &'a str,
    vcpus: i64,
    memory_mb: i64,
    local_gb: i64,
    hours: f64,
    started_at: Micro,
    ended_at: Option<Micro>,
    state: &'a str,
    uptime: i64,
}

#[derive(Serialize)]
struct ProjectUsage<'a> {
    tenant_id: &'a str,
    start: Micro,
    stop: Micro,
    total_hours: f64,
    total_vcpus_usage: f64,
    total_memory_mb_usage: f64,
    total_local_gb_usage: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_usages: Option<Vec<ServerUsage<'a>>>,
}

#[derive(View)]
struct Listed<'a> {
    tenant_usages: Vec<ProjectUsage<'a>>,
    #[view(since = "2.40", skip_none)]
    tenant_usages_links: Option<[Link; 1]>,
}

#[derive(View)]
struct Shown<U: Serialize> {
    tenant_usage: U,
    #[view(since = "2.40", skip_none)]
    tenant_usage_links: Option<[Link; 1]>,
}

/// From when to when usage is counted. What lies in the future is not counted.
struct Period {
    start: DateTime<Utc>,
    stop: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Period {
    fn read(query: &Query) -> Result<Self, Fault> {
        let now = Utc::now();
        let read = |name: &str, default| match query.get(name).filter(|text| !text.is_empty()) {
            None => Ok(default),
            Some(text) => {
                times::parse(text).ok_or_else(|| Fault::bad_request("Datetime is in invalid format"))
            }
        };
        let (start, stop) = (read("start", now - TimeDelta::microseconds(1))?, read("end", now)?);
        if start >= stop {
            return Err(Fault::bad_request(
                "Invalid start time. The start time cannot occur after the end time.",
            ));
        }
        Ok(Self { start, stop: stop.min(now), now })
    }

    fn usage<'a>(&self, row: &'a Model) -> ServerUsage<'a> {
        let launched = row.launched_at.unwrap_or(row.created_at);
        let until = row.terminated_at.unwrap_or(self.stop).min(self.stop);
        let counted = (until - launched.max(self.start)).max(TimeDelta::zero());
        ServerUsage {
            instance_id: row.id,
            name: &row.name,
            tenant_id: &row.project_id,
            flavor: &row.flavor.name,
            vcpus: row.vcpus,
            memory_mb: row.memory_mb,
            local_gb: row.root_gb + row.ephemeral_gb,
            hours: counted.num_milliseconds() as f64 / 3_600_000.0,
            started_at: Micro(launched),
            ended_at: row.terminated_at.map(Micro),
            state: if row.terminated_at.is_some() { "terminated" } else { &row.vm_state },
            uptime: (row.terminated_at.unwrap_or(self.now) - launched).num_seconds(),
        }
    }

    /// The usage of each project in the page.
    fn usages<'a>(&self, rows: &'a [Model], detailed: bool) -> Vec<ProjectUsage<'a>> {
        let mut projects: BTreeMap<&str, ProjectUsage<'a>> = BTreeMap::new();
        for row in rows {
            let usage = self.usage(row);
            let project = projects.entry(&row.project_id).or_insert_with(|| ProjectUsage {
                tenant_id: &row.project_id,
                start: Micro(self.start),
                stop: Micro(self.stop),
                total_hours: 0.0,
                total_vcpus_usage: 0.0,
                total_memory_mb_usage: 0.0,
                total_local_gb_usage: 0.0,
                server_usages: detailed.then(Vec::new),
            });
            project.total_hours += usage.hours;
            project.total_vcpus_usage += usage.vcpus as f64 * usage.hours;
            project.total_memory_mb_usage += usage.memory_mb as f64 * usage.hours;
            project.total_local_gb_usage += usage.local_gb as f64 * usage.hours;
            if let Some(servers) = &mut project.server_usages {
                servers.push(usage);
            }
        }
        projects.into_values().collect()
    }
}

/// Servers that ran at some time in the period.
async fn page(
    cx: &Cx<Nova>,
    query: &Query,
    period: &Period,
    project: Option<&str>,
) -> Result<Page<Model>, Fault> {
    let mut select = Entity::find().filter(Column::LaunchedAt.lt(period.stop)).filter(
        Condition::any().add(Column::TerminatedAt.is_null()).add(Column::TerminatedAt.gt(period.start)),
    );
    if let Some(project) = project {
        select = select.filter(Column::ProjectId.eq(project));
    }
    // Paging came with 2.40.
    let asked = if cx.version >= Version::new(2, 40) { Paging::read(query)? } else { Paging::default() };
    let paging = Paging { limit: asked.limit, marker: asked.marker, ..Default::default() };
    list::page_of(cx.service.db.read(), select, &LIST, &paging).await
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version >= Version::new(2, 75) {
        query.only(&["start", "end", "detailed", "limit", "marker"])?;
    }
    let period = Period::read(&query)?;
    let page = page(&cx, &query, &period, None).await?;
    let last = page.items.last().filter(|_| page.more);
    let list = Listed {
        tenant_usages: period.usages(&page.items, query.get("detailed") == Some("1")),
        tenant_usages_links: last.map(|row| links::next(&cx, "os-simple-tenant-usage", &query, row.id)),
    };
    web::json(StatusCode::OK, &At(&list, cx.version))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(id.as_str()))?;
    if cx.version >= Version::new(2, 75) {
        query.only(&["start", "end", "limit", "marker"])?;
    }
    let period = Period::read(&query)?;
    let page = page(&cx, &query, &period, Some(&id)).await?;
    let path = format!("os-simple-tenant-usage/{id}");
    let next = page.items.last().filter(|_| page.more).map(|row| links::next(&cx, &path, &query, row.id));
    match period.usages(&page.items, true).pop() {
        Some(usage) => {
            let shown = Shown { tenant_usage: usage, tenant_usage_links: next };
            web::json(StatusCode::OK, &At(&shown, cx.version))
        }
        None => {
            let shown = Shown { tenant_usage: serde_json::Map::new(), tenant_usage_links: next };
            web::json(StatusCode::OK, &At(&shown, cx.version))
        }
    }
}
