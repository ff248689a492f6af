//! Ports: how they get their addresses, how they are made, changed and removed.

mod addresses;
mod create;
mod metadata;
mod remove;
mod update;

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder};
use uuid::Uuid;

pub(crate) use addresses::{Addresses, Wanted, automatic};
pub(crate) use create::{NewPort, insert};
pub(crate) use metadata::ensure_metadata;
pub(crate) use remove::remove;
pub(crate) use update::{save, set_addresses, set_groups};

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{self, fixed_ip, port, port_group},
};

/// The owner of the port by which a network's metadata proxy is reached.
pub(crate) const METADATA: &str = "network:distributed";
/// The owner of a port that keeps a floating IP's address.
pub(crate) const FLOATING: &str = "network:floatingip";
/// The owner of a router's leg inside.
pub(crate) const INTERFACE: &str = "network:router_interface";
/// The owner of a router's leg outside.
pub(crate) const GATEWAY: &str = "network:router_gateway";

/// A port with what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Full {
    pub(crate) port: port::Model,
    pub(crate) addresses: Vec<fixed_ip::Model>,
    pub(crate) groups: Vec<Uuid>,
}

/// Adds to ports what belongs to them: two queries, whatever their number.
pub(crate) async fn load(db: &impl ConnectionTrait, ports: Vec<port::Model>) -> Result<Vec<Full>, Error> {
    let ids: Vec<Uuid> = ports.iter().map(|port| port.id).collect();
    let mut addresses: HashMap<Uuid, Vec<fixed_ip::Model>> = HashMap::new();
    let select = fixed_ip::Entity::find().order_by_asc(fixed_ip::Column::Place);
    for row in model::all_in(db, select, fixed_ip::Column::PortId, &ids).await? {
        addresses.entry(row.port_id).or_default().push(row);
    }
    let mut groups: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for row in model::all_in(db, port_group::Entity::find(), port_group::Column::PortId, &ids).await? {
        groups.entry(row.port_id).or_default().push(row.group_id);
    }
    Ok(ports
        .into_iter()
        .map(|port| Full {
            addresses: addresses.remove(&port.id).unwrap_or_default(),
            groups: groups.remove(&port.id).unwrap_or_default(),
            port,
        })
        .collect())
}

/// One port with what belongs to it.
pub(crate) async fn load_one(db: &impl ConnectionTrait, id: Uuid) -> Result<Option<Full>, Error> {
    let port = port::Entity::find_by_id(id).one(db).await?;
    Ok(load(db, port.into_iter().collect()).await?.pop())
}

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
