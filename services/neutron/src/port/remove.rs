//! Removing a port.

use super::announce;
use crate::{
    change::Change,
    error::Error,
    floating,
    model::{fixed_ip, port, port_group, tag},
};

/// Removes a port with all that belongs to it. Floating IPs that led to it lead nowhere.
pub(crate) async fn remove(change: &mut Change<'_>, port: &port::Model) -> Result<(), Error> {
    floating::detach(change, port, None).await?;
    fixed_ip::take_from(change, port, None).await?;
    port_group::delete_of(change, port).await?;
    tag::clear(change, port).await?;
    change.delete(port).await?;
    announce(change, port);
    Ok(())
}
