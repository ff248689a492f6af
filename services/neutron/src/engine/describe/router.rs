//! Routers with their legs, routes and floating addresses.

use std::{collections::HashMap, net::IpAddr};

use contracts::driver::{ExternalGateway, LogicalRouter, NatRule, RouterInterface, StaticRoute};
use ipnet::IpNet;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    engine::ENGINE,
    error::Error,
    model::{
        fixed_ip, floatingip, network,
        port::{self, Full},
        router, subnet,
    },
    port::INTERFACE,
};

/// The router of that id, or all.
pub(crate) async fn routers(
    db: &impl ConnectionTrait,
    id: Option<Uuid>,
) -> Result<Vec<LogicalRouter>, Error> {
    let routers = router::all(db, &ENGINE, id).await?;
    let legs = port::all_legs(db, &ENGINE, id).await?;
    let floating = floatingip::all_through(db, &ENGINE, id).await?;
    let around = Around::of(db, &legs, &floating).await?;
    let mut by_router: HashMap<String, Vec<Full>> = HashMap::new();
    // A leg without addresses is one that goes away at this moment: the engine has no use for it.
    for leg in legs.into_iter().filter(|leg| around.has_address(leg)) {
        by_router.entry(leg.port.device_id.clone()).or_default().push(leg);
    }
    let mut nat: HashMap<Uuid, Vec<NatRule>> = HashMap::new();
    for row in &floating {
        if let (Some(router), Some(rule)) = (row.router_id, around.nat(row)) {
            nat.entry(router).or_default().push(rule);
        }
    }
    Ok(routers
        .into_iter()
        .map(|router| {
            let legs = by_router.remove(&router.id.to_string()).unwrap_or_default();
            let nat = nat.remove(&router.id).unwrap_or_default();
            around.logical(router, &legs, nat)
        })
        .collect())
}

/// What is looked up around routers.
struct Around {
    subnets: HashMap<Uuid, subnet::Model>,
    mtus: HashMap<Uuid, u32>,
    macs: HashMap<Uuid, String>,
}

impl Around {
    async fn of(
        db: &impl ConnectionTrait,
        legs: &[Full],
        floating: &[floatingip::Model],
    ) -> Result<Self, Error> {
        let subnets = subnet::of_addresses(db, legs.iter().flat_map(|leg| &leg.addresses)).await?;
        let networks = network::of_all(db, legs).await?;
        let keepers = port::keepers_of(db, floating).await?;
        Ok(Self {
            subnets: subnets.into_iter().map(|subnet| (subnet.id, subnet)).collect(),
            mtus: networks.into_values().map(|network| (network.id, network.mtu.max(0) as u32)).collect(),
            macs: keepers.into_iter().map(|port| (port.id, port.mac)).collect(),
        })
    }

    fn nat(&self, row: &floatingip::Model) -> Option<NatRule> {
        Some(NatRule {
            id: row.id,
            external: row.address.parse().ok()?,
            internal: row.fixed_ip_address.as_deref()?.parse().ok()?,
            port: row.port_id?,
            external_mac: self.macs.get(&row.floating_port_id)?.clone(),
        })
    }

    fn has_address(&self, leg: &Full) -> bool {
        leg.addresses.iter().any(|row| self.address(row).is_some())
    }

    fn address(&self, row: &fixed_ip::Model) -> Option<IpNet> {
        let cidr: IpNet = self.subnets.get(&row.subnet_id)?.cidr.parse().ok()?;
        IpNet::new(row.address.parse().ok()?, cidr.prefix_len()).ok()
    }

    fn interface(&self, leg: &Full) -> RouterInterface {
        RouterInterface {
            port: leg.port.id,
            network: leg.port.network_id,
            mac: leg.port.mac.clone(),
            addresses: leg.addresses.iter().filter_map(|row| self.address(row)).collect(),
            mtu: self.mtus.get(&leg.port.network_id).copied().unwrap_or(1500),
        }
    }

    fn gateway(&self, leg: &Full, snat: bool) -> ExternalGateway {
        let hop = |row: &fixed_ip::Model| -> Option<IpAddr> {
            self.subnets.get(&row.subnet_id)?.gateway_ip.as_deref()?.parse().ok()
        };
        ExternalGateway {
            interface: self.interface(leg),
            next_hop: leg.addresses.iter().filter_map(hop).collect(),
            snat,
        }
    }

    fn logical(&self, router: router::Model, legs: &[Full], nat: Vec<NatRule>) -> LogicalRouter {
        let inside = legs.iter().filter(|leg| leg.port.device_owner == INTERFACE);
        let outside = legs.iter().find(|leg| Some(leg.port.id) == router.gateway_port_id);
        LogicalRouter {
            id: router.id,
            enabled: router.admin_state_up,
            interfaces: inside.map(|leg| self.interface(leg)).collect(),
            gateway: outside.map(|leg| self.gateway(leg, router.enable_snat)),
            routes: router
                .routes
                .0
                .iter()
                .map(|route| StaticRoute { destination: route.destination, next_hop: route.nexthop })
                .collect(),
            nat,
            name: router.name,
        }
    }
}
