//! `os-hosts`: the hosts of services, and what of each project is there.

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    db::sum,
    http::{Cx, Fault, Query, Routes, json},
};
use sea_orm::{ColumnTrait, EntityTrait, QuerySelect};
use serde_json::{Value, json as literal};

use super::{services, volume_view::time};
use crate::{
    Cinder,
    model::{service_off, snapshot, volume},
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

/// Volumes, their GiB, snapshots, their GiB.
type Held = (i64, i64, i64, i64);

async fn show(cx: Cx<Cinder>, Path(host): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if host != cx.service.backend_host() {
        return Err(Fault::not_found(format!(
            "Host {} could not be found.",
            host.chars().take(255).collect::<String>()
        )));
    }
    let db = cx.service.db.read();
    let mut projects = BTreeMap::<String, Held>::new();
    let volumes: Vec<(String, i64, Option<i64>)> = volume::Entity::find()
        .select_only()
        .column(volume::Column::ProjectId)
        .column_as(volume::Column::Id.count(), "counted")
        .expr_as(sum(db, volume::Column::Size), "gib")
        .group_by(volume::Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    for (project, counted, gib) in volumes {
        let held = projects.entry(project).or_default();
        (held.0, held.1) = (counted, gib.unwrap_or_default());
    }
    let snapshots: Vec<(String, i64, Option<i64>)> = snapshot::Entity::find()
        .select_only()
        .column(snapshot::Column::ProjectId)
        .column_as(snapshot::Column::Id.count(), "counted")
        .expr_as(sum(db, snapshot::Column::Size), "gib")
        .group_by(snapshot::Column::ProjectId)
        .into_tuple()
        .all(db)
        .await?;
    for (project, counted, gib) in snapshots {
        let held = projects.entry(project).or_default();
        (held.2, held.3) = (counted, gib.unwrap_or_default());
    }
    let total = projects
        .values()
        .fold(Held::default(), |sum, held| (sum.0 + held.0, sum.1 + held.1, sum.2 + held.2, sum.3 + held.3));
    let resource = |project: &str, held: &Held| {
        literal!({"resource": {
            "host": host,
            "project": project,
            "volume_count": held.0.to_string(),
            "total_volume_gb": held.1.to_string(),
            "snapshot_count": held.2.to_string(),
            "total_snapshot_gb": held.3.to_string(),
        }})
    };
    let each = projects.iter().map(|(project, held)| resource(project, held));
    let resources: Vec<Value> = std::iter::once(resource("(total)", &total)).chain(each).collect();
    json(StatusCode::OK, &literal!({"host": resources}))
}
