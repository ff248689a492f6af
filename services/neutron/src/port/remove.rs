//! Removing a port.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::announce;
use crate::{
    change::Change,
    error::Error,
    floating,
    model::{self, fixed_ip, port, port_group},
};

/// Removes a port with all that belongs to it. Floating IPs that led to it lead nowhere.
pub(crate) async fn remove(change: &mut Change<'_>, port: &port::Model) -> Result<(), Error> {
    floating::detach(change, port.id, None).await?;
    fixed_ip::Entity::delete_many().filter(fixed_ip::Column::PortId.eq(port.id)).exec(&**change).await?;
    port_group::Entity::delete_many().filter(port_group::Column::PortId.eq(port.id)).exec(&**change).await?;
    model::untag(&**change, port.id).await?;
    port::Entity::delete_by_id(port.id).exec(&**change).await?;
    announce(change, port);
    Ok(())
}
