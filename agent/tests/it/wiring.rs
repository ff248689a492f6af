//! Wiring without packets, whose metadata proxies listen on the loopback address.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{SocketAddr, TcpListener},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use contracts::{
    driver::{DriverError, DriverResult, Wiring},
    machine::NicSpec,
    network::MetadataPort,
};
use uuid::Uuid;

#[derive(Default)]
pub struct LoopbackWiring {
    pub taps: Mutex<BTreeSet<Uuid>>,
    pub proxies: Mutex<BTreeMap<Uuid, SocketAddr>>,
    /// So many calls are yet to fail.
    pub failures: AtomicUsize,
}

impl LoopbackWiring {
    fn begin(&self) -> DriverResult<()> {
        let left =
            self.failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if left.is_ok() { Err(DriverError::Unavailable("the switch is away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Wiring for LoopbackWiring {
    async fn plug(&self, nic: &NicSpec) -> DriverResult<()> {
        self.begin()?;
        self.taps.lock().unwrap().insert(nic.port);
        Ok(())
    }

    async fn unplug(&self, port: Uuid) -> DriverResult<()> {
        self.begin()?;
        self.taps.lock().unwrap().remove(&port);
        Ok(())
    }

    async fn plugged(&self) -> DriverResult<Vec<Uuid>> {
        Ok(self.taps.lock().unwrap().iter().copied().collect())
    }

    async fn open_metadata(&self, port: &MetadataPort) -> DriverResult<Option<TcpListener>> {
        self.begin()?;
        let listener =
            TcpListener::bind("127.0.0.1:0").map_err(|error| DriverError::Unavailable(error.to_string()))?;
        self.proxies.lock().unwrap().insert(port.network_id, listener.local_addr().unwrap());
        Ok(Some(listener))
    }

    async fn close_metadata(&self, network: Uuid) -> DriverResult<()> {
        self.begin()?;
        self.proxies.lock().unwrap().remove(&network);
        Ok(())
    }

    async fn metadata_networks(&self) -> DriverResult<Vec<Uuid>> {
        Ok(self.proxies.lock().unwrap().keys().copied().collect())
    }
}
