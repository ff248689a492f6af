//! What Neutron says of a server's ports, remembered in its row: lists of servers ask nobody.

use std::sync::Arc;

use async_trait::async_trait;
use platform::reconcile::{Next, Reconciler, StepError};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::build::remembered;
use crate::{
    Nova,
    model::{
        interface, json,
        server::{self, Column},
    },
};

/// Remembers what Neutron says of ports. It is woken when Neutron says that something changed, and looks at all servers
/// when Nova starts.
pub struct AddressReconciler(pub(crate) Arc<Nova>);

#[async_trait]
impl Reconciler for AddressReconciler {
    fn name(&self) -> &'static str {
        "server addresses"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        let ids = server::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Deleted.eq(false))
            .filter(Column::Host.is_not_null())
            .into_tuple()
            .all(self.0.db.read())
            .await?;
        Ok(ids)
    }

    async fn step(&self, id: Uuid, _attempt: u32) -> Result<Next, StepError> {
        refresh(&self.0, id).await?;
        Ok(Next::Done)
    }
}

/// Asks Neutron for a server's ports and records what is new.
pub async fn refresh(nova: &Nova, id: Uuid) -> Result<(), StepError> {
    let Some(server) = server::living(nova.db.read(), id).await? else { return Ok(()) };
    let cards = interface::of_server(nova.db.read(), id).await?;
    let ports = nova.networks.ports_of(&[id]).await?;
    let (addresses, groups) = remembered(&cards, &ports);
    if addresses == server.addresses && (groups == server.security_groups || ports.is_empty()) {
        return Ok(());
    }
    let mut update = server::Entity::update_many()
        .filter(Column::Id.eq(id))
        .filter(Column::Deleted.eq(false))
        .col_expr(Column::Addresses, json(&addresses));
    if !ports.is_empty() {
        update = update.col_expr(Column::SecurityGroups, json(&groups));
    }
    let tx = nova.db.write().await?;
    update.exec(&*tx).await?;
    tx.commit().await?;
    Ok(())
}
