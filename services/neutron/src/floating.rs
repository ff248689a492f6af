//! Floating IPs: where they lead, and by which router.

use chrono::Utc;
use ipnet::IpNet;
use sea_orm::ConnectionTrait;
use std::net::IpAddr;
use uuid::Uuid;

use crate::{
    address::Choice,
    change::{Change, Kind},
    error::Error,
    model::{fixed_ip, floatingip, network, port, router, subnet, tag},
    port::{self as ports, Addresses, FLOATING, NewPort, Wanted},
};

/// Where a floating IP is to lead.
#[derive(Debug, Clone)]
pub(crate) struct Lead {
    pub(crate) port: port::Model,
    pub(crate) fixed: Option<IpAddr>,
}

/// A floating IP to be made.
pub(crate) struct NewFloatingIp {
    pub(crate) project_id: String,
    pub(crate) description: String,
    pub(crate) dns_name: String,
    pub(crate) dns_domain: String,
    pub(crate) subnet: Option<Uuid>,
    pub(crate) address: Option<IpAddr>,
}

/// Makes a floating IP on an external network, with the port that keeps its address.
pub(crate) async fn create(
    change: &mut Change<'_>,
    network: &network::Model,
    new: NewFloatingIp,
) -> Result<floatingip::Model, Error> {
    let subnets = subnet::of(&**change, network).await?;
    if !subnets.iter().any(|subnet| subnet.ip_version == 4) {
        return Err(Error::bad_resource(
            "floatingip",
            format!("Network {} does not contain any IPv4 subnet", network.id),
        ));
    }
    let addresses = match (new.address, new.subnet) {
        (None, None) => {
            let four = subnets.iter().filter(|subnet| subnet.ip_version == 4);
            one_of(change, network, four).await?
        }
        (address, subnet) => Addresses::These(vec![Wanted { address, subnet }]),
    };
    let id = Uuid::new_v4();
    let keeper = NewPort {
        addresses,
        choice: Choice::Any,
        ..NewPort::on(network, &subnets, "").of_device(FLOATING, &id.to_string())
    };
    let keeper = ports::insert(change, keeper).await?;
    let Some(address) = keeper.addresses.first() else {
        return Err(Error::no_external_address(network.id));
    };
    let now = Utc::now();
    let row = floatingip::Model {
        id,
        project_id: new.project_id,
        network_id: network.id,
        address: address.address.clone(),
        floating_port_id: keeper.port.id,
        port_id: None,
        fixed_ip_address: None,
        router_id: None,
        status: "DOWN".to_owned(),
        dns_name: new.dns_name,
        dns_domain: new.dns_domain,
        description: new.description,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    change.insert(&row).await?;
    Ok(row)
}

/// A free IPv4 address of the first subnet that has one.
async fn one_of(
    change: &Change<'_>,
    network: &network::Model,
    subnets: impl Iterator<Item = &subnet::Model>,
) -> Result<Addresses, Error> {
    for subnet in subnets {
        if let Some(address) = crate::address::pick(&**change, subnet, Choice::Any, &[]).await? {
            return Ok(Addresses::These(vec![Wanted { subnet: Some(subnet.id), address: Some(address) }]));
        }
    }
    Err(Error::no_address(network.id))
}

/// Lets a floating IP lead to a port, or nowhere.
pub(crate) async fn point(
    change: &mut Change<'_>,
    row: &mut floatingip::Model,
    lead: Option<Lead>,
) -> Result<(), Error> {
    if let Some(router) = row.router_id {
        change.touch(Kind::Router, router);
    }
    if let Some(port) = port::led_to(&**change, row).await? {
        change.tell(&port.device_owner, &port.device_id);
    }
    (row.port_id, row.fixed_ip_address, row.router_id) = (None, None, None);
    row.status = "DOWN".to_owned();
    if let Some(lead) = lead {
        let inside = inside(&**change, &lead).await?;
        free(change, row, &lead.port, &inside.address).await?;
        let router = router_between(&**change, &inside, row)
            .await?
            .ok_or_else(|| Error::unreachable(row.network_id, inside.subnet_id, lead.port.id))?;
        row.port_id = Some(lead.port.id);
        row.fixed_ip_address = Some(inside.address);
        row.router_id = Some(router);
        row.status = "ACTIVE".to_owned();
        change.touch(Kind::Router, router);
        change.tell(&lead.port.device_owner, &lead.port.device_id);
    }
    Ok(())
}

/// The address of the port that a floating IP is to lead to.
async fn inside(db: &impl ConnectionTrait, lead: &Lead) -> Result<fixed_ip::Model, Error> {
    let id = lead.port.id;
    let refuse = |message: String| Error::bad_resource("floatingip", message);
    let all = fixed_ip::of(db, &lead.port).await?;
    let mut four = all.into_iter().filter(|row| !row.address.contains(':'));
    match lead.fixed {
        Some(IpAddr::V6(_)) => Err(refuse(format!(
            "Cannot process floating IP association with {}, since that is not an IPv4 address",
            lead.fixed.map(|address| address.to_string()).unwrap_or_default()
        ))),
        Some(address) => four
            .find(|row| row.address == address.to_string())
            .ok_or_else(|| refuse(format!("Port {id} does not have fixed ip {address}"))),
        None => match (four.next(), four.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => {
                Err(refuse(format!("Cannot add floating IP to port {id} that has no fixed IPv4 addresses")))
            }
            _ => Err(refuse(format!(
                "Port {id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP"
            ))),
        },
    }
}

/// No other floating IP of the same network leads there.
async fn free(
    change: &Change<'_>,
    row: &floatingip::Model,
    port: &port::Model,
    fixed: &str,
) -> Result<(), Error> {
    if floatingip::another_leads_to(&**change, row, port, fixed).await? {
        return Err(Error::port_has_floating(&row.address, row.id, port.id, fixed, row.network_id));
    }
    Ok(())
}

/// The router that joins the subnet of an address to the network of a floating IP: one whose leg is the subnet's gateway
/// first.
async fn router_between(
    db: &impl ConnectionTrait,
    inside: &fixed_ip::Model,
    outside: &floatingip::Model,
) -> Result<Option<Uuid>, Error> {
    let Some(subnet) = subnet::of_addresses(db, [inside]).await?.pop() else { return Ok(None) };
    let legs = port::legs_on(db, &subnet).await?;
    Ok(router::first_towards(db, &legs, outside).await?)
}

/// Floating IPs that lead to this port (to these of its addresses) lead nowhere from now on.
pub(crate) async fn detach(
    change: &mut Change<'_>,
    port: &port::Model,
    addresses: Option<&[String]>,
) -> Result<(), Error> {
    let rows = floatingip::detach(change, port, addresses).await?;
    for router in rows.iter().filter_map(|row| row.router_id) {
        change.touch(Kind::Router, router);
    }
    Ok(())
}

/// Removes a floating IP and the port that kept its address.
pub(crate) async fn remove(change: &mut Change<'_>, mut row: floatingip::Model) -> Result<(), Error> {
    point(change, &mut row, None).await?;
    tag::clear(change, &row).await?;
    change.delete(&row).await?;
    if let Some(keeper) = port::keeper_of(&**change, &row).await? {
        ports::remove(change, &keeper).await?;
    }
    Ok(())
}

/// Whether a floating IP of these subnets leads through the router.
pub(crate) async fn needs(
    db: &impl ConnectionTrait,
    router: &router::Model,
    subnet: &subnet::Model,
) -> Result<bool, Error> {
    let Ok(cidr) = subnet.cidr.parse::<IpNet>() else { return Ok(false) };
    let rows = floatingip::through(db, router).await?;
    let inside = |row: &floatingip::Model| {
        row.fixed_ip_address
            .as_deref()
            .and_then(|text| text.parse::<IpAddr>().ok())
            .is_some_and(|address| cidr.contains(&address))
    };
    Ok(rows.iter().any(inside))
}
