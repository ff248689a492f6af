//! Disks and cards that come and go while a machine lives.

use contracts::{
    hosts::{HostError, HostReply},
    machine::{DiskSource, DiskSpec, NicSpec},
};
use uuid::Uuid;

use super::{ENGINE, Machines};
use crate::{
    fault::{gone_is_done, of_driver, within},
    journal::{put_disk, put_nic},
    layout::Device,
};

impl Machines {
    pub(crate) async fn attach_disk(&self, id: Uuid, disk: DiskSpec) -> Result<HostReply, HostError> {
        let _turn = self.turns.take(id).await;
        self.must_have(id)?;
        let planned = self.disks.plan(id, &disk).await?;
        let ready = self.disks.ensure(planned).await?;
        self.journal.amend(id, |spec| put_disk(&mut spec.disks, disk)).await?;
        within(ENGINE, "attaching the disk", self.hypervisor.attach_disk(id, &ready)).await?;
        Ok(HostReply::Done)
    }

    pub(crate) async fn detach_disk(&self, id: Uuid, device: &str) -> Result<HostReply, HostError> {
        let _turn = self.turns.take(id).await;
        Device::new(device)?;
        self.must_have(id)?;
        within(ENGINE, "detaching the disk", self.hypervisor.detach_disk(id, device)).await?;
        let own =
            self.journal.spec(id).and_then(|spec| spec.disks.into_iter().find(|disk| disk.device == device));
        if own.is_some_and(|disk| !matches!(disk.source, DiskSource::File { .. })) {
            self.disks.discard(id, device).await?;
        }
        self.journal.amend(id, |spec| spec.disks.retain(|disk| disk.device != device)).await?;
        Ok(HostReply::Done)
    }

    pub(crate) async fn attach_nic(&self, id: Uuid, nic: NicSpec) -> Result<HostReply, HostError> {
        let _turn = self.turns.take(id).await;
        self.must_have(id)?;
        // Recorded first: a tap is never without someone who will remove it.
        self.journal.amend(id, |spec| put_nic(&mut spec.nics, nic.clone())).await?;
        let card = self.plug(&nic).await?;
        within(ENGINE, "attaching the card", self.hypervisor.attach_card(id, &card)).await?;
        Ok(HostReply::Done)
    }

    pub(crate) async fn detach_nic(&self, id: Uuid, port: Uuid) -> Result<HostReply, HostError> {
        let _turn = self.turns.take(id).await;
        self.must_have(id)?;
        within(ENGINE, "detaching the card", self.hypervisor.detach_card(id, port)).await?;
        gone_is_done(self.wiring.unplug(port).await.map_err(of_driver))?;
        let nic = self.journal.spec(id).and_then(|spec| spec.nics.into_iter().find(|nic| nic.port == port));
        self.journal.amend(id, |spec| spec.nics.retain(|nic| nic.port != port)).await?;
        if let Some(metadata) = nic.and_then(|nic| nic.metadata) {
            self.release_later_on_failure(metadata.network_id).await;
        }
        Ok(HostReply::Done)
    }

    /// Without a folder there is nowhere to put a disk, and nobody would remove a tap.
    pub(super) fn must_have(&self, id: Uuid) -> Result<(), HostError> {
        if self.journal.knows(id) {
            Ok(())
        } else {
            Err(HostError::NotFound { what: format!("machine {id}") })
        }
    }
}
