//! A router's extra routes.

use std::{collections::HashSet, net::IpAddr};

use ipnet::IpNet;

use crate::{
    change::Change,
    error::Error,
    model::{json::Route, port, router, subnet},
};

/// The most routes that a router has.
const MOST: usize = 30;

/// Each route's next hop must be on a subnet that the router has a leg on, and not the leg itself.
pub(crate) async fn check(
    change: &Change<'_>,
    router: &router::Model,
    routes: &[Route],
) -> Result<(), Error> {
    if routes.is_empty() {
        return Ok(());
    }
    if routes.len() > MOST {
        return Err(Error::too_many_routes(router.id, MOST));
    }
    let shown = || serde_json::to_string(routes).unwrap_or_default();
    let mut seen = HashSet::new();
    if !routes.iter().all(|route| seen.insert(route)) {
        return Err(Error::bad_value("routes", format!("Duplicate hostroute in {}", shown())));
    }
    let mut legs = port::legs_of(&**change, router).await?;
    legs.extend(port::gateway_of(&**change, router).await?);
    let addresses: Vec<&str> =
        legs.iter().flat_map(|leg| &leg.addresses).map(|row| row.address.as_str()).collect();
    let subnets = subnet::of_addresses(&**change, legs.iter().flat_map(|leg| &leg.addresses)).await?;
    let cidrs: Vec<IpNet> = subnets.iter().filter_map(|subnet| subnet.cidr.parse().ok()).collect();
    for Route { destination, nexthop } in routes {
        if matches!(destination, IpNet::V4(_)) != matches!(nexthop, IpAddr::V4(_)) {
            return Err(Error::bad_routes(shown(), "destination and nexthop are of different families"));
        }
        if !cidrs.iter().any(|cidr| cidr.contains(nexthop)) {
            return Err(Error::bad_routes(shown(), "the nexthop is not connected with router"));
        }
        if addresses.contains(&nexthop.to_string().as_str()) {
            return Err(Error::bad_routes(shown(), "the nexthop is used by router"));
        }
    }
    Ok(())
}
