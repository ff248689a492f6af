//! Subnets: what makes sense, how they are made and how they go.

mod check;
mod create;
mod pool;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

pub(crate) use check::{check_details, check_pools};
pub(crate) use create::{Gateway, NewSubnet, check_gateway, create};
pub(crate) use pool::{Bounds, allocate as allocate_prefix, check_bounds};

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{self, fixed_ip, port, subnet},
    network::subnets_of,
    port::{self as ports, GATEWAY, INTERFACE, METADATA, announce},
};

/// Whether ports of that owner do not keep a subnet from going.
fn goes_with_the_subnet(port: &port::Model, subnet: &subnet::Model) -> bool {
    let leg = [INTERFACE, GATEWAY].contains(&port.device_owner.as_str());
    port.device_owner == METADATA || (!leg && ports::automatic(subnet))
}

/// Removes a subnet on which no port has an address that was given to it.
pub(crate) async fn remove(change: &mut Change<'_>, subnet: &subnet::Model) -> Result<(), Error> {
    let rows = fixed_ip::Entity::find()
        .filter(fixed_ip::Column::SubnetId.eq(subnet.id))
        .find_also_related_port()
        .all(&**change)
        .await?;
    let ports: Vec<&port::Model> = rows.iter().filter_map(|(_, port)| port.as_ref()).collect();
    if !ports.iter().all(|port| goes_with_the_subnet(port, subnet)) {
        return Err(Error::subnet_in_use(subnet.id));
    }
    fixed_ip::Entity::delete_many().filter(fixed_ip::Column::SubnetId.eq(subnet.id)).exec(&**change).await?;
    for port in ports {
        announce(change, port);
    }
    model::untag(&**change, subnet.id).await?;
    subnet::Entity::delete_by_id(subnet.id).exec(&**change).await?;
    changed(change, subnet.network_id).await
}

/// A network's subnets have changed: its metadata port follows, and routers that lead there look again.
pub(crate) async fn changed(change: &mut Change<'_>, network_id: Uuid) -> Result<(), Error> {
    change.touch(Kind::Network, network_id);
    let Some(network) = model::network::Entity::find_by_id(network_id).one(&**change).await? else {
        return Ok(());
    };
    let subnets = subnets_of(&**change, network_id).await?;
    ports::ensure_metadata(change, &network, &subnets).await?;
    let legs = port::Entity::find()
        .filter(port::Column::NetworkId.eq(network_id))
        .filter(port::Column::DeviceOwner.is_in([INTERFACE, GATEWAY]))
        .all(&**change)
        .await?;
    for router in legs.iter().filter_map(|leg| leg.device_id.parse().ok()) {
        change.touch(Kind::Router, router);
    }
    Ok(())
}

/// Addresses with their ports.
trait WithPorts {
    fn find_also_related_port(self) -> sea_orm::SelectTwo<fixed_ip::Entity, port::Entity>;
}

impl WithPorts for sea_orm::Select<fixed_ip::Entity> {
    fn find_also_related_port(self) -> sea_orm::SelectTwo<fixed_ip::Entity, port::Entity> {
        use sea_orm::{JoinType, QuerySelect};
        self.join(JoinType::LeftJoin, crate::router::leg_of_address()).select_also(port::Entity)
    }
}
