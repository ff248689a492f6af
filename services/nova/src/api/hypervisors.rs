//! `/os-hypervisors`

use std::collections::{BTreeMap, HashMap};

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::{
    View,
    db::owned::Scope,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::links::{self, Link};
use crate::{
    Nova,
    model::{
        host::{self, Model},
        server::{self, HostUse},
    },
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let get = Method::GET;
    Routes::new()
        .get("/v2.1/os-hypervisors", "os_compute_api:os-hypervisors:list", index)
        .get("/v2.1/os-hypervisors/detail", "os_compute_api:os-hypervisors:list-detail", detail)
        .versioned(
            get.clone(),
            "/v2.1/os-hypervisors/statistics",
            "os_compute_api:os-hypervisors:statistics",
            None,
            Some((2, 87)),
            statistics,
        )
        .get("/v2.1/os-hypervisors/{id}", "os_compute_api:os-hypervisors:show", show)
        .versioned(
            get.clone(),
            "/v2.1/os-hypervisors/{id}/uptime",
            "os_compute_api:os-hypervisors:uptime",
            None,
            Some((2, 87)),
            uptime,
        )
        .versioned(
            get.clone(),
            "/v2.1/os-hypervisors/{id}/search",
            "os_compute_api:os-hypervisors:search",
            None,
            Some((2, 52)),
            search,
        )
        .versioned(
            get,
            "/v2.1/os-hypervisors/{id}/servers",
            "os_compute_api:os-hypervisors:servers",
            None,
            Some((2, 52)),
            servers,
        )
}

/// The id: a number until 2.52.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Uuid(Uuid),
}

#[derive(View)]
struct Short<'a> {
    id: Id,
    hypervisor_hostname: &'a str,
    state: &'static str,
    status: &'static str,
    #[view(skip_none)]
    servers: Option<Vec<Value>>,
}

#[derive(View)]
struct Whole<'a> {
    id: Id,
    hypervisor_hostname: &'a str,
    state: &'static str,
    status: &'static str,
    hypervisor_type: &'a str,
    hypervisor_version: u64,
    host_ip: &'a str,
    service: Value,
    #[view(until = "2.87")]
    vcpus: i64,
    #[view(until = "2.87")]
    memory_mb: i64,
    #[view(until = "2.87")]
    local_gb: i64,
    #[view(until = "2.87")]
    vcpus_used: i64,
    #[view(until = "2.87")]
    memory_mb_used: i64,
    #[view(until = "2.87")]
    local_gb_used: i64,
    #[view(until = "2.87")]
    free_ram_mb: i64,
    #[view(until = "2.87")]
    free_disk_gb: i64,
    #[view(until = "2.87")]
    current_workload: i64,
    #[view(until = "2.87")]
    running_vms: i64,
    #[view(until = "2.87")]
    disk_available_least: i64,
    #[view(rename = "cpu_info", until = "2.27")]
    cpu_text: String,
    #[view(since = "2.28", until = "2.87")]
    cpu_info: &'a Value,
    #[view(since = "2.88")]
    uptime: Option<String>,
    #[view(skip_none)]
    servers: Option<Vec<Value>>,
}

#[derive(View)]
struct Listed<V: platform::wire::View> {
    #[view(nested)]
    hypervisors: Vec<V>,
    #[view(since = "2.33", skip_none)]
    hypervisors_links: Option<[Link; 1]>,
}

/// What all views need besides the rows.
struct Around {
    connected: Vec<String>,
    used: BTreeMap<String, HostUse>,
    servers: Option<HashMap<String, Vec<Uuid>>>,
}

async fn around(cx: &Cx<Nova>, with_servers: Option<Scope>) -> Result<Around, Fault> {
    let db = cx.service.db.read();
    let servers = match with_servers {
        Some(scope) => Some(server::by_host(db, &scope).await?),
        None => None,
    };
    Ok(Around {
        connected: cx.service.hosts.connected().into_iter().map(|host| host.host).collect(),
        used: server::use_of_hosts(db).await?,
        servers,
    })
}

impl Around {
    fn id(cx: &Cx<Nova>, row: &Model) -> Id {
        if cx.version >= Version::new(2, 53) { Id::Uuid(row.provider) } else { Id::Number(row.id) }
    }

