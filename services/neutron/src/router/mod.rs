//! Routers: their legs inside and outside, and their routes.

mod gateway;
mod interface;
mod routes;

use chrono::Utc;
pub(crate) use gateway::{GatewayInfo, set_gateway};
pub(crate) use interface::{add_port, add_subnet, remove_interface};
pub(crate) use routes::check as check_routes;

use crate::{
    change::{Change, Kind},
    error::Error,
    model::{floatingip, port, router, tag},
};

/// Writes the router's own row.
pub(crate) async fn save(change: &mut Change<'_>, router: &mut router::Model) -> Result<(), Error> {
    router.updated_at = Utc::now();
    router.revision += 1;
    change.save(router).await?;
    change.touch(Kind::Router, router.id);
    Ok(())
}

/// Removes a router that has no legs inside.
pub(crate) async fn remove(change: &mut Change<'_>, mut router: router::Model) -> Result<(), Error> {
    let floating = floatingip::through(&**change, &router).await?;
    if !floating.is_empty() || !port::legs_of(&**change, &router).await?.is_empty() {
        return Err(Error::router_in_use(router.id));
    }
    set_gateway(change, &mut router, None).await?;
    tag::clear(change, &router).await?;
    change.delete(&router).await?;
    change.touch(Kind::Router, router.id);
    Ok(())
}
