//! What nobody asks for: that which must be there is there again after a restart, and leftovers go.

use std::{collections::BTreeSet, time::Duration};

use contracts::hosts::HostError;
use tokio_util::sync::CancellationToken;

use super::{ENGINE, Machines};
use crate::fault::{of_driver, within};

const EVERY: Duration = Duration::from_secs(60);

impl Machines {
    /// Looks after the host until cancelled.
    pub(crate) async fn keep_up(&self, cancel: CancellationToken) {
        let round = async {
            loop {
                if let Err(error) = self.look_after().await {
                    tracing::warn!(%error, "the host could not be looked after; it will be tried again");
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        cancel.run_until_cancelled(round).await;
    }

    async fn look_after(&self) -> Result<(), HostError> {
        for port in self.journal.metadata_ports() {
            if let Err(error) = self.proxies.ensure(&port).await {
                tracing::warn!(network = %port.network_id, %error, "the metadata proxy could not be opened");
            }
            // Its last machine may have left meanwhile.
            self.release_later_on_failure(port.network_id).await;
        }
        for network in self.wiring.metadata_networks().await.map_err(of_driver)? {
            self.release_later_on_failure(network).await;
        }
        self.unplug_leftovers().await
    }

    /// Taps that no machine has. If the hypervisor has a machine of which there is no record, a tap may be that one's.
    async fn unplug_leftovers(&self) -> Result<(), HostError> {
        // In this order: what is plugged now was recorded before.
        let plugged = self.wiring.plugged().await.map_err(of_driver)?;
        let machines = within(ENGINE, "listing machines", self.hypervisor.machines()).await?;
        if machines.iter().any(|machine| self.journal.spec(machine.id).is_none()) {
            return Ok(());
        }
        let wanted: BTreeSet<_> = self.journal.ports();
        for port in plugged.into_iter().filter(|port| !wanted.contains(port)) {
            // It may be another machine's since: whoever plugs it recorded it before.
            if !self.journal.ports().contains(&port) {
                tracing::info!(%port, "a tap that no machine has is removed");
                self.wiring.unplug(port).await.map_err(of_driver)?;
            }
        }
        Ok(())
    }
}
