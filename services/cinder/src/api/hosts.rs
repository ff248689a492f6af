//! `os-hosts`: the hosts of services, and what of each project is there.

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::http::{Cx, Fault, Query, Routes, json};
use sea_orm::EntityTrait;
use serde_json::{Value, json as literal};

use super::{services, volume_view::time};
use crate::{
    Cinder,
    model::{
        service_off,
        usage::{self, Held},
    },
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new().get("/v3/os-hosts", "volume_extension:hosts", list).get(
        "/v3/os-hosts/{host}",
        "volume_extension:hosts",
        show,
    )
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let zone = &cx.service.config.availability_zone;
    let off = service_off::Entity::find().all(cx.service.db.read()).await?;
    let hosts: Vec<Value> = services::all(&cx.service)
        .into_iter()
        .filter(|(binary, host)| !off.iter().any(|row| row.host == *host && row.binary == *binary))
        .filter(|_| query.get("zone").is_none_or(|asked| asked.is_empty() || asked == zone))
        .map(|(binary, host)| {
            literal!({
                "host_name": host,
                "service": binary,
                "zone": zone,
                "service-status": "available",
                "service-state": "enabled",
                "last-update": time(Utc::now()),
            })
        })
        .collect();
    json(StatusCode::OK, &literal!({"hosts": hosts}))
}

async fn show(cx: Cx<Cinder>, Path(host): Path<String>) -> Result<Response, Fault> {
    let all = cx.scope_of_all("volume_extension:hosts")?;
    if host != cx.service.backend_host() {
        return Err(Fault::not_found(format!(
            "Host {} could not be found.",
            host.chars().take(255).collect::<String>()
        )));
    }
    let projects = usage::by_project(cx.service.db.read(), &all).await?;
    let mut total = Held::default();
    for held in projects.values() {
        total.volumes += held.volumes;
        total.volume_gib += held.volume_gib;
        total.snapshots += held.snapshots;
        total.snapshot_gib += held.snapshot_gib;
    }
    let resource = |project: &str, held: &Held| {
        literal!({"resource": {
            "host": host,
            "project": project,
            "volume_count": held.volumes.to_string(),
            "total_volume_gb": held.volume_gib.to_string(),
            "snapshot_count": held.snapshots.to_string(),
            "total_snapshot_gb": held.snapshot_gib.to_string(),
        }})
    };
    let each = projects.iter().map(|(project, held)| resource(project, held));
    let resources: Vec<Value> = std::iter::once(resource("(total)", &total)).chain(each).collect();
    json(StatusCode::OK, &literal!({"host": resources}))
}
