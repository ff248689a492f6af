//! Removing a machine with all that the host holds for it.

use contracts::hosts::{HostError, HostReply};
use uuid::Uuid;

use super::{ENGINE, Machines};
use crate::{
    fault::{gone_is_done, of_driver, within},
    file::{blocking, remove_file},
};

impl Machines {
    /// The record goes last, with the folder: until then, asked again, it completes the rest.
    pub(crate) async fn remove(&self, id: Uuid) -> Result<HostReply, HostError> {
        let _turn = self.turns.take_the_last(id).await;
        gone_is_done(within(ENGINE, "removing the machine", self.hypervisor.remove(id)).await)?;
        let nics = self.journal.spec(id).map(|spec| spec.nics).unwrap_or_default();
        for nic in &nics {
            gone_is_done(self.wiring.unplug(nic.port).await.map_err(of_driver))?;
        }
        if let Some(socket) = self.layout.outside(id) {
            blocking("removing the machine's socket", move || remove_file(&socket)).await?;
        }
        self.journal.erase(id).await?;
        for network in nics.iter().filter_map(|nic| Some(nic.metadata.as_ref()?.network_id)) {
            self.release_later_on_failure(network).await;
        }
        Ok(HostReply::Done)
    }
}
