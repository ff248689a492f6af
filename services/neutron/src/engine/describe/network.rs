//! Networks with their subnets and names.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use contracts::driver::{DhcpOptions, LogicalNetwork, LogicalSubnet, StaticRoute};
use ipnet::IpNet;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::{
    config::Config,
    error::Error,
    model::{self, fixed_ip, network, port, subnet},
    port::METADATA,
};

/// The network of that id, or all.
pub(crate) async fn networks(
    db: &impl ConnectionTrait,
    config: &Config,
    id: Option<Uuid>,
) -> Result<Vec<LogicalNetwork>, Error> {
    let mut networks = network::Entity::find();
    let mut subnets = subnet::Entity::find().order_by_asc(subnet::Column::CreatedAt);
    let mut named = port::Entity::find().filter(
        Condition::any().add(port::Column::DnsName.ne("")).add(port::Column::DeviceOwner.eq(METADATA)),
    );
    if let Some(id) = id {
        networks = networks.filter(network::Column::Id.eq(id));
        subnets = subnets.filter(subnet::Column::NetworkId.eq(id));
        named = named.filter(port::Column::NetworkId.eq(id));
    }
    let networks = networks.all(db).await?;
    let mut by_network: HashMap<Uuid, Vec<subnet::Model>> = HashMap::new();
    for subnet in subnets.all(db).await? {
        by_network.entry(subnet.network_id).or_default().push(subnet);
    }
    let named = named.all(db).await?;
    let ids: Vec<Uuid> = named.iter().map(|port| port.id).collect();
    let mut addresses: HashMap<Uuid, Vec<fixed_ip::Model>> = HashMap::new();
    for row in model::all_in(db, fixed_ip::Entity::find(), fixed_ip::Column::PortId, &ids).await? {
        addresses.entry(row.port_id).or_default().push(row);
    }
    let mut names: HashMap<Uuid, BTreeMap<String, Vec<IpAddr>>> = HashMap::new();
    let mut metadata: HashMap<Uuid, IpAddr> = HashMap::new();
    for port in &named {
        for row in addresses.get(&port.id).into_iter().flatten() {
            let Ok(address) = row.address.parse::<IpAddr>() else { continue };
            if port.device_owner == METADATA {
                metadata.insert(row.subnet_id, address);
            } else {
                let of_network = names.entry(port.network_id).or_default();
                of_network.entry(port.dns_name.clone()).or_default().push(address);
            }
        }
    }
    Ok(networks
        .into_iter()
        .map(|network| {
            let domain = domain(&network, config);
            let subnets = by_network.remove(&network.id).unwrap_or_default();
            LogicalNetwork {
                id: network.id,
                mtu: network.mtu.max(0) as u32,
                physical_network: network.physical_network,
                subnets: subnets
                    .iter()
                    .filter_map(|subnet| logical(subnet, &domain, config.dhcp_lease, &metadata))
                    .collect(),
                names: full_names(names.remove(&network.id).unwrap_or_default(), &domain),
                name: network.name,
            }
        })
        .collect())
}

/// The domain of names on a network, without the dot at its end.
fn domain(network: &network::Model, config: &Config) -> String {
    let own = network.dns_domain.trim_end_matches('.');
    if own.is_empty() { config.domain() } else { own }.to_owned()
}

/// A port answers to its name alone and to its name with the domain.
fn full_names(short: BTreeMap<String, Vec<IpAddr>>, domain: &str) -> BTreeMap<String, Vec<IpAddr>> {
    let mut names = BTreeMap::new();
    for (name, mut addresses) in short {
        addresses.sort();
        names.insert(format!("{name}.{domain}"), addresses.clone());
        names.insert(name, addresses);
    }
    names
}

fn logical(
    subnet: &subnet::Model,
    domain: &str,
    lease: u32,
    metadata: &HashMap<Uuid, IpAddr>,
) -> Option<LogicalSubnet> {
    let cidr: IpNet = subnet.cidr.parse().ok()?;
    let route =
        |route: &model::json::Route| StaticRoute { destination: route.destination, next_hop: route.nexthop };
    let dhcp = subnet.enable_dhcp.then(|| DhcpOptions {
        gateway: subnet.gateway_ip.as_deref().and_then(|text| text.parse().ok()),
        dns: subnet.dns.0.clone(),
        domain: Some(domain.to_owned()),
        routes: subnet.routes.0.iter().map(route).collect(),
        metadata_via: metadata.get(&subnet.id).copied(),
        lease,
    });
    Some(LogicalSubnet { id: subnet.id, cidr, dhcp })
}
