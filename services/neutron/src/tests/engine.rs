//! An engine that only remembers what it was told.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use contracts::driver::{
    DriverError, DriverResult, EngineEvent, LogicalNetwork, LogicalPort, LogicalRouter, NetworkEngine,
    SecurityGroup, Topology,
};
use tokio::sync::broadcast;
use uuid::Uuid;

/// See the module.
pub(super) struct Remembering {
    pub(super) networks: Mutex<BTreeMap<Uuid, LogicalNetwork>>,
    pub(super) ports: Mutex<BTreeMap<Uuid, LogicalPort>>,
    pub(super) groups: Mutex<BTreeMap<Uuid, SecurityGroup>>,
    pub(super) routers: Mutex<BTreeMap<Uuid, LogicalRouter>>,
    /// A security group that is refused for ever.
    pub(super) refused: Mutex<Option<Uuid>>,
    /// Whether every call fails.
    pub(super) away: AtomicBool,
    pub(super) sender: broadcast::Sender<EngineEvent>,
}

impl Default for Remembering {
    fn default() -> Self {
        Self {
            networks: Mutex::default(),
            ports: Mutex::default(),
            groups: Mutex::default(),
            routers: Mutex::default(),
            refused: Mutex::default(),
            away: AtomicBool::new(false),
            sender: broadcast::channel(64).0,
        }
    }
}

impl Remembering {
    fn here(&self) -> DriverResult<()> {
        if self.away.load(Ordering::Relaxed) {
            Err(DriverError::Unavailable("the engine is away".into()))
        } else {
            Ok(())
        }
    }

    pub(super) fn network(&self, id: &str) -> Option<LogicalNetwork> {
        self.networks.lock().unwrap().get(&id.parse().unwrap()).cloned()
    }
    pub(super) fn port(&self, id: &str) -> Option<LogicalPort> {
        self.ports.lock().unwrap().get(&id.parse().unwrap()).cloned()
    }
    pub(super) fn group(&self, id: &str) -> Option<SecurityGroup> {
        self.groups.lock().unwrap().get(&id.parse().unwrap()).cloned()
    }
    pub(super) fn router(&self, id: &str) -> Option<LogicalRouter> {
        self.routers.lock().unwrap().get(&id.parse().unwrap()).cloned()
    }
}

#[async_trait]
impl NetworkEngine for Remembering {
    async fn ensure_network(&self, network: &LogicalNetwork) -> DriverResult<()> {
        self.here()?;
        self.networks.lock().unwrap().insert(network.id, network.clone());
        Ok(())
    }
    async fn remove_network(&self, id: Uuid) -> DriverResult<()> {
        self.here()?;
        self.networks.lock().unwrap().remove(&id);
        Ok(())
    }
    async fn ensure_port(&self, port: &LogicalPort) -> DriverResult<()> {
        self.here()?;
        let missing = |what: &str| Err(DriverError::NotFound(what.into()));
        if !self.networks.lock().unwrap().contains_key(&port.network) {
            return missing("the port's network");
        }
        let groups = self.groups.lock().unwrap();
        if !port.security_groups.iter().all(|id| groups.contains_key(id)) {
            return missing("the port's security group");
        }
        self.ports.lock().unwrap().insert(port.id, port.clone());
        Ok(())
    }
    async fn remove_port(&self, id: Uuid) -> DriverResult<()> {
        self.here()?;
        self.ports.lock().unwrap().remove(&id);
        Ok(())
    }
    async fn ensure_security_group(&self, group: &SecurityGroup) -> DriverResult<()> {
        self.here()?;
        if *self.refused.lock().unwrap() == Some(group.id) {
            return Err(DriverError::Refused("no such match".into()));
        }
        self.groups.lock().unwrap().insert(group.id, group.clone());
        Ok(())
    }
    async fn remove_security_group(&self, id: Uuid) -> DriverResult<()> {
        self.here()?;
        self.groups.lock().unwrap().remove(&id);
        Ok(())
    }
    async fn ensure_router(&self, router: &LogicalRouter) -> DriverResult<()> {
        self.here()?;
        self.routers.lock().unwrap().insert(router.id, router.clone());
        Ok(())
    }
    async fn remove_router(&self, id: Uuid) -> DriverResult<()> {
        self.here()?;
        self.routers.lock().unwrap().remove(&id);
        Ok(())
    }
    async fn converge(&self, topology: &Topology) -> DriverResult<usize> {
        self.here()?;
        *self.networks.lock().unwrap() = topology.networks.iter().map(|one| (one.id, one.clone())).collect();
        *self.ports.lock().unwrap() = topology.ports.iter().map(|one| (one.id, one.clone())).collect();
        let refused = *self.refused.lock().unwrap();
        let groups = topology.security_groups.iter().filter(|one| Some(one.id) != refused);
        *self.groups.lock().unwrap() = groups.map(|one| (one.id, one.clone())).collect();
        *self.routers.lock().unwrap() = topology.routers.iter().map(|one| (one.id, one.clone())).collect();
        Ok(0)
    }
    async fn port_is_up(&self, id: Uuid) -> DriverResult<bool> {
        let _ = id;
        Ok(false)
    }
    fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.sender.subscribe()
    }
}
