//! Which addresses a port gets.

use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{GATEWAY, INTERFACE};
use crate::{
    address::{self, Choice},
    error::Error,
    model::{fixed_ip, network, subnet},
};

/// An address as asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) subnet: Option<Uuid>,
    pub(crate) address: Option<IpAddr>,
}

/// The addresses that are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Addresses {
    /// One of each family where the network has it.
    Automatic,
    /// These.
    These(Vec<Wanted>),
}

/// What is known of the port that gets addresses.
pub(crate) struct For<'a> {
    pub(crate) network: &'a network::Model,
    pub(crate) subnets: &'a [subnet::Model],
    pub(crate) mac: &'a str,
    pub(crate) device_owner: &'a str,
    pub(crate) choice: Choice,
    /// The port's own addresses, which it may keep.
    pub(crate) own: &'a [fixed_ip::Model],
}

/// An address on its subnet.
pub(crate) type Chosen = (Uuid, IpAddr);

/// The number of addresses that a port may have.
const MOST: usize = 10;

/// Whether addresses on the subnet follow from MAC addresses.
pub(crate) fn automatic(subnet: &subnet::Model) -> bool {
    [&subnet.ipv6_address_mode, &subnet.ipv6_ra_mode]
        .iter()
        .any(|mode| matches!(mode.as_deref(), Some("slaac" | "dhcpv6-stateless")))
}

/// Chooses addresses, free in this transaction.
pub(crate) async fn choose(
    db: &impl ConnectionTrait,
    about: &For<'_>,
    asked: &Addresses,
) -> Result<Vec<Chosen>, Error> {
    match asked {
        Addresses::Automatic => by_itself(db, about).await,
        Addresses::These(wanted) => {
            if wanted.len() > MOST {
                return Err(Error::invalid("Exceeded maximum amount of fixed ips per port"));
            }
            let mut chosen = Vec::new();
            // Those that name an address go first, so that none of them is chosen for another.
            for one in wanted.iter().filter(|one| one.address.is_some()) {
                let next = this(about, one, &chosen)?;
                chosen.push(next);
            }
            taken(db, about, &chosen).await?;
            for one in wanted.iter().filter(|one| one.address.is_none()) {
                let next = on_subnet(db, about, one, &chosen).await?;
                chosen.push(next);
            }
            Ok(chosen)
        }
    }
}

fn is_router(about: &For<'_>) -> bool {
    [INTERFACE, GATEWAY].contains(&about.device_owner)
}

/// One address of each family, and those that follow from the MAC address.
async fn by_itself(db: &impl ConnectionTrait, about: &For<'_>) -> Result<Vec<Chosen>, Error> {
    let serves = |subnet: &&subnet::Model| {
        let types = &subnet.service_types.0;
        types.is_empty() || types.iter().any(|kind| about.device_owner.starts_with(kind.as_str()))
    };
    let candidates: Vec<&subnet::Model> = about.subnets.iter().filter(serves).collect();
    if candidates.is_empty() && !about.subnets.is_empty() {
        return Err(Error::no_address(about.network.id));
    }
    let mut chosen = Vec::new();
    for version in [4, 6] {
        let of_version: Vec<&&subnet::Model> =
            candidates.iter().filter(|subnet| subnet.ip_version == version && !automatic(subnet)).collect();
        let mut found = None;
        for subnet in &of_version {
            found = address::pick(db, subnet, about.choice, &[]).await?.map(|address| (subnet.id, address));
            if found.is_some() {
                break;
            }
        }
        if found.is_none() && !of_version.is_empty() {
            return Err(if about.network.external && is_router(about) {
                Error::no_external_address(about.network.id)
            } else {
                Error::no_address(about.network.id)
            });
        }
        chosen.extend(found);
    }
    if !is_router(about) {
        let auto = candidates.iter().filter(|subnet| automatic(subnet));
        let made: Vec<Chosen> =
            auto.filter_map(|subnet| Some((subnet.id, from_mac(subnet, about.mac)?))).collect();
        taken(db, about, &made).await?;
        chosen.extend(made);
    }
    Ok(chosen)
}

