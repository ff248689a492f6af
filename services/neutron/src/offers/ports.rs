//! Ports of servers: made, claimed, bound and let go, each idempotent.

use std::net::IpAddr;

use contracts::network::{NewPort, Port};
use platform::db::owned::Scope;
use uuid::Uuid;

use super::{NOVA, view};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    group,
    model::{
        fixed_ip, group as groups, network,
        port::{self, Full},
        subnet,
    },
    port::{self as ports, Addresses, Wanted},
    quota::{Counted, admit},
};

const TRIES: u32 = 20;

/// Makes a port for a server of that project; the one that is there when it was made already.
pub(super) async fn create(neutron: &Neutron, project: &str, new: &NewPort) -> Result<Port, Error> {
    let mut attempt = 1;
    let made = loop {
        let (project, new) = (project.to_owned(), new.clone());
        let made = neutron
            .together(move |change| Box::pin(async move { create_once(change, &project, &new).await }));
        match made.await {
            Err(error) if error.is_duplicate() && attempt < TRIES => attempt += 1,
            outcome => break outcome?,
        }
    };
    view::one(neutron, made).await
}

async fn create_once(change: &mut Change<'_>, project: &str, new: &NewPort) -> Result<port::Model, Error> {
    if let Some(found) = port::row_of(&**change, &NOVA, new.id).await? {
        if found.device_id != new.device_id.to_string() {
            return Err(Error::port_in_use(found.id, found.network_id, &found.device_id));
        }
        return Ok(found);
    }
    let network = network::find_for(&**change, project, new.network_id).await?.inside(&NOVA)?.network;
    let subnets = subnet::of(&**change, &network).await?;
    let groups = match new.security_groups.as_slice() {
        [] => None,
        names if network.port_security_enabled => Some(groups_named(change, project, names).await?),
        _ => Some(Vec::new()),
    };
    admit(change, project, Counted::Port, 1).await?;
    let row = ports::NewPort {
        id: new.id,
        addresses: match new.fixed_ip {
            Some(address) => Addresses::These(vec![Wanted { subnet: None, address: Some(address) }]),
            None => Addresses::Automatic,
        },
        device_id: new.device_id.to_string(),
        device_owner: new.device_owner.clone(),
        groups,
        dns_name: dns_name(&new.dns_name),
        ..ports::NewPort::on(&network, &subnets, project)
    };
    let full = ports::insert(change, row).await?;
    Ok(full.port)
}

/// A server's hostname where it can be a name in DNS, else none.
fn dns_name(hostname: &str) -> String {
    let name = hostname.to_ascii_lowercase();
    if crate::api::is_hostname(&name) { name } else { String::new() }
}

/// Ids of the project's groups of these names or ids.
async fn groups_named(change: &mut Change<'_>, project: &str, names: &[String]) -> Result<Vec<Uuid>, Error> {
    if names.iter().any(|name| name == group::DEFAULT) {
        group::ensure_default(change, project).await?;
    }
    let own = Scope::inside(&NOVA).narrowed(project);
    let found = groups::named(&**change, &own, names).await?;
    let mut chosen = Vec::new();
    for name in names {
        let id = found.iter().find(|group| group.id.to_string() == *name);
        let mut named = found.iter().filter(|group| group.name == *name);
        let group = match (id, named.next(), named.next()) {
            (Some(group), _, _) | (None, Some(group), None) => group,
            (None, Some(_), Some(_)) => {
                return Err(Error::group_ambiguous(name));
            }
            (None, None, _) => return Err(Error::group_missing(name)),
        };
        if !chosen.contains(&group.id) {
            chosen.push(group.id);
        }
    }
    Ok(chosen)
}

/// Gives a port to a server.
pub(super) async fn claim(
    neutron: &Neutron,
    id: Uuid,
    device: Uuid,
    owner: &str,
    name: &str,
) -> Result<Port, Error> {
    let (device, owner, name) = (device.to_string(), owner.to_owned(), dns_name(name));
    let claimed = edit(neutron, id, move |port| {
        if !port.device_id.is_empty() && port.device_id != device {
            return Err(Error::port_in_use(port.id, port.network_id, &port.device_id));
        }
        port.device_id = device;
        port.device_owner = owner;
        if port.dns_name.is_empty() {
            port.dns_name = name;
        }
        Ok(())
    });
    match claimed.await? {
        Some(port) => view::one(neutron, port).await,
        None => Err(Error::port_missing(id)),
    }
}

