//! Zones, providers of services, and how many addresses are used.

use axum::{extract::Path, http::StatusCode};
use ipnet::IpNet;
use platform::{
    http::{Cx, Query, Routes},
    policy::Target,
};
use serde_json::{Value, json};

use super::{
    everything, permit_making,
    shown::{Answer, Shown, wrapped},
};
use crate::{
    Neutron,
    address::{bounds, number},
    error::Error,
    model::{fixed_ip, network, subnet},
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/availability_zones", "get_availability_zone", zones)
        .get("/v2.0/service-providers", "get_service_provider", providers)
        .get("/v2.0/network-ip-availabilities", "get_network_ip_availability", addresses)
        .get("/v2.0/network-ip-availabilities/{id}", "get_network_ip_availability", addresses_of)
}

async fn zones(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let zone = &cx.service.config.availability_zone;
    let shown: Vec<Shown> = ["network", "router"]
        .into_iter()
        .filter(|resource| query.get("resource").is_none_or(|asked| asked == *resource))
        .filter(|_| query.get("name").is_none_or(|asked| asked == zone))
        .filter(|_| query.get("state").is_none_or(|asked| asked == "available"))
        .map(|resource| {
            Shown::new()
                .with("name", zone.clone())
                .with("resource", resource)
                .with("state", "available")
                .only(&query)
        })
        .collect();
    wrapped(StatusCode::OK, "availability_zones", &shown)
}

async fn providers(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let provider =
        Shown::new().with("service_type", "L3_ROUTER_NAT").with("name", "ovn").with("default", true);
    let fits = query.get("service_type").is_none_or(|asked| asked == "L3_ROUTER_NAT")
        && query.get("name").is_none_or(|asked| asked == "ovn");
    let shown: Vec<Shown> = fits.then(|| provider.only(&query)).into_iter().collect();
    wrapped(StatusCode::OK, "service_providers", &shown)
}

async fn addresses(cx: Cx<Neutron>, query: Query) -> Answer {
    let scope = everything(&cx)?;
    let version = query.read::<i32>("ip_version")?;
    let networks = network::named(cx.service.db.read(), &scope, &query).await?;
    let shown: Vec<Shown> =
        views(&cx, networks, version).await?.into_iter().map(|one| one.only(&query)).collect();
    wrapped(StatusCode::OK, "network_ip_availabilities", &shown)
}

async fn addresses_of(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    permit_making(&cx, &Target::none())?;
    let seen = cx.open(network::find(cx.service.db.read(), &cx.caller, id).await?)?;
    let shown = views(&cx, vec![seen.network], None).await?.pop().unwrap_or_default();
    wrapped(StatusCode::OK, "network_ip_availability", &shown.only(&query))
}

/// Counts for each network, from two queries.
async fn views(
    cx: &Cx<Neutron>,
    networks: Vec<network::Model>,
    version: Option<i32>,
) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let mut subnets = subnet::of_all(db, &networks).await?;
    subnets.values_mut().for_each(|on| on.retain(|one| version.is_none_or(|asked| one.ip_version == asked)));
    let used = fixed_ip::count_on(db, subnets.values().flatten()).await?;
    Ok(networks
        .into_iter()
        .map(|network| {
            let (mut total, mut taken) = (0_u128, 0_i64);
            let rows: Vec<Value> = subnets
                .remove(&network.id)
                .unwrap_or_default()
                .into_iter()
                .map(|subnet| {
                    let size = size(&subnet);
                    let used = used.get(&subnet.id).copied().unwrap_or(0);
                    total = total.saturating_add(size);
                    taken += used;
                    json!({
                        "subnet_id": subnet.id,
                        "subnet_name": subnet.name,
                        "cidr": subnet.cidr,
                        "ip_version": subnet.ip_version,
                        "total_ips": count(size),
                        "used_ips": used,
                    })
                })
                .collect();
            Shown::new()
                .with("network_id", network.id.to_string())
                .with("network_name", network.name)
                .with("tenant_id", network.project_id.clone())
                .with("project_id", network.project_id)
                .with("subnet_ip_availability", rows)
                .with("total_ips", count(total))
                .with("used_ips", taken)
        })
        .collect())
}

/// How many addresses a subnet gives away.
fn size(subnet: &subnet::Model) -> u128 {
    if subnet.pools.0.is_empty() {
        return subnet.cidr.parse::<IpNet>().map_or(0, |cidr| {
            let (first, last) = bounds(&cidr);
            (last - first).saturating_add(1)
        });
    }
    subnet.pools.0.iter().map(|pool| (number(pool.end) - number(pool.start)).saturating_add(1)).sum()
}

/// A number that JSON can hold.
fn count(number: u128) -> Value {
    u64::try_from(number).map_or_else(|_| Value::from(number as f64), Value::from)
}
