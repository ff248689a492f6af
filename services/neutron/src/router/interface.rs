//! A router's legs inside.

use std::net::IpAddr;

use ipnet::IpNet;
use uuid::Uuid;

use crate::{
    address,
    change::{Change, Kind},
    error::Error,
    floating,
    model::{
        network,
        port::{self, Full},
        router, subnet,
    },
    port::{self as ports, Addresses, INTERFACE, NewPort, Wanted},
};

/// Subnets do not overlap with any of these.
pub(super) fn refuse_overlap(new: &subnet::Model, others: &[subnet::Model]) -> Result<(), Error> {
    let Ok(cidr) = new.cidr.parse::<IpNet>() else { return Ok(()) };
    for other in others {
        if other.id == new.id {
            return Err(Error::bad_resource(
                "router",
                format!("Router already has a port on subnet {}", new.id),
            ));
        }
        if other.cidr.parse::<IpNet>().is_ok_and(|other| address::overlap(&cidr, &other)) {
            return Err(Error::bad_resource(
                "router",
                format!(
                    "Cidr {} of subnet {} overlaps with cidr {} of subnet {}",
                    new.cidr, new.id, other.cidr, other.id
                ),
            ));
        }
    }
    Ok(())
}

/// The subnets that the router leads to already.
async fn reached(change: &Change<'_>, router: &router::Model) -> Result<Vec<subnet::Model>, Error> {
    let mut legs = port::legs_of(&**change, router).await?;
    legs.extend(port::gateway_of(&**change, router).await?);
    Ok(subnet::of_addresses(&**change, legs.iter().flat_map(|leg| &leg.addresses)).await?)
}

/// A leg with the subnet's gateway as its address.
pub(crate) async fn add_subnet(
    change: &mut Change<'_>,
    router: &router::Model,
    network: &network::Model,
    subnet: &subnet::Model,
) -> Result<Full, Error> {
    refuse_overlap(subnet, &reached(change, router).await?)?;
    let Some(gateway) = subnet.gateway_ip.as_deref().and_then(|text| text.parse::<IpAddr>().ok()) else {
        return Err(Error::bad_resource("router", "Subnet for router interface must have a gateway IP"));
    };
    let subnets = subnet::of(&**change, network).await?;
    let leg = NewPort {
        addresses: Addresses::These(vec![Wanted { subnet: Some(subnet.id), address: Some(gateway) }]),
        ..NewPort::on(network, &subnets, &router.project_id).of_device(INTERFACE, &router.id.to_string())
    };
    let leg = ports::insert(change, leg).await?;
    change.touch(Kind::Router, router.id);
    Ok(leg)
}

/// A port that is there becomes a leg.
pub(crate) async fn add_port(
    change: &mut Change<'_>,
    router: &router::Model,
    mut leg: Full,
) -> Result<Full, Error> {
    if !leg.port.device_id.is_empty() {
        return Err(Error::port_in_use(leg.port.id, leg.port.network_id, &leg.port.device_id));
    }
    if leg.addresses.is_empty() {
        return Err(Error::bad_resource("router", "Router port must have at least one fixed IP"));
    }
    let mut others = reached(change, router).await?;
    let mut own = subnet::of_addresses(&**change, &leg.addresses).await?;
    if own.iter().filter(|subnet| subnet.ip_version == 4).count() > 1 {
        return Err(Error::bad_resource("router", "Cannot have multiple IPv4 subnets on router port"));
    }
    while let Some(one) = own.pop() {
        refuse_overlap(&one, &others)?;
        others.push(one);
    }
    let before = leg.port.clone();
    leg.port.device_id = router.id.to_string();
    leg.port.device_owner = INTERFACE.to_owned();
    ports::save(change, &before, &mut leg.port).await?;
    change.touch(Kind::Router, router.id);
    Ok(leg)
}

/// Removes the leg that is named by port, by subnet, or by both.
pub(crate) async fn remove_interface(
    change: &mut Change<'_>,
    router: &router::Model,
    by_port: Option<Uuid>,
    by_subnet: Option<Uuid>,
) -> Result<Full, Error> {
    let legs = port::legs_of(&**change, router).await?;
    let on = |leg: &Full, subnet: Uuid| leg.addresses.iter().any(|row| row.subnet_id == subnet);
    let found = match (by_port, by_subnet) {
        (Some(id), subnet) => {
            let leg = legs
                .into_iter()
                .find(|leg| leg.port.id == id)
                .ok_or_else(|| Error::interface_missing(router.id, id))?;
            if let Some(subnet) = subnet.filter(|subnet| !on(&leg, *subnet)) {
                return Err(Error::subnet_mismatch(id, subnet));
            }
            leg
        }
        (None, Some(subnet)) => legs
            .into_iter()
            .find(|leg| on(leg, subnet))
            .ok_or_else(|| Error::interface_missing_on(router.id, subnet))?,
        (None, None) => {
            return Err(Error::bad_resource("router", "Either subnet_id or port_id must be specified"));
        }
    };
    refuse_needed(change, router, &found).await?;
    ports::remove(change, &found.port).await?;
    change.touch(Kind::Router, router.id);
    Ok(found)
}

/// A leg that a floating IP or a route needs stays.
async fn refuse_needed(change: &Change<'_>, router: &router::Model, leg: &Full) -> Result<(), Error> {
    for subnet in subnet::of_addresses(&**change, &leg.addresses).await? {
        if floating::needs(&**change, router, &subnet).await? {
            return Err(Error::interface_has_floating(subnet.id, router.id));
        }
        let Ok(cidr) = subnet.cidr.parse::<IpNet>() else { continue };
        if router.routes.0.iter().any(|route| cidr.contains(&route.nexthop)) {
            return Err(Error::interface_has_route(subnet.id, router.id));
        }
    }
    Ok(())
}