    fn state(&self, row: &Model) -> &'static str {
        if self.connected.contains(&row.name) && !row.forced_down { "up" } else { "down" }
    }

    /// Hosts without servers show an empty list from 2.75 on.
    fn servers(&self, cx: &Cx<Nova>, row: &Model) -> Option<Vec<Value>> {
        let shown = |id: &Uuid| json!({"uuid": id, "name": format!("instance-{id}")});
        let servers = self.servers.as_ref()?.get(&row.name);
        let servers = servers.map(|ids| ids.iter().map(shown).collect());
        servers.or_else(|| (cx.version >= Version::new(2, 75)).then(Vec::new))
    }

    fn short<'a>(&self, cx: &Cx<Nova>, row: &'a Model) -> Short<'a> {
        Short {
            id: Self::id(cx, row),
            hypervisor_hostname: &row.name,
            state: self.state(row),
            status: if row.disabled { "disabled" } else { "enabled" },
            servers: self.servers(cx, row),
        }
    }

    fn whole<'a>(&self, cx: &Cx<Nova>, row: &'a Model) -> Whole<'a> {
        let host = &row.description.0;
        let used = self.used.get(&row.name).copied().unwrap_or_default();
        let memory = host.memory_mib as i64;
        let reserved = cx.service.config.reserved_host_memory_mb as i64;
        let disk = host.disk_gib as i64;
        let service = match Self::id(cx, row) {
            Id::Number(_) => json!(row.id),
            Id::Uuid(_) => json!(row.uuid),
        };
        Whole {
            id: Self::id(cx, row),
            hypervisor_hostname: &row.name,
            state: self.state(row),
            status: if row.disabled { "disabled" } else { "enabled" },
            hypervisor_type: &host.hypervisor_type,
            hypervisor_version: host.hypervisor_version,
            host_ip: &host.address,
            service: json!({"id": service, "host": row.name, "disabled_reason": row.disabled_reason}),
            vcpus: i64::from(host.vcpus),
            memory_mb: memory,
            local_gb: disk,
            vcpus_used: used.vcpus,
            memory_mb_used: used.memory_mb + reserved,
            local_gb_used: used.disk_gb,
            free_ram_mb: memory - used.memory_mb - reserved,
            free_disk_gb: disk - used.disk_gb,
            current_workload: 0,
            running_vms: used.servers,
            disk_available_least: host.disk_free_gib as i64,
            cpu_text: host.cpu_info.to_string(),
            cpu_info: &host.cpu_info,
            uptime: None,
            servers: self.servers(cx, row),
        }
    }
}

