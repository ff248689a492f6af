//! Ports: how they get their addresses, how they are made, changed and removed.

mod addresses;
mod create;
mod metadata;
mod remove;
mod update;

pub(crate) use addresses::{Addresses, Wanted, automatic};
pub(crate) use create::{NewPort, insert};
pub(crate) use metadata::ensure_metadata;
pub(crate) use remove::remove;
pub(crate) use update::{save, set_addresses, set_groups};

use crate::{
    change::{Change, Kind},
    model::port::{self, Full},
};

/// The owner of the port by which a network's metadata proxy is reached.
pub(crate) const METADATA: &str = "network:distributed";
/// The owner of a port that keeps a floating IP's address.
pub(crate) const FLOATING: &str = "network:floatingip";
/// The owner of a router's leg inside.
pub(crate) const INTERFACE: &str = "network:router_interface";
/// The owner of a router's leg outside.
pub(crate) const GATEWAY: &str = "network:router_gateway";

/// The engine and Nova are to hear of a change of this port.
pub(crate) fn announce(change: &mut Change<'_>, port: &port::Model) {
    change.touch(Kind::Port, port.id);
    if !port.dns_name.is_empty() {
        change.touch(Kind::Network, port.network_id);
    }
    if [INTERFACE, GATEWAY].contains(&port.device_owner.as_str())
        && let Ok(router) = port.device_id.parse()
    {
        change.touch(Kind::Router, router);
    }
    change.tell(&port.device_owner, &port.device_id);
}

/// The name before the domain that a port answers to at an address.
pub(crate) fn hostname(port: &port::Model, address: &str) -> String {
    if port.dns_name.is_empty() {
        format!("host-{}", address.replace(['.', ':'], "-"))
    } else {
        port.dns_name.clone()
    }
}