fn from_mac(subnet: &subnet::Model, mac: &str) -> Option<IpAddr> {
    match subnet.cidr.parse().ok()? {
        IpNet::V6(net) => address::eui64(&net, mac).map(IpAddr::V6),
        IpNet::V4(_) => None,
    }
}

fn known<'a>(about: &For<'a>, id: Uuid) -> Result<&'a subnet::Model, Error> {
    about.subnets.iter().find(|subnet| subnet.id == id).ok_or_else(|| {
        Error::invalid(format!(
            "Failed to create port on network {}, because fixed_ips included invalid subnet {id}",
            about.network.id
        ))
    })
}

/// The address that is named, if it can be one of this network's.
fn this(about: &For<'_>, wanted: &Wanted, chosen: &[Chosen]) -> Result<Chosen, Error> {
    let Some(asked) = wanted.address else { return Err(no_clue()) };
    let fits =
        |subnet: &subnet::Model| subnet.cidr.parse::<IpNet>().is_ok_and(|cidr| address::usable(&cidr, asked));
    let subnet = match wanted.subnet {
        Some(id) => {
            let subnet = known(about, id)?;
            if !fits(subnet) {
                return Err(Error::address_off_subnet(asked));
            }
            subnet
        }
        None => {
            about.subnets.iter().find(|subnet| fits(subnet)).ok_or_else(|| Error::address_elsewhere(asked))?
        }
    };
    if automatic(subnet) && !is_router(about) && from_mac(subnet, about.mac) != Some(asked) {
        return Err(Error::address_automatic(asked, subnet.id));
    }
    if chosen.iter().any(|(_, address)| *address == asked) {
        return Err(Error::invalid(format!("Duplicate IP address '{asked}'")));
    }
    Ok((subnet.id, asked))
}

/// Any address of the subnet that is named.
async fn on_subnet(
    db: &impl ConnectionTrait,
    about: &For<'_>,
    wanted: &Wanted,
    chosen: &[Chosen],
) -> Result<Chosen, Error> {
    let subnet = known(about, wanted.subnet.ok_or_else(no_clue)?)?;
    if automatic(subnet)
        && !is_router(about)
        && let Some(made) = from_mac(subnet, about.mac)
    {
        taken(db, about, &[(subnet.id, made)]).await?;
        return Ok((subnet.id, made));
    }
    // An address that the port has there already is kept.
    let besides: Vec<IpAddr> = chosen.iter().map(|(_, address)| *address).collect();
    let kept = about
        .own
        .iter()
        .filter(|own| own.subnet_id == subnet.id)
        .filter_map(|own| own.address.parse().ok())
        .find(|address| !besides.contains(address));
    if let Some(kept) = kept {
        return Ok((subnet.id, kept));
    }
    match address::pick(db, subnet, about.choice, &besides).await? {
        Some(address) => Ok((subnet.id, address)),
        None => Err(Error::no_address(about.network.id)),
    }
}

fn no_clue() -> Error {
    Error::invalid("IP allocation requires subnet_id or ip_address")
}

/// Nobody else has any of these addresses. Else 409.
async fn taken(db: &impl ConnectionTrait, about: &For<'_>, chosen: &[Chosen]) -> Result<(), Error> {
    let own = |address: &str| about.own.iter().any(|own| own.address == address);
    let texts: Vec<String> =
        chosen.iter().map(|(_, address)| address.to_string()).filter(|text| !own(text)).collect();
    if texts.is_empty() {
        return Ok(());
    }
    match fixed_ip::taken(db, about.network, texts).await? {
        Some(other) => Err(Error::address_in_use(about.network.id, other)),
        None => Ok(()),
    }
}
