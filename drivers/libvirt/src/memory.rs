//! [`MemoryHypervisor`]: machines that are only entries in a map, for tests of scale.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use contracts::{
    driver::{Card, Console, Disk, DriverError, DriverResult, Hypervisor, HypervisorEvent, Machine},
    machine::{HostDescription, MachineStatus, Power, Urgency},
};
use tokio::sync::broadcast;
use uuid::Uuid;

/// What the host pretends to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryCapacity {
    /// Processors.
    pub vcpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Disk, in GiB.
    pub disk_gib: u64,
}

impl Default for MemoryCapacity {
    fn default() -> Self {
        Self { vcpus: 64, memory_mib: 256 * 1024, disk_gib: 4096 }
    }
}

#[derive(Clone)]
struct Entry {
    machine: Machine,
    power: Power,
}

#[derive(Default)]
struct State {
    machines: HashMap<Uuid, Entry>,
    failures: BTreeMap<&'static str, (u32, DriverError)>,
}

/// The in-memory twin of the libvirt driver.
pub struct MemoryHypervisor {
    capacity: MemoryCapacity,
    state: Mutex<State>,
    events: broadcast::Sender<HypervisorEvent>,
}

impl Default for MemoryHypervisor {
    fn default() -> Self {
        Self::new(MemoryCapacity::default())
    }
}

impl MemoryHypervisor {
    /// A host without machines.
    pub fn new(capacity: MemoryCapacity) -> Self {
        Self { capacity, state: Mutex::default(), events: broadcast::channel(1024).0 }
    }

    /// Lets the next `times` calls of that name (`"start"`, `"attach_disk"`, ...) fail with `error`.
    pub fn fail(&self, call: &'static str, times: u32, error: DriverError) {
        self.state().failures.insert(call, (times, error));
    }

    /// Does to a machine what happens by itself: a guest powers off, a QEMU dies. Listeners are told.
    pub fn happen(&self, id: Uuid, power: Power) {
        if let Some(entry) = self.state().machines.get_mut(&id) {
            entry.power = power;
        }
        self.tell(id, power);
    }

