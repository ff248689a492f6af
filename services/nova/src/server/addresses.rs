//! What Neutron says of a server's ports, remembered in its row: lists of servers ask nobody.

use std::sync::Arc;

use async_trait::async_trait;
use platform::reconcile::{Next, Reconciler, StepError};
use uuid::Uuid;

use super::{RECONCILER, build::remembered};
use crate::{
    Nova,
    model::{interface, server},
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
        Ok(server::placed(self.0.db.read(), &RECONCILER).await?.into_iter().collect())
    }

    async fn step(&self, id: Uuid, _attempt: u32) -> Result<Next, StepError> {
        refresh(&self.0, id).await?;
        Ok(Next::Done)
    }
}

/// Asks Neutron for a server's ports and records what is new.
pub async fn refresh(nova: &Nova, id: Uuid) -> Result<(), StepError> {
    let db = nova.db.read();
    let Ok(server) = server::find(db, id).await?.inside(&RECONCILER) else { return Ok(()) };
    let cards = interface::of(db, &server).await?;
    let ports = nova.networks.ports_of(&[id]).await?;
    let (addresses, groups) = remembered(&cards, &ports);
    if addresses == server.addresses && (groups == server.security_groups || ports.is_empty()) {
        return Ok(());
    }
    let tx = nova.db.write().await?;
    server::remember_ports(&tx, &server, &addresses, Some(&groups).filter(|_| !ports.is_empty())).await?;
    Ok(tx.commit().await?)
}
