//! `/os-hosts`, until 2.42.

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::{
    Body,
    http::{self as web, Cx, Fault, Query, Routes},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Nova,
    error::NovaError,
    model::{aggregate, host, server},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let until = Some((2, 42));
    let get = || Method::GET;
    Routes::new()
        .versioned(get(), "/v2.1/os-hosts", "os_compute_api:os-hosts:list", None, until, index)
        .versioned(get(), "/v2.1/os-hosts/{host}", "os_compute_api:os-hosts:show", None, until, show)
        .versioned(
            Method::PUT,
            "/v2.1/os-hosts/{host}",
            "os_compute_api:os-hosts:update",
            None,
            until,
            update,
        )
        .versioned(
            get(),
            "/v2.1/os-hosts/{host}/reboot",
            "os_compute_api:os-hosts:reboot",
            None,
            until,
            power,
        )
        .versioned(
            get(),
            "/v2.1/os-hosts/{host}/shutdown",
            "os_compute_api:os-hosts:shutdown",
            None,
            until,
            power,
        )
        .versioned(
            get(),
            "/v2.1/os-hosts/{host}/startup",
            "os_compute_api:os-hosts:start",
            None,
            until,
            power,
        )
}

async fn found(cx: &Cx<Nova>, name: &str) -> Result<host::Model, Fault> {
    let row = host::by_name(cx.service.db.read(), name).await?;
    Ok(row.ok_or_else(|| NovaError::HostNotFound(name.to_owned()))?)
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let db = cx.service.db.read();
    let aggregates = aggregate::all(db).await?;
    let zones = aggregate::zones(&aggregates);
    let mut list = Vec::new();
    for row in host::all(db).await? {
        let zone = zones.get(row.name.as_str()).copied();
        let zone = zone.unwrap_or(&cx.service.config.default_availability_zone);
        if query.get("zone").is_none_or(|wanted| wanted.is_empty() || wanted == zone) {
            list.push(json!({"host_name": row.name, "service": "compute", "zone": zone}));
        }
    }
    web::json(StatusCode::OK, &json!({"hosts": list}))
}

async fn show(cx: Cx<Nova>, Path(name): Path<String>) -> Result<Response, Fault> {
    let scope = cx.scope_of_all("os_compute_api:os-hosts:show")?;
    let row = found(&cx, &name).await?;
    let servers = server::on_host(cx.service.db.read(), &scope, &name).await?;
    let line = |project: &str, cpu: i64, memory: i64, disk: i64| json!({"resource": {"host": name, "project": project, "cpu": cpu, "memory_mb": memory, "disk_gb": disk}});
    let host = &row.description.0;
    let mut projects: std::collections::BTreeMap<&str, (i64, i64, i64)> = std::collections::BTreeMap::new();
    for server in &servers {
        let sum = projects.entry(&server.project_id).or_default();
        sum.0 += server.vcpus;
        sum.1 += server.memory_mb;
        sum.2 += server.root_gb + server.ephemeral_gb;
    }
    let all = projects.values().fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    let mut lines: Vec<Value> = vec![
        line("(total)", i64::from(host.vcpus), host.memory_mib as i64, host.disk_gib as i64),
        line("(used_now)", all.0, all.1, all.2),
        line("(used_max)", all.0, all.1, all.2),
    ];
    lines.extend(projects.iter().map(|(project, sum)| line(project, sum.0, sum.1, sum.2)));
    web::json(StatusCode::OK, &json!({"host": lines}))
}

#[derive(Deserialize, Body)]
struct Update {
    #[body(one_of = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"])]
    status: Option<String>,
    #[body(one_of = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"])]
    maintenance_mode: Option<String>,
}

async fn update(
    cx: Cx<Nova>,
    Path(name): Path<String>,
    web::Body(body): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    if body.status.is_none() && body.maintenance_mode.is_none() {
        return Err(Fault::bad_request("Invalid input: status or maintenance_mode is needed."));
    }
    let row = found(&cx, &name).await?;
    if body.maintenance_mode.is_some() {
        return Err(NovaError::NotImplemented(
            "Virt driver does not implement host maintenance mode.".into(),
        )
        .into());
    }
    let disabled = body.status.is_some_and(|status| status.eq_ignore_ascii_case("disable"));
    let tx = cx.service.db.write().await?;
    host::Entity::update_many()
        .filter(host::Column::Id.eq(row.id))
        .col_expr(host::Column::Disabled, Expr::value(disabled))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    let status = if disabled { "disabled" } else { "enabled" };
    web::json(StatusCode::OK, &json!({"host": name, "status": status}))
}

/// No driver turns its host off.
async fn power(cx: Cx<Nova>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    found(&cx, &name).await?;
    Err(NovaError::NotImplemented("Virt driver does not implement host power management.".into()).into())
}
