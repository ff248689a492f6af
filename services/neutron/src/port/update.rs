//! Changing a port.

use chrono::Utc;
use uuid::Uuid;

use super::{
    Addresses, Full,
    addresses::{self, For},
    announce, create,
};
use crate::{
    address::Choice,
    change::Change,
    error::Error,
    floating,
    model::{fixed_ip, network, port, port_group, subnet},
};

/// Writes the port's own row and tells whom it concerns.
pub(crate) async fn save(
    change: &mut Change<'_>,
    before: &port::Model,
    port: &mut port::Model,
) -> Result<(), Error> {
    if before.mac != port.mac {
        if !before.host.is_empty() && before.status == "ACTIVE" {
            return Err(Error::port_bound(port.id, &before.mac, &port.mac));
        }
        if port::has_mac(&**change, port, &port.mac).await? {
            return Err(Error::mac_in_use(port.network_id, &port.mac));
        }
    }
    port.updated_at = Utc::now();
    port.revision += 1;
    change.save(port).await?;
    announce(change, before);
    announce(change, port);
    Ok(())
}

/// Gives a port other addresses. Floating IPs that led to one that it loses lead nowhere.
pub(crate) async fn set_addresses(
    change: &mut Change<'_>,
    full: &mut Full,
    network: &network::Model,
    subnets: &[subnet::Model],
    asked: &Addresses,
) -> Result<(), Error> {
    let about = For {
        network,
        subnets,
        mac: &full.port.mac,
        device_owner: &full.port.device_owner,
        choice: Choice::Any,
        own: &full.addresses,
    };
    let chosen = addresses::choose(&**change, &about, asked).await?;
    let rows = create::rows(&full.port, &chosen);
    let lost: Vec<String> = full
        .addresses
        .iter()
        .map(|row| row.address.clone())
        .filter(|address| !rows.iter().any(|row| row.address == *address))
        .collect();
    if !lost.is_empty() {
        floating::detach(change, &full.port, Some(&lost)).await?;
    }
    fixed_ip::take_from(change, &full.port, None).await?;
    change.insert_all(&rows).await?;
    full.addresses = rows;
    Ok(())
}

/// Puts a port into other security groups.
pub(crate) async fn set_groups(change: &Change<'_>, full: &mut Full, groups: Vec<Uuid>) -> Result<(), Error> {
    port_group::replace(change, &full.port, &groups).await?;
    full.groups = groups;
    Ok(())
}
