//! Making a subnet.

use std::net::IpAddr;

use chrono::Utc;
use ipnet::IpNet;
use uuid::Uuid;

use super::{changed, check_details, check_pools};
use crate::{
    address,
    change::Change,
    error::Error,
    model::{
        fixed_ip,
        json::{Addresses, Pool, Pools, Route, Routes, Texts},
        network, port, subnet,
    },
    port::{announce, automatic},
};

/// The gateway, as asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// The first address.
    Auto,
    /// None.
    Absent,
    /// This.
    At(IpAddr),
}

/// A subnet to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewSubnet {
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) cidr: IpNet,
    pub(crate) subnetpool_id: Option<Uuid>,
    pub(crate) gateway: Gateway,
    pub(crate) pools: Option<Vec<Pool>>,
    pub(crate) enable_dhcp: bool,
    pub(crate) ipv6_ra_mode: Option<String>,
    pub(crate) ipv6_address_mode: Option<String>,
    pub(crate) dns: Vec<IpAddr>,
    pub(crate) routes: Vec<Route>,
    pub(crate) service_types: Vec<String>,
    pub(crate) dns_publish_fixed_ip: bool,
}

impl NewSubnet {
    /// A subnet with nothing special about it.
    pub(crate) fn of(project_id: &str, cidr: IpNet) -> Self {
        Self {
            project_id: project_id.to_owned(),
            name: String::new(),
            description: String::new(),
            cidr,
            subnetpool_id: None,
            gateway: Gateway::Auto,
            pools: None,
            enable_dhcp: true,
            ipv6_ra_mode: None,
            ipv6_address_mode: None,
            dns: Vec::new(),
            routes: Vec::new(),
            service_types: Vec::new(),
            dns_publish_fixed_ip: false,
        }
    }
}

