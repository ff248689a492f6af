//! Ports.

use std::collections::BTreeMap;

use contracts::driver::{LogicalPort, PortKind};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    engine::ENGINE,
    error::Error,
    model::port::{self, Full},
    port::{GATEWAY, INTERFACE, METADATA},
};

/// The port of that id, or all. Ports that only keep a floating IP's address are none of the engine's.
pub(crate) async fn ports(db: &impl ConnectionTrait, id: Option<Uuid>) -> Result<Vec<LogicalPort>, Error> {
    Ok(port::all(db, &ENGINE, id).await?.into_iter().map(logical).collect())
}

fn logical(full: Full) -> LogicalPort {
    let Full { port, addresses, groups } = full;
    let kind = match port.device_owner.as_str() {
        METADATA => PortKind::Metadata,
        INTERFACE | GATEWAY => match port.device_id.parse() {
            Ok(router) => PortKind::Router { router },
            Err(_) => PortKind::Machine,
        },
        _ => PortKind::Machine,
    };
    let mut security_groups = groups;
    security_groups.sort();
    LogicalPort {
        id: port.id,
        network: port.network_id,
        kind,
        name: port.name,
        addresses: addresses
            .iter()
            .filter_map(|row| Some((row.subnet_id, row.address.parse().ok()?)))
            .collect(),
        allowed_pairs: port
            .pairs
            .0
            .iter()
            .map(|pair| {
                let other = (pair.mac_address != port.mac).then(|| pair.mac_address.clone());
                (other, pair.ip_address.clone())
            })
            .collect(),
        mac: port.mac,
        port_security: port.port_security_enabled,
        security_groups,
        enabled: port.admin_state_up,
        host: (!port.host.is_empty()).then_some(port.host),
        dhcp_options: port
            .dhcp_opts
            .0
            .into_iter()
            .map(|option| (option.opt_name, option.opt_value))
            .collect::<BTreeMap<_, _>>(),
    }
}