/// Takes a port from a server, and leaves it to its owner.
pub(super) async fn release(neutron: &Neutron, id: Uuid, device: Uuid) -> Result<(), Error> {
    let device = device.to_string();
    let released = edit(neutron, id, move |port| {
        if port.device_id == device {
            for text in [&mut port.device_id, &mut port.device_owner, &mut port.host, &mut port.dns_name] {
                text.clear();
            }
            port.status = "DOWN".to_owned();
        }
        Ok(())
    });
    released.await.map(|_| ())
}

/// Binds a port to a host.
pub(super) async fn bind(neutron: &Neutron, id: Uuid, host: &str) -> Result<Port, Error> {
    let host = host.to_owned();
    let bound = edit(neutron, id, move |port| {
        if port.host != host {
            port.host = host;
            port.status = "DOWN".to_owned();
        }
        Ok(())
    });
    match bound.await? {
        Some(port) => view::one(neutron, port).await,
        None => Err(Error::port_missing(id)),
    }
}

/// Removes a port that Nova made.
pub(super) async fn delete(neutron: &Neutron, id: Uuid) -> Result<(), Error> {
    let gone = neutron.together(move |change| {
        Box::pin(async move {
            match port::row_of(&**change, &NOVA, id).await? {
                Some(found) => ports::remove(change, &found).await,
                None => Ok(()),
            }
        })
    });
    gone.await
}

/// Changes a port's own row, if that makes a difference. `None` when the port is gone.
async fn edit(
    neutron: &Neutron,
    id: Uuid,
    edit: impl FnOnce(&mut port::Model) -> Result<(), Error> + Send + 'static,
) -> Result<Option<port::Model>, Error> {
    let edited = neutron.together(move |change| {
        Box::pin(async move {
            let Some(before) = port::row_of(&**change, &NOVA, id).await? else { return Ok(None) };
            let mut port = before.clone();
            edit(&mut port)?;
            if port != before {
                ports::save(change, &before, &mut port).await?;
            }
            Ok(Some(port))
        })
    });
    edited.await
}

/// A port of that device on that network, in the order in which they were made.
async fn port_on(change: &Change<'_>, device: Uuid, network: Uuid) -> Result<Option<Full>, Error> {
    let mut of_device = port::of_devices(&**change, &NOVA, &[device]).await?.into_iter();
    let found = of_device.find(|port| port.network_id == network);
    Ok(port::load(&**change, found.into_iter().collect()).await?.pop())
}

/// The addresses of a port as they are asked for to be kept.
fn kept(full: &Full) -> Vec<Wanted> {
    let keep =
        |row: &fixed_ip::Model| Wanted { subnet: Some(row.subnet_id), address: row.address.parse().ok() };
    full.addresses.iter().map(keep).collect()
}

async fn network_of(change: &Change<'_>, full: &Full) -> Result<network::Model, Error> {
    let network = network::of(&**change, full).await?;
    network.ok_or_else(|| Error::network_missing(full.port.network_id))
}

async fn readdress(change: &mut Change<'_>, full: &mut Full, wanted: Vec<Wanted>) -> Result<(), Error> {
    let network = network_of(change, full).await?;
    let subnets = subnet::of(&**change, &network).await?;
    ports::set_addresses(change, full, &network, &subnets, &Addresses::These(wanted)).await?;
    change.touch(crate::change::Kind::Network, network.id);
    let before = full.port.clone();
    ports::save(change, &before, &mut full.port).await
}

/// Gives a device's port on a network an address more, of its first subnet.
pub(super) async fn add_address(neutron: &Neutron, device: Uuid, network: Uuid) -> Result<(), Error> {
    let mut change = neutron.change().await?;
    let missing = || Error::network_missing(network);
    let mut full = port_on(&change, device, network).await?.ok_or_else(missing)?;
    let subnets = subnet::of(&*change, &network_of(&change, &full).await?).await?;
    let subnet =
        subnets.iter().find(|subnet| subnet.ip_version == 4).or(subnets.first()).ok_or_else(missing)?;
    let mut wanted = kept(&full);
    wanted.push(Wanted { subnet: Some(subnet.id), address: None });
    readdress(&mut change, &mut full, wanted).await?;
    change.commit().await
}

/// Takes an address from a device's port.
pub(super) async fn remove_address(neutron: &Neutron, device: Uuid, address: IpAddr) -> Result<(), Error> {
    let mut change = neutron.change().await?;
    let of_device = port::of_devices(&*change, &NOVA, &[device]).await?;
    let text = address.to_string();
    let mut fulls = port::load(&*change, of_device).await?.into_iter();
    let has = |full: &Full| full.addresses.iter().any(|row| row.address == text);
    let mut full = fulls.find(has).ok_or_else(|| Error::address_off_device(&text))?;
    let mut wanted = kept(&full);
    wanted.retain(|kept| kept.address != Some(address));
    readdress(&mut change, &mut full, wanted).await?;
    change.commit().await
}