/// Makes a subnet within the transaction.
pub(crate) async fn create(
    change: &mut Change<'_>,
    network: &network::Model,
    new: NewSubnet,
) -> Result<subnet::Model, Error> {
    let v4 = matches!(new.cidr, IpNet::V4(_));
    check_range(&new)?;
    check_modes(&new, v4)?;
    check_details("new subnet", v4, &new.dns, &new.routes)?;
    let others = subnet::of(&**change, network).await?;
    for other in &others {
        if other.cidr.parse::<IpNet>().is_ok_and(|other| address::overlap(&new.cidr, &other)) {
            return Err(Error::invalid(format!(
                "Requested subnet with cidr: {} for network: {} overlaps with another subnet",
                new.cidr, network.id
            )));
        }
        if other.ip_version == if v4 { 4 } else { 6 }
            && other.subnetpool_id != new.subnetpool_id
            && other.subnetpool_id.is_some()
            && new.subnetpool_id.is_some()
        {
            return Err(Error::subnetpool_affinity());
        }
    }
    let gateway = match new.gateway {
        Gateway::Absent => None,
        Gateway::At(address) => Some(address),
        // The default gateway gives way to a pool that holds it.
        Gateway::Auto => Some(address::default_gateway(&new.cidr)),
    };
    if let Some(address) = gateway {
        check_gateway(&new.cidr, address)?;
    }
    let pools = match new.pools {
        Some(pools) => pools,
        None => address::default_pools(&new.cidr, gateway),
    };
    check_pools(&new.cidr, &pools, gateway)?;
    let now = Utc::now();
    let row = subnet::Model {
        id: Uuid::new_v4(),
        network_id: network.id,
        project_id: new.project_id,
        name: new.name,
        ip_version: if v4 { 4 } else { 6 },
        cidr: new.cidr.to_string(),
        gateway_ip: gateway.map(|address| address.to_string()),
        enable_dhcp: new.enable_dhcp,
        ipv6_ra_mode: new.ipv6_ra_mode,
        ipv6_address_mode: new.ipv6_address_mode,
        subnetpool_id: new.subnetpool_id,
        pools: Pools(pools),
        dns: Addresses(new.dns),
        routes: Routes(new.routes),
        service_types: Texts(new.service_types),
        dns_publish_fixed_ip: new.dns_publish_fixed_ip,
        description: new.description,
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    change.insert(&row).await?;
    if automatic(&row) {
        address_existing(change, &row).await?;
    }
    changed(change, &row).await?;
    Ok(row)
}

/// What can't be a subnet.
fn check_range(new: &NewSubnet) -> Result<(), Error> {
    let network = new.cidr.network();
    if new.cidr.prefix_len() == 0 {
        return Err(Error::invalid("0 is not allowed as CIDR prefix length"));
    }
    if network.is_multicast() {
        return Err(Error::invalid("Multicast IP subnet is not supported if enable_dhcp is True"));
    }
    if network.is_loopback() {
        return Err(Error::invalid("Loopback IP subnet is not supported if enable_dhcp is True"));
    }
    let longest = if network.is_ipv4() { 30 } else { 126 };
    if new.enable_dhcp && new.cidr.prefix_len() > longest {
        return Err(Error::invalid(
            "Subnet has a prefix length that is incompatible with DHCP service enabled",
        ));
    }
    Ok(())
}

/// A gateway is an address of the subnet (for IPv6 it may be a link-local one).
pub(crate) fn check_gateway(cidr: &IpNet, address: IpAddr) -> Result<(), Error> {
    let link_local = matches!(address, IpAddr::V6(address) if address.segments()[0] & 0xffc0 == 0xfe80);
    let same = matches!(cidr, IpNet::V4(_)) == address.is_ipv4();
    if !same {
        return Err(Error::invalid(format!(
            "gateway_ip '{address}' does not match the ip_version '{}'",
            if address.is_ipv4() { 6 } else { 4 }
        )));
    }
    if !link_local && !address::usable(cidr, address) && cidr.network() != address {
        return Err(Error::invalid("Gateway is not valid on subnet"));
    }
    if cidr.network() == address && address.is_ipv4() && cidr.prefix_len() < 31 {
        return Err(Error::invalid("Gateway is not valid on subnet"));
    }
    Ok(())
}

/// How IPv6 addresses are told and chosen.
fn check_modes(new: &NewSubnet, v4: bool) -> Result<(), Error> {
    let (ra, mode) = (new.ipv6_ra_mode.as_deref(), new.ipv6_address_mode.as_deref());
    if v4 {
        for (name, given) in [("ipv6_ra_mode", ra), ("ipv6_address_mode", mode)] {
            if given.is_some() {
                return Err(Error::invalid(format!("{name} is not valid when ip_version is 4")));
            }
        }
        return Ok(());
    }
    if (ra.is_some() || mode.is_some()) && !new.enable_dhcp {
        return Err(Error::invalid(
            "ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False",
        ));
    }
    if let (Some(ra), Some(mode)) = (ra, mode)
        && ra != mode
    {
        return Err(Error::invalid(format!(
            "ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{mode}' is not valid. If both attributes are set, they must be the same value"
        )));
    }
    let from_mac = [ra, mode].iter().any(|mode| matches!(mode, Some("slaac" | "dhcpv6-stateless")));
    if from_mac && new.cidr.prefix_len() != 64 {
        return Err(Error::invalid(format!(
            "Invalid CIDR {} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64",
            new.cidr
        )));
    }
    Ok(())
}

/// Ports that are there get their address on a subnet whose addresses follow from MAC addresses.
async fn address_existing(change: &mut Change<'_>, subnet: &subnet::Model) -> Result<(), Error> {
    let Ok(IpNet::V6(net)) = subnet.cidr.parse::<IpNet>() else { return Ok(()) };
    let ports = port::addressed_by(&**change, subnet).await?;
    let rows: Vec<fixed_ip::Model> = ports
        .iter()
        .filter_map(|port| {
            Some(fixed_ip::Model {
                network_id: subnet.network_id,
                address: address::eui64(&net, &port.mac)?.to_string(),
                subnet_id: subnet.id,
                port_id: port.id,
                place: 100,
            })
        })
        .collect();
    change.insert_all(&rows).await?;
    for port in &ports {
        announce(change, port);
    }
    Ok(())
}
