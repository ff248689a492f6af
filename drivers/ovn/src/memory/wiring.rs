//! A host's wiring that only remembers.

use std::{
    collections::BTreeSet,
    net::TcpListener,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use contracts::{
    driver::{DriverResult, Wiring},
    machine::NicSpec,
    network::MetadataPort,
};
use uuid::Uuid;

/// A host's wiring that only remembers what is plugged.
#[derive(Default)]
pub struct MemoryWiring {
    ports: Mutex<BTreeSet<Uuid>>,
    networks: Mutex<BTreeSet<Uuid>>,
}

fn lock(set: &Mutex<BTreeSet<Uuid>>) -> MutexGuard<'_, BTreeSet<Uuid>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}

impl MemoryWiring {
    /// A host with nothing plugged.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Wiring for MemoryWiring {
    async fn plug(&self, nic: &NicSpec) -> DriverResult<()> {
        lock(&self.ports).insert(nic.port);
        Ok(())
    }

    async fn unplug(&self, port: Uuid) -> DriverResult<()> {
        lock(&self.ports).remove(&port);
        Ok(())
    }

    async fn plugged(&self) -> DriverResult<Vec<Uuid>> {
        Ok(lock(&self.ports).iter().copied().collect())
    }

    async fn open_metadata(&self, port: &MetadataPort) -> DriverResult<Option<TcpListener>> {
        lock(&self.networks).insert(port.network_id);
        Ok(None)
    }

    async fn close_metadata(&self, network: Uuid) -> DriverResult<()> {
        lock(&self.networks).remove(&network);
        Ok(())
    }

    async fn metadata_networks(&self) -> DriverResult<Vec<Uuid>> {
        Ok(lock(&self.networks).iter().copied().collect())
    }
}
