//! Networks and ports as Nova sees them: a few queries, whatever their number.

use std::collections::HashMap;

use contracts::network::{FixedIp, MetadataPort, Network, Port};
use ipnet::IpNet;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    Neutron,
    error::Error,
    model::{
        floatingip, group, network,
        port::{self, Full},
        subnet,
    },
};

/// Networks, as a project sees them.
pub(super) async fn networks(
    db: &impl ConnectionTrait,
    rows: Vec<network::Model>,
    project: &str,
) -> Result<Vec<Network>, Error> {
    let shared = network::shared_with(db, project, &rows).await?;
    let subnets = subnet::of_all(db, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|network| Network {
            shared: shared.contains(&network.id),
            external: network.external,
            mtu: network.mtu.max(0) as u32,
            has_subnet: subnets.contains_key(&network.id),
            id: network.id,
            name: network.name,
            project_id: network.project_id,
        })
        .collect())
}

pub(super) async fn one(neutron: &Neutron, port: port::Model) -> Result<Port, Error> {
    let id = port.id;
    ports(neutron, vec![port]).await?.pop().ok_or_else(|| Error::port_missing(id))
}

/// What is looked up around ports.
struct Around {
    networks: HashMap<Uuid, Network>,
    subnets: HashMap<Uuid, subnet::Model>,
    groups: HashMap<Uuid, String>,
    floating: HashMap<(Uuid, String), String>,
    metadata: HashMap<Uuid, Full>,
}

/// Ports in their order.
pub(super) async fn ports(neutron: &Neutron, rows: Vec<port::Model>) -> Result<Vec<Port>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let fulls = port::load(neutron.db.read(), rows).await?;
    let around = Around::of(neutron.db.read(), &fulls).await?;
    Ok(fulls.into_iter().filter_map(|full| around.view(full)).collect())
}

impl Around {
    async fn of(db: &impl ConnectionTrait, fulls: &[Full]) -> Result<Self, Error> {
        let rows = network::of_all(db, fulls).await?;
        let project = fulls.first().map_or("", |full| full.port.project_id.as_str());
        let subnets = subnet::of_all(db, rows.values()).await?.into_values().flatten();
        let proxies = port::metadata_of(db, rows.values()).await?;
        let floating = floatingip::to_ports(db, fulls).await?;
        let networks = networks(db, rows.into_values().collect(), project).await?;
        Ok(Self {
            networks: networks.into_iter().map(|one| (one.id, one)).collect(),
            subnets: subnets.map(|subnet| (subnet.id, subnet)).collect(),
            groups: group::names_of(db, fulls).await?,
            floating: floating
                .into_iter()
                .filter_map(|row| Some(((row.port_id?, row.fixed_ip_address?), row.address)))
                .collect(),
            metadata: proxies.into_iter().map(|full| (full.port.network_id, full)).collect(),
        })
    }

    fn prefix_len(&self, subnet: Uuid) -> Option<u8> {
        Some(self.subnets.get(&subnet)?.cidr.parse::<IpNet>().ok()?.prefix_len())
    }

    fn fixed_ips(&self, full: &Full) -> Vec<FixedIp> {
        full.addresses
            .iter()
            .filter_map(|row| {
                let subnet = self.subnets.get(&row.subnet_id)?;
                let floating = self.floating.get(&(row.port_id, row.address.clone()));
                Some(FixedIp {
                    subnet_id: row.subnet_id,
                    address: row.address.parse().ok()?,
                    prefix_len: self.prefix_len(row.subnet_id)?,
                    gateway: subnet.gateway_ip.as_deref().and_then(|text| text.parse().ok()),
                    dns: subnet.dns.0.clone(),
                    dhcp: subnet.enable_dhcp,
                    floating: floating.and_then(|text| text.parse().ok()),
                })
            })
            .collect()
    }

    fn metadata(&self, network: &Network) -> Option<MetadataPort> {
        let full = self.metadata.get(&network.id)?;
        Some(MetadataPort {
            network_id: network.id,
            port_id: full.port.id,
            mac: full.port.mac.clone(),
            addresses: full
                .addresses
                .iter()
                .filter_map(|row| Some((row.address.parse().ok()?, self.prefix_len(row.subnet_id)?)))
                .collect(),
            mtu: network.mtu,
        })
    }

    fn view(&self, full: Full) -> Option<Port> {
        let network = self.networks.get(&full.port.network_id)?.clone();
        Some(Port {
            fixed_ips: self.fixed_ips(&full),
            metadata: self.metadata(&network),
            security_groups: full.groups.iter().filter_map(|id| self.groups.get(id).cloned()).collect(),
            network,
            id: full.port.id,
            name: full.port.name,
            project_id: full.port.project_id,
            mac: full.port.mac,
            status: full.port.status,
            device_id: full.port.device_id,
            device_owner: full.port.device_owner,
            host: (!full.port.host.is_empty()).then_some(full.port.host),
        })
    }
}
