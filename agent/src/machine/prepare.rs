//! Putting everything in place that a machine needs before it can run.

use std::collections::BTreeSet;

use contracts::{
    driver::{Card, Disk, Machine},
    hosts::HostError,
    machine::{DiskBus, DiskSpec, MachineSpec, NicSpec},
};

use tokio::sync::SemaphorePermit;
use uuid::Uuid;

use super::Machines;
use crate::{
    config::Storage,
    config_drive,
    fault::{gone_is_done, of_driver, refused},
    file::{blocking, make_folder},
    layout::Device,
    turns::Turn,
};

impl Machines {
    /// Puts the machine's images, disks, config drive, taps and metadata proxies in place. Asked again after a crash
    /// anywhere in it, it completes what is missing; the taps of a machine whose host was started again are made again. Returns, beside the
    /// machine, one of the slots for starting machines.
    pub(super) async fn prepare(
        &self,
        turn: &Turn,
        spec: &MachineSpec,
    ) -> Result<(Machine, SemaphorePermit<'_>), HostError> {
        check(spec)?;
        let left = self.unplug_what_is_no_longer_wanted(spec).await?;
        // From here on the host knows that there may be something to remove.
        self.journal.record(spec).await?;
        for network in left {
            self.release_later_on_failure(network).await;
        }
        let mut planned = Vec::with_capacity(spec.disks.len());
        for disk in &spec.disks {
            planned.push(turn.unless_doomed(self.disks.plan(spec.id, disk)).await?);
        }
        let slot = self.starts.acquire().await.map_err(|_| refused("the agent is stopping"))?;
        let mut disks = Vec::with_capacity(planned.len() + 1);
        for disk in planned {
            disks.push(self.disks.ensure(disk).await?);
        }
        disks.extend(self.config_drive(spec).await?);
        let mut cards = Vec::with_capacity(spec.nics.len());
        for nic in &spec.nics {
            cards.push(self.plug(nic).await?);
        }
        if let Some(socket) = self.layout.outside(spec.id) {
            blocking("making the run folder", move || socket.parent().map_or(Ok(()), make_folder)).await?;
        }
        let machine = Machine {
            id: spec.id,
            name: spec.name.clone(),
            vcpus: spec.vcpus,
            memory_mib: spec.memory_mib,
            disks,
            cards,
            console_log: self.layout.console_log(spec.id),
            vnc_socket: self.layout.vnc_socket(spec.id),
            properties: spec.properties.clone(),
        };
        Ok((machine, slot))
    }

    /// Plugs a card in, with the metadata proxy of its network.
    pub(super) async fn plug(&self, nic: &NicSpec) -> Result<Card, HostError> {
        self.wiring.plug(nic).await.map_err(of_driver)?;
        if let Some(port) = &nic.metadata {
            self.proxies.ensure(port).await?;
        }
        Ok(Card { port: nic.port, tap: nic.tap(), mac: nic.mac.clone(), mtu: nic.mtu })
    }

    async fn config_drive(&self, spec: &MachineSpec) -> Result<Option<Disk>, HostError> {
        let Some(files) = &spec.config_drive else { return Ok(None) };
        if self.config.storage == Storage::Real {
            config_drive::ensure(&self.layout, spec.id, files).await?;
        }
        Ok(Some(Disk {
            device: config_drive_device(&spec.disks)?,
            bus: DiskBus::Ide,
            path: self.layout.config_drive(spec.id),
            format: "raw".into(),
            cdrom: true,
            boot_index: None,
            serial: None,
        }))
    }

    /// Takes away cards that the machine had and is to have no longer. Returns the networks that it has left.
    async fn unplug_what_is_no_longer_wanted(&self, spec: &MachineSpec) -> Result<Vec<Uuid>, HostError> {
        let Some(before) = self.journal.spec(spec.id) else { return Ok(Vec::new()) };
        let wanted: BTreeSet<_> = spec.nics.iter().map(|nic| nic.port).collect();
        let unwanted: Vec<_> = before.nics.into_iter().filter(|nic| !wanted.contains(&nic.port)).collect();
        for nic in &unwanted {
            gone_is_done(self.wiring.unplug(nic.port).await.map_err(of_driver))?;
        }
        Ok(unwanted.into_iter().filter_map(|nic| Some(nic.metadata?.network_id)).collect())
    }
}

fn check(spec: &MachineSpec) -> Result<(), HostError> {
    let mut devices = BTreeSet::new();
    for disk in &spec.disks {
        Device::new(&disk.device)?;
        if !devices.insert(&disk.device) {
            return Err(refused(format!("two disks are called {}", disk.device)));
        }
    }
    let ports: BTreeSet<_> = spec.nics.iter().map(|nic| nic.port).collect();
    if ports.len() == spec.nics.len() { Ok(()) } else { Err(refused("two cards have the same port")) }
}

/// The first place on the IDE bus (SATA where the machine type has no IDE) that no disk has. Named `hd_`, which no disk on another bus is.
fn config_drive_device(disks: &[DiskSpec]) -> Result<String, HostError> {
    let taken: BTreeSet<&str> = disks
        .iter()
        .filter(|disk| matches!(disk.bus, DiskBus::Sata | DiskBus::Ide))
        .filter_map(|disk| disk.device.get(2..))
        .collect();
    let free =
        (b'a'..=b'z').map(|letter| char::from(letter).to_string()).find(|letter| !taken.contains(&**letter));
    let free = free.ok_or_else(|| refused("the machine has no place left for its config drive"))?;
    Ok(format!("hd{free}"))
}
