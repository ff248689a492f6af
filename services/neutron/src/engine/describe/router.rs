//! Routers with their legs, routes and floating addresses.

use std::{collections::HashMap, net::IpAddr};

use contracts::driver::{ExternalGateway, LogicalRouter, NatRule, RouterInterface, StaticRoute};
use ipnet::IpNet;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    error::Error,
    model::{self, floatingip, network, port, router, subnet},
    port::{Full, GATEWAY, INTERFACE, load},
};

/// The router of that id, or all.
pub(crate) async fn routers(
    db: &impl ConnectionTrait,
    id: Option<Uuid>,
) -> Result<Vec<LogicalRouter>, Error> {
    let mut routers = router::Entity::find();
    let mut legs = port::Entity::find()
        .filter(port::Column::DeviceOwner.is_in([INTERFACE, GATEWAY]))
        .order_by_asc(port::Column::CreatedAt);
    let mut floating = floatingip::Entity::find().filter(floatingip::Column::RouterId.is_not_null());
    if let Some(id) = id {
        routers = routers.filter(router::Column::Id.eq(id));
        legs = legs.filter(port::Column::DeviceId.eq(id.to_string()));
        floating = floating.filter(floatingip::Column::RouterId.eq(id));
    }
    let routers = routers.all(db).await?;
    let legs = load(db, legs.all(db).await?).await?;
    let floating = floating.all(db).await?;
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
        let mut subnets: Vec<Uuid> =
            legs.iter().flat_map(|leg| &leg.addresses).map(|row| row.subnet_id).collect();
        subnets.sort();
        subnets.dedup();
        let mut networks: Vec<Uuid> = legs.iter().map(|leg| leg.port.network_id).collect();
        networks.sort();
        networks.dedup();
        let keepers: Vec<Uuid> = floating.iter().map(|row| row.floating_port_id).collect();
        Ok(Self {
            subnets: model::all_in(db, subnet::Entity::find(), subnet::Column::Id, &subnets)
                .await?
                .into_iter()
                .map(|subnet| (subnet.id, subnet))
                .collect(),
            mtus: model::all_in(db, network::Entity::find(), network::Column::Id, &networks)
                .await?
                .into_iter()
                .map(|network| (network.id, network.mtu.max(0) as u32))
                .collect(),
            macs: model::all_in(db, port::Entity::find(), port::Column::Id, &keepers)
                .await?
                .into_iter()
                .map(|port| (port.id, port.mac))
                .collect(),
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

    fn address(&self, row: &model::fixed_ip::Model) -> Option<IpNet> {
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
        let hop = |row: &model::fixed_ip::Model| -> Option<IpAddr> {
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
