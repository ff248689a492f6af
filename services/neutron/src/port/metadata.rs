//! The port of a network's metadata proxy: there as long as the network has had a subnet with DHCP.

use uuid::Uuid;

use super::{Addresses, METADATA, NewPort, Wanted, addresses, announce, create, insert};
use crate::{
    address::Choice,
    change::Change,
    error::Error,
    model::{fixed_ip, network, port, subnet},
};

/// Makes the port where it is needed, with one address on each IPv4 subnet that has DHCP.
pub(crate) async fn ensure_metadata(
    change: &mut Change<'_>,
    network: &network::Model,
    subnets: &[subnet::Model],
) -> Result<(), Error> {
    let served: Vec<Uuid> = subnets
        .iter()
        .filter(|subnet| subnet.enable_dhcp && subnet.ip_version == 4)
        .map(|subnet| subnet.id)
        .collect();
    let found = port::metadata_of(&**change, [network]).await?.pop();
    if found.is_none() && served.is_empty() {
        return Ok(());
    }
    let full = match found {
        Some(found) => found,
        None => {
            let new = NewPort {
                addresses: Addresses::These(Vec::new()),
                choice: Choice::Lowest,
                ..NewPort::on(network, subnets, "").of_device(METADATA, &format!("ovnmeta-{}", network.id))
            };
            insert(change, new).await?
        }
    };
    let gone: Vec<String> = full
        .addresses
        .iter()
        .filter(|row| !served.contains(&row.subnet_id))
        .map(|row| row.address.clone())
        .collect();
    if !gone.is_empty() {
        fixed_ip::take_from(change, &full.port, Some(gone)).await?;
    }
    for (place, id) in (1..).zip(&served) {
        if full.addresses.iter().any(|row| row.subnet_id == *id) {
            continue;
        }
        let about = addresses::For {
            network,
            subnets,
            mac: &full.port.mac,
            device_owner: METADATA,
            choice: Choice::Lowest,
            own: &[],
        };
        let wanted = Addresses::These(vec![Wanted { subnet: Some(*id), address: None }]);
        // A subnet without a free address has no metadata; that is no reason to refuse the subnet.
        if let Ok(chosen) = addresses::choose(&**change, &about, &wanted).await {
            let mut rows = create::rows(&full.port, &chosen);
            rows.iter_mut().for_each(|row| row.place = place + full.addresses.len() as i32);
            change.insert_all(&rows).await?;
        }
    }
    announce(change, &full.port);
    Ok(())
}
