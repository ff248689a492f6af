//! A hypervisor whose guests do not obey the power button, and whose disks are endless.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use contracts::{
    driver::{Card, Console, Disk, DriverResult, Hypervisor, HypervisorEvent, Machine},
    machine::{HostDescription, MachineStatus, Urgency},
};
use libvirt_driver::MemoryHypervisor;
use tokio::sync::broadcast;
use uuid::Uuid;

pub struct SlowHypervisor {
    inner: Arc<MemoryHypervisor>,
    /// It has begun something that does not end.
    pub patient: AtomicBool,
}

impl SlowHypervisor {
    pub fn new(inner: Arc<MemoryHypervisor>) -> Self {
        Self { inner, patient: AtomicBool::new(false) }
    }
}

#[async_trait]
impl Hypervisor for SlowHypervisor {
    async fn stop(&self, id: Uuid, urgency: Urgency) -> DriverResult<()> {
        if matches!(urgency, Urgency::Soft { .. }) {
            self.patient.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.inner.stop(id, urgency).await
    }

    async fn describe(&self) -> DriverResult<HostDescription> {
        self.inner.describe().await
    }

    async fn machines(&self) -> DriverResult<Vec<MachineStatus>> {
        self.inner.machines().await
    }

    async fn start(&self, machine: &Machine) -> DriverResult<()> {
        self.inner.start(machine).await
    }

    async fn reboot(&self, machine: &Machine, urgency: Urgency) -> DriverResult<()> {
        self.inner.reboot(machine, urgency).await
    }

    async fn pause(&self, id: Uuid, paused: bool) -> DriverResult<()> {
        self.inner.pause(id, paused).await
    }

    async fn remove(&self, id: Uuid) -> DriverResult<()> {
        self.inner.remove(id).await
    }

    async fn attach_disk(&self, id: Uuid, disk: &Disk) -> DriverResult<()> {
        self.inner.attach_disk(id, disk).await
    }

    async fn detach_disk(&self, id: Uuid, device: &str) -> DriverResult<()> {
        self.inner.detach_disk(id, device).await
    }

    async fn attach_card(&self, id: Uuid, card: &Card) -> DriverResult<()> {
        self.inner.attach_card(id, card).await
    }

    async fn detach_card(&self, id: Uuid, port: Uuid) -> DriverResult<()> {
        self.inner.detach_card(id, port).await
    }

    async fn copy_disk(&self, _: Uuid, _: &str, _: &Path) -> DriverResult<()> {
        self.patient.store(true, Ordering::Relaxed);
        std::future::pending().await
    }

    async fn console(&self, id: Uuid) -> DriverResult<Console> {
        self.inner.console(id).await
    }

    fn events(&self) -> broadcast::Receiver<HypervisorEvent> {
        self.inner.events()
    }
}
