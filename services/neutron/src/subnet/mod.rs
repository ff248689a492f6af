//! Subnets: what makes sense, how they are made and how they go.

mod check;
mod create;
mod pool;

pub(crate) use check::{check_details, check_pools};
pub(crate) use create::{Gateway, NewSubnet, check_gateway, create};
pub(crate) use pool::{Bounds, allocate as allocate_prefix, check_bounds, default as default_pool};

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{fixed_ip, network, port, subnet, tag},
    port::{self as ports, GATEWAY, INTERFACE, METADATA, announce},
};

/// Whether ports of that owner do not keep a subnet from going.
fn goes_with_the_subnet(port: &port::Model, subnet: &subnet::Model) -> bool {
    let leg = [INTERFACE, GATEWAY].contains(&port.device_owner.as_str());
    port.device_owner == METADATA || (!leg && ports::automatic(subnet))
}

/// Removes a subnet on which no port has an address that was given to it.
pub(crate) async fn remove(change: &mut Change<'_>, subnet: &subnet::Model) -> Result<(), Error> {
    let ports = port::with_address_on(&**change, subnet).await?;
    if !ports.iter().all(|port| goes_with_the_subnet(port, subnet)) {
        return Err(Error::subnet_in_use(subnet.id));
    }
    fixed_ip::delete_on(change, subnet).await?;
    for port in &ports {
        announce(change, port);
    }
    tag::clear(change, subnet).await?;
    change.delete(subnet).await?;
    changed(change, subnet).await
}

/// A network's subnets have changed: its metadata port follows, and routers that lead there look again.
pub(crate) async fn changed(change: &mut Change<'_>, subnet: &subnet::Model) -> Result<(), Error> {
    change.touch(Kind::Network, subnet.network_id);
    let Some(network) = network::of(&**change, subnet).await? else { return Ok(()) };
    let subnets = subnet::of(&**change, &network).await?;
    ports::ensure_metadata(change, &network, &subnets).await?;
    for router in port::routers_on(&**change, &network).await? {
        change.touch(Kind::Router, router);
    }
    Ok(())
}
