//! Networks: what tells tunnels apart, and how networks go.

use sea_orm::ConnectionTrait;

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{floatingip, network, port, rbac, subnet, tag},
    port::{FLOATING, METADATA},
};

/// A number for a tunnelled network that no other has.
pub(crate) async fn free_tunnel(db: &impl ConnectionTrait) -> Result<i64, Error> {
    for _ in 0..10 {
        let numbers: Vec<i64> = (0..8).map(|_| rand::random_range(1..(1 << 24))).collect();
        let taken = network::taken_tunnels(db, &numbers).await?;
        if let Some(number) = numbers.into_iter().find(|number| !taken.contains(&Some(*number))) {
            return Ok(number);
        }
    }
    Err(Error::no_tunnel())
}

/// Deletes a network with what nobody uses on it: subnets, the metadata port, floating IPs that lead nowhere.
pub(crate) async fn delete(change: &mut Change<'_>, network: &network::Model) -> Result<(), Error> {
    let floating = floatingip::on(&**change, network).await?;
    let ports = port::on(&**change, network).await?;
    let goes = |owner: &str| matches!(owner, METADATA | FLOATING);
    if floating.iter().any(|row| row.port_id.is_some()) || ports.iter().any(|port| !goes(&port.device_owner))
    {
        return Err(Error::network_in_use(network.id));
    }
    for row in &floating {
        tag::clear(change, row).await?;
    }
    floatingip::delete_on(change, network).await?;
    port::delete_on(change, network).await?;
    for port in ports {
        change.touch(Kind::Port, port.id);
    }
    for subnet in subnet::of(&**change, network).await? {
        tag::clear(change, &subnet).await?;
    }
    subnet::delete_of(change, network).await?;
    rbac::delete_of(change, network).await?;
    tag::clear(change, network).await?;
    change.delete(network).await?;
    change.touch(Kind::Network, network.id);
    Ok(())
}
