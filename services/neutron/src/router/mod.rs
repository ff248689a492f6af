//! Routers: their legs inside and outside, and their routes.

mod gateway;
mod interface;
mod routes;

use chrono::Utc;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    RelationDef, RelationTrait,
};
use uuid::Uuid;

pub(crate) use gateway::{GatewayInfo, set_gateway};
pub(crate) use interface::{add_port, add_subnet, remove_interface};
pub(crate) use routes::check as check_routes;

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{self, fixed_ip, floatingip, port, router},
    port::{self as ports, Full, INTERFACE},
};

/// From an address to its port.
pub(crate) fn leg_of_address() -> RelationDef {
    fixed_ip::Relation::Port.def()
}

/// The router's legs inside, with their addresses.
pub(crate) async fn legs(db: &impl ConnectionTrait, id: Uuid) -> Result<Vec<Full>, Error> {
    let rows = port::Entity::find()
        .filter(port::Column::DeviceId.eq(id.to_string()))
        .filter(port::Column::DeviceOwner.eq(INTERFACE))
        .order_by_asc(port::Column::CreatedAt)
        .all(db)
        .await?;
    ports::load(db, rows).await
}

/// Writes the router's own row.
pub(crate) async fn save(change: &mut Change<'_>, router: &mut router::Model) -> Result<(), Error> {
    router.updated_at = Utc::now();
    router.revision += 1;
    router::Entity::update(router.clone().into_active_model().reset_all()).exec(&**change).await?;
    change.touch(Kind::Router, router.id);
    Ok(())
}

/// Removes a router that has no legs inside.
pub(crate) async fn remove(change: &mut Change<'_>, mut router: router::Model) -> Result<(), Error> {
    let floating =
        floatingip::Entity::find().filter(floatingip::Column::RouterId.eq(router.id)).one(&**change).await?;
    if floating.is_some() || !legs(&**change, router.id).await?.is_empty() {
        return Err(Error::router_in_use(router.id));
    }
    set_gateway(change, &mut router, None).await?;
    model::untag(&**change, router.id).await?;
    router::Entity::delete_by_id(router.id).exec(&**change).await?;
    change.touch(Kind::Router, router.id);
    Ok(())
}
