//! `/os-availability-zone`

use std::collections::BTreeMap;

use axum::response::Response;
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Map, Value, json};

use crate::{
    Nova,
    model::{aggregate, host},
    times::Micro,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/os-availability-zone", "os_compute_api:os-availability-zone:list", index).get(
        "/v2.1/os-availability-zone/detail",
        "os_compute_api:os-availability-zone:detail",
        detail,
    )
}

/// The hosts of each zone.
async fn zones(cx: &Cx<Nova>) -> Result<BTreeMap<String, Vec<host::Model>>, Fault> {
    let db = cx.service.db.read();
    let aggregates = aggregate::all(db).await?;
    let named = aggregate::zones(&aggregates);
    let mut zones: BTreeMap<String, Vec<host::Model>> = BTreeMap::new();
    for host in host::all(db).await? {
        let zone = named.get(host.name.as_str()).copied();
        let zone = zone.unwrap_or(&cx.service.config.default_availability_zone);
        zones.entry(zone.to_owned()).or_default().push(host);
    }
    Ok(zones)
}

fn available(hosts: &[host::Model]) -> bool {
    hosts.iter().any(|host| !host.disabled)
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let zones = zones(&cx).await?;
    let list: Vec<Value> = zones
        .iter()
        .map(|(name, hosts)| json!({"zoneName": name, "zoneState": {"available": available(hosts)}, "hosts": null}))
        .collect();
    json(StatusCode::OK, &json!({"availabilityZoneInfo": list}))
}

async fn detail(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let connected: Vec<String> = cx.service.hosts.connected().into_iter().map(|host| host.host).collect();
    let zones = zones(&cx).await?;
    let list: Vec<Value> = zones
        .iter()
        .map(|(name, hosts)| {
            let members: Map<String, Value> = hosts
                .iter()
                .map(|host| {
                    let up = connected.contains(&host.name) && !host.forced_down;
                    let service =
                        json!({"available": up, "active": !host.disabled, "updated_at": Micro(host.seen_at)});
                    (host.name.clone(), json!({"nova-compute": service}))
                })
                .collect();
            json!({"zoneName": name, "zoneState": {"available": available(hosts)}, "hosts": members})
        })
        .collect();
    json(StatusCode::OK, &json!({"availabilityZoneInfo": list}))
}