/// A page of hosts, filtered by a part of the name from 2.53 on.
async fn page(
    cx: &Cx<Nova>,
    query: &Query,
    scope: Scope,
) -> Result<(Vec<Model>, bool, Option<Scope>), Fault> {
    let mut rows = host::all(cx.service.db.read()).await?;
    let modern = cx.version >= Version::new(2, 53);
    if modern && let Some(pattern) = query.get("hypervisor_hostname_pattern") {
        rows.retain(|row| row.name.contains(pattern));
        if rows.is_empty() {
            return Err(Fault::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
        }
    }
    let with_servers = modern && query.flag("with_servers")?.unwrap_or(false);
    let with_servers = with_servers.then_some(scope);
    let mut more = false;
    if cx.version >= Version::new(2, 33) {
        if let Some(marker) = query.get("marker") {
            let at = rows
                .iter()
                .position(|row| row.provider.to_string() == marker || row.id.to_string() == marker);
            let at = at.ok_or_else(|| Fault::bad_request(format!("marker [{marker}] not found")))?;
            rows.drain(..=at);
        }
        let limit = query.read::<usize>("limit")?.filter(|limit| *limit > 0).unwrap_or(1000).min(1000);
        more = rows.len() > limit;
        rows.truncate(limit);
    }
    Ok((rows, more, with_servers))
}

fn next(cx: &Cx<Nova>, path: &str, query: &Query, rows: &[Model], more: bool) -> Option<[Link; 1]> {
    let last = rows.last().filter(|_| more)?;
    let marker = match Around::id(cx, last) {
        Id::Number(id) => id.to_string(),
        Id::Uuid(id) => id.to_string(),
    };
    Some(links::next(cx, path, query, marker))
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-hypervisors:list")?;
    let (rows, more, with_servers) = page(&cx, &query, scope).await?;
    let around = around(&cx, with_servers).await?;
    let hypervisors = rows.iter().map(|row| around.short(&cx, row)).collect();
    let hypervisors_links = next(&cx, "os-hypervisors", &query, &rows, more);
    web::json(StatusCode::OK, &At(&Listed { hypervisors, hypervisors_links }, cx.version))
}

async fn detail(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-hypervisors:list-detail")?;
    let (rows, more, with_servers) = page(&cx, &query, scope).await?;
    let around = around(&cx, with_servers).await?;
    let hypervisors = rows.iter().map(|row| around.whole(&cx, row)).collect();
    let hypervisors_links = next(&cx, "os-hypervisors/detail", &query, &rows, more);
    web::json(StatusCode::OK, &At(&Listed { hypervisors, hypervisors_links }, cx.version))
}

async fn found(cx: &Cx<Nova>, id: &str) -> Result<Model, Fault> {
    if cx.version >= Version::new(2, 53) && Uuid::parse_str(id).is_err() {
        return Err(Fault::bad_request(format!("Invalid uuid {id}")));
    }
    let rows = host::all(cx.service.db.read()).await?;
    let mut rows = rows.into_iter();
    let row = match cx.version >= Version::new(2, 53) {
        true => rows.find(|row| row.provider.to_string() == id),
        false => rows.find(|row| row.id.to_string() == id),
    };
    row.ok_or_else(|| Fault::not_found(format!("Hypervisor with ID '{id}' could not be found.")))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-hypervisors:show")?;
    let row = found(&cx, &id).await?;
    let with_servers = cx.version >= Version::new(2, 53) && query.flag("with_servers")?.unwrap_or(false);
    let around = around(&cx, with_servers.then_some(scope)).await?;
    cx.answer(StatusCode::OK, "hypervisor", &around.whole(&cx, &row))
}

async fn uptime(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = found(&cx, &id).await?;
    let around = around(&cx, None).await?;
    if around.state(&row) == "down" {
        return Err(Fault::bad_request(format!(
            "Compute service of {} is unavailable at this time.",
            row.name
        )));
    }
    // How long the connection to the host has stood is what is known here.
    let since = (chrono::Utc::now() - row.seen_at).num_minutes();
    let short = serde_json::to_value(At(&around.short(&cx, &row), cx.version))?;
    let mut hypervisor = short;
    hypervisor["uptime"] = json!(format!("connected {since} min"));
    web::json(StatusCode::OK, &json!({"hypervisor": hypervisor}))
}

async fn matching(cx: &Cx<Nova>, pattern: &str) -> Result<Vec<Model>, Fault> {
    let mut rows = host::all(cx.service.db.read()).await?;
    rows.retain(|row| row.name.contains(pattern));
    if rows.is_empty() {
        return Err(Fault::not_found(format!("No hypervisor matching '{pattern}' could be found.")));
    }
    Ok(rows)
}

async fn search(cx: Cx<Nova>, Path(pattern): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let rows = matching(&cx, &pattern).await?;
    let around = around(&cx, None).await?;
    let hypervisors = rows.iter().map(|row| around.short(&cx, row)).collect();
    web::json(StatusCode::OK, &At(&Listed { hypervisors, hypervisors_links: None }, cx.version))
}

async fn servers(cx: Cx<Nova>, Path(pattern): Path<String>) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-hypervisors:servers")?;
    let rows = matching(&cx, &pattern).await?;
    let around = around(&cx, Some(scope)).await?;
    let hypervisors = rows.iter().map(|row| around.short(&cx, row)).collect();
    web::json(StatusCode::OK, &At(&Listed { hypervisors, hypervisors_links: None }, cx.version))
}

async fn statistics(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let mut rows = host::all(cx.service.db.read()).await?;
    rows.retain(|row| !row.disabled);
    let around = around(&cx, None).await?;
    let all: Vec<Whole<'_>> = rows.iter().map(|row| around.whole(&cx, row)).collect();
    let sum = |of: fn(&Whole<'_>) -> i64| all.iter().map(of).sum::<i64>();
    web::json(
        StatusCode::OK,
        &json!({"hypervisor_statistics": {
            "count": all.len(),
            "vcpus": sum(|host| host.vcpus),
            "memory_mb": sum(|host| host.memory_mb),
            "local_gb": sum(|host| host.local_gb),
            "vcpus_used": sum(|host| host.vcpus_used),
            "memory_mb_used": sum(|host| host.memory_mb_used),
            "local_gb_used": sum(|host| host.local_gb_used),
            "free_ram_mb": sum(|host| host.free_ram_mb),
            "free_disk_gb": sum(|host| host.free_disk_gb),
            "current_workload": 0,
            "running_vms": sum(|host| host.running_vms),
            "disk_available_least": sum(|host| host.disk_available_least),
        }}),
    )
}
