//! Networks with their subnets and names.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use contracts::driver::{DhcpOptions, LogicalNetwork, LogicalSubnet, StaticRoute};
use ipnet::IpNet;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    config::Config,
    engine::ENGINE,
    error::Error,
    model::{
        self, network,
        port::{self, Full},
        subnet,
    },
    port::METADATA,
};

/// The network of that id, or all.
pub(crate) async fn networks(
    db: &impl ConnectionTrait,
    config: &Config,
    id: Option<Uuid>,
) -> Result<Vec<LogicalNetwork>, Error> {
    let networks = network::all(db, &ENGINE, id).await?;
    let mut by_network: HashMap<Uuid, Vec<subnet::Model>> = HashMap::new();
    for subnet in subnet::all(db, &ENGINE, id).await? {
        by_network.entry(subnet.network_id).or_default().push(subnet);
    }
    let mut names: HashMap<Uuid, BTreeMap<String, Vec<IpAddr>>> = HashMap::new();
    let mut metadata: HashMap<Uuid, IpAddr> = HashMap::new();
    for Full { port, addresses, .. } in &port::all_named(db, &ENGINE, id).await? {
        for row in addresses {
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
