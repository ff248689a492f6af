//! Zones, providers of services, and how many addresses are used.

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode};
use ipnet::IpNet;
use platform::{
    http::{Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    id as id_of, permit_making,
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
    permit_making(&cx, &Target::none())?;
    let mut select = network::Entity::find();
    for (name, column) in [
        ("network_name", network::Column::Name),
        ("project_id", network::Column::ProjectId),
        ("tenant_id", network::Column::ProjectId),
    ] {
        if let Some(value) = query.get(name) {
            select = select.filter(column.eq(value));
        }
    }
    if let Some(id) = query.get("network_id") {
        select = select.filter(network::Column::Id.eq(id.parse::<Uuid>().unwrap_or_default()));
    }
    let version = query.read::<i32>("ip_version")?;
    let networks = select.all(cx.service.db.read()).await?;
    let shown: Vec<Shown> =
        views(&cx, networks, version).await?.into_iter().map(|one| one.only(&query)).collect();
    wrapped(StatusCode::OK, "network_ip_availabilities", &shown)
}

async fn addresses_of(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    permit_making(&cx, &Target::none())?;
    let id = id_of(&id, Error::network_missing)?;
    let network = network::Entity::find_by_id(id)
        .one(cx.service.db.read())
        .await?
        .ok_or_else(|| Error::network_missing(id))?;
    let shown = views(&cx, vec![network], None).await?.pop().unwrap_or_default();
    wrapped(StatusCode::OK, "network_ip_availability", &shown.only(&query))
}

/// Counts for each network, from two queries.
async fn views(
    cx: &Cx<Neutron>,
    networks: Vec<network::Model>,
    version: Option<i32>,
) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let ids: Vec<Uuid> = networks.iter().map(|network| network.id).collect();
    let mut subnets: HashMap<Uuid, Vec<subnet::Model>> = HashMap::new();
    let found = crate::model::all_in(db, subnet::Entity::find(), subnet::Column::NetworkId, &ids).await?;
    for subnet in found.into_iter().filter(|subnet| version.is_none_or(|asked| subnet.ip_version == asked)) {
        subnets.entry(subnet.network_id).or_default().push(subnet);
    }
    let used: Vec<(Uuid, i64)> = fixed_ip::Entity::find()
        .select_only()
        .column(fixed_ip::Column::SubnetId)
        .column_as(fixed_ip::Column::Address.count(), "used")
        .group_by(fixed_ip::Column::SubnetId)
        .into_tuple()
        .all(db)
        .await?;
    let used: HashMap<Uuid, i64> = used.into_iter().collect();
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