    /// The machine as the driver was told of it, with what was attached since.
    pub fn machine(&self, id: Uuid) -> Option<Machine> {
        self.state().machines.get(&id).map(|entry| entry.machine.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single insertion or removal: a panic between two leaves a valid map.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, unless an artificial failure of this call is due.
    fn begin(&self, call: &'static str) -> DriverResult<MutexGuard<'_, State>> {
        let mut state = self.state();
        if let Some((left, error)) = state.failures.get_mut(call)
            && *left > 0
        {
            *left -= 1;
            return Err(error.clone());
        }
        Ok(state)
    }

    fn set_power(&self, state: &mut State, id: Uuid, power: Power) -> DriverResult<()> {
        let entry = entry(state, id)?;
        if std::mem::replace(&mut entry.power, power) != power {
            self.tell(id, power);
        }
        Ok(())
    }

    fn tell(&self, id: Uuid, power: Power) {
        // No receiver is no failure.
        let _ = self.events.send(HypervisorEvent { id, power });
    }
}

fn entry(state: &mut State, id: Uuid) -> DriverResult<&mut Entry> {
    state.machines.get_mut(&id).ok_or_else(|| DriverError::NotFound(format!("machine {id}")))
}

/// The guest's first words, where the console's directory is there to take them.
fn greet(machine: &Machine) {
    if machine.console_log.parent().is_some_and(Path::is_dir) {
        let text = format!("Simulated machine {} started\n", machine.id);
        // A twin without a console is still a twin.
        let _ = std::fs::write(&machine.console_log, text);
    }
}

/// An empty qcow2 image of 1 MiB: a header, and a table that maps nothing.
fn empty_qcow2() -> Vec<u8> {
    const CLUSTER: u64 = 1 << 16;
    let mut image = Vec::new();
    let (l1_table, refcount_table, refcount_block) = (CLUSTER, 2 * CLUSTER, 3 * CLUSTER);
    for field in [0x5146_49fb_u32, 2] {
        image.extend(field.to_be_bytes());
    }
    image.extend(0_u64.to_be_bytes()); // no backing file
    image.extend(0_u32.to_be_bytes());
    image.extend(16_u32.to_be_bytes()); // clusters of 2^16 bytes
    image.extend((1_u64 << 20).to_be_bytes()); // the size that the guest sees
    image.extend(0_u32.to_be_bytes()); // no encryption
    image.extend(1_u32.to_be_bytes()); // entries of the first-level table
    image.extend(l1_table.to_be_bytes());
    image.extend(refcount_table.to_be_bytes());
    image.extend(1_u32.to_be_bytes()); // clusters of the reference table
    image.extend(0_u32.to_be_bytes()); // no snapshots
    image.extend(0_u64.to_be_bytes());
    image.resize(4 * CLUSTER as usize, 0);
    let (table, block) = (refcount_table as usize, refcount_block as usize);
    image[table..table + 8].copy_from_slice(&refcount_block.to_be_bytes());
    // The four clusters of this file are each used once.
    for cluster in 0..4 {
        image[block + 2 * cluster + 1] = 1;
    }
    image
}

#[async_trait]
impl Hypervisor for MemoryHypervisor {
    async fn describe(&self) -> DriverResult<HostDescription> {
        drop(self.begin("describe")?);
        Ok(HostDescription {
            host: String::new(),
            hypervisor_type: "fake".into(),
            hypervisor_version: 1_000_000,
            vcpus: self.capacity.vcpus,
            memory_mib: self.capacity.memory_mib,
            disk_gib: self.capacity.disk_gib,
            disk_free_gib: self.capacity.disk_gib,
            cpu_info: serde_json::json!({
                "arch": "x86_64", "model": "fake", "vendor": "fake", "features": [],
                "topology": { "cells": 1, "sockets": 1, "cores": self.capacity.vcpus, "threads": 1 },
            }),
            traits: vec!["COMPUTE_NODE".into(), "COMPUTE_NET_ATTACH_INTERFACE".into()],
            address: String::new(),
        })
    }

    async fn machines(&self) -> DriverResult<Vec<MachineStatus>> {
        let state = self.begin("machines")?;
        Ok(state.machines.iter().map(|(id, entry)| MachineStatus { id: *id, power: entry.power }).collect())
    }

    async fn start(&self, machine: &Machine) -> DriverResult<()> {
        let mut state = self.begin("start")?;
        let power = state.machines.get(&machine.id).map_or(Power::Off, |entry| entry.power);
        state.machines.insert(machine.id, Entry { machine: machine.clone(), power });
        if !matches!(power, Power::Running | Power::Paused) {
            greet(machine);
            self.set_power(&mut state, machine.id, Power::Running)?;
        }
        Ok(())
    }

    async fn stop(&self, id: Uuid, _urgency: Urgency) -> DriverResult<()> {
        let mut state = self.begin("stop")?;
        self.set_power(&mut state, id, Power::Off)
    }

    async fn reboot(&self, machine: &Machine, _urgency: Urgency) -> DriverResult<()> {
        let mut state = self.begin("reboot")?;
        let power = state.machines.get(&machine.id).map_or(Power::Off, |entry| entry.power);
        state.machines.insert(machine.id, Entry { machine: machine.clone(), power });
        greet(machine);
        self.set_power(&mut state, machine.id, Power::Running)
    }

    async fn pause(&self, id: Uuid, paused: bool) -> DriverResult<()> {
        let mut state = self.begin("pause")?;
        match entry(&mut state, id)?.power {
            Power::Off | Power::Crashed => Err(DriverError::Refused(format!("machine {id} does not run"))),
            _ => self.set_power(&mut state, id, if paused { Power::Paused } else { Power::Running }),
        }
    }

    async fn remove(&self, id: Uuid) -> DriverResult<()> {
        self.begin("remove")?.machines.remove(&id);
        Ok(())
    }

    async fn attach_disk(&self, id: Uuid, disk: &Disk) -> DriverResult<()> {
        let mut state = self.begin("attach_disk")?;
        let disks = &mut entry(&mut state, id)?.machine.disks;
        match disks.iter().find(|present| present.device == disk.device) {
            Some(present) if present.path != disk.path => Err(DriverError::Refused(format!(
                "disk {} is there already, with other content",
                disk.device
            ))),
            Some(_) => Ok(()),
            None => {
                disks.push(disk.clone());
                Ok(())
            }
        }
    }

    async fn detach_disk(&self, id: Uuid, device: &str) -> DriverResult<()> {
        let mut state = self.begin("detach_disk")?;
        entry(&mut state, id)?.machine.disks.retain(|disk| disk.device != device);
        Ok(())
    }

    async fn attach_card(&self, id: Uuid, card: &Card) -> DriverResult<()> {
        let mut state = self.begin("attach_card")?;
        let cards = &mut entry(&mut state, id)?.machine.cards;
        if cards.iter().all(|present| present.port != card.port) {
            cards.push(card.clone());
        }
        Ok(())
    }

    async fn detach_card(&self, id: Uuid, port: Uuid) -> DriverResult<()> {
        let mut state = self.begin("detach_card")?;
        entry(&mut state, id)?.machine.cards.retain(|card| card.port != port);
        Ok(())
    }

    async fn copy_disk(&self, id: Uuid, device: &str, to: &Path) -> DriverResult<()> {
        {
            let mut state = self.begin("copy_disk")?;
            if entry(&mut state, id)?.machine.disks.iter().all(|disk| disk.device != device) {
                return Err(DriverError::NotFound(format!("disk {device}")));
            }
        }
        tokio::fs::write(to, empty_qcow2())
            .await
            .map_err(|error| DriverError::Unavailable(format!("{}: {error}", to.display())))
    }

    async fn console(&self, id: Uuid) -> DriverResult<Console> {
        let mut state = self.begin("console")?;
        match entry(&mut state, id)?.power {
            Power::Running | Power::Paused => Ok(Console::Simulated),
            _ => Err(DriverError::Unavailable(format!("machine {id} is off and has no screen"))),
        }
    }

    fn events(&self) -> broadcast::Receiver<HypervisorEvent> {
        self.events.subscribe()
    }
}
