//! A network engine that only remembers.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use contracts::driver::{
    DriverError, DriverResult, EngineEvent, LogicalNetwork, LogicalPort, LogicalRouter, NetworkEngine,
    PortKind, SecurityGroup, Topology,
};
use tokio::sync::broadcast;
use uuid::Uuid;

/// A network engine that only remembers. A port is up as soon as it is bound to a host, or leads to a router or a metadata
/// proxy; it refuses what a real engine would: a port on a network that is not there.
pub struct MemoryNetworkEngine {
    state: Mutex<State>,
    events: broadcast::Sender<EngineEvent>,
}

#[derive(Default)]
struct State {
    networks: HashMap<Uuid, LogicalNetwork>,
    ports: HashMap<Uuid, LogicalPort>,
    groups: HashMap<Uuid, SecurityGroup>,
    routers: HashMap<Uuid, LogicalRouter>,
}

impl Default for MemoryNetworkEngine {
    fn default() -> Self {
        let (events, _) = broadcast::channel(65_536);
        MemoryNetworkEngine { state: Mutex::default(), events }
    }
}

fn is_up(port: &LogicalPort) -> bool {
    port.host.is_some() || port.kind != PortKind::Machine
}

impl MemoryNetworkEngine {
    /// An engine that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was ensured and not removed, in the order of ids.
    pub fn topology(&self) -> Topology {
        let state = self.state();
        fn sorted<T: Clone>(parts: &HashMap<Uuid, T>) -> Vec<T> {
            let mut parts: Vec<_> = parts.iter().collect();
            parts.sort_unstable_by_key(|(id, _)| **id);
            parts.into_iter().map(|(_, part)| part.clone()).collect()
        }
        Topology {
            networks: sorted(&state.networks),
            ports: sorted(&state.ports),
            security_groups: sorted(&state.groups),
            routers: sorted(&state.routers),
        }
    }

    /// Forgets everything, as an engine that lost its database would, and says so.
    pub fn reset(&self) {
        *self.state() = State::default();
        let _ = self.events.send(EngineEvent::Reset);
    }

    fn tell(&self, before: bool, after: bool, port: Uuid) {
        if before != after {
            // Nobody listening is no failure.
            let _ = self.events.send(EngineEvent::PortUp(port, after));
        }
    }
}

impl State {
    fn check(&self, port: &LogicalPort) -> DriverResult<()> {
        if !self.networks.contains_key(&port.network) {
            return Err(DriverError::NotFound(format!("network {} of port {}", port.network, port.id)));
        }
        let secured = port.port_security && port.kind == PortKind::Machine;
        match port.security_groups.iter().find(|id| secured && !self.groups.contains_key(id)) {
            Some(id) => Err(DriverError::NotFound(format!("security group {id} of port {}", port.id))),
            None => Ok(()),
        }
    }
}

/// Makes `present` the same as `wanted` and counts the differences.
fn mend<T: Clone + PartialEq>(
    present: &mut HashMap<Uuid, T>,
    wanted: &[T],
    id: impl Fn(&T) -> Uuid,
) -> usize {
    let mut next: HashMap<Uuid, T> = wanted.iter().map(|part| (id(part), part.clone())).collect();
    let left_over = present.keys().filter(|id| !next.contains_key(id)).count();
    let differing = next.iter().filter(|(id, part)| present.get(id) != Some(part)).count();
    std::mem::swap(present, &mut next);
    left_over + differing
}

#[async_trait]
impl NetworkEngine for MemoryNetworkEngine {
    async fn ensure_network(&self, network: &LogicalNetwork) -> DriverResult<()> {
        self.state().networks.insert(network.id, network.clone());
        Ok(())
    }

    async fn remove_network(&self, id: Uuid) -> DriverResult<()> {
        let mut state = self.state();
        state.networks.remove(&id);
        state.ports.retain(|_, port| port.network != id);
        Ok(())
    }

    async fn ensure_port(&self, port: &LogicalPort) -> DriverResult<()> {
        let mut state = self.state();
        state.check(port)?;
        let before = state.ports.insert(port.id, port.clone()).is_some_and(|before| is_up(&before));
        drop(state);
        self.tell(before, is_up(port), port.id);
        Ok(())
    }

    async fn remove_port(&self, id: Uuid) -> DriverResult<()> {
        self.state().ports.remove(&id);
        Ok(())
    }

    async fn ensure_security_group(&self, group: &SecurityGroup) -> DriverResult<()> {
        self.state().groups.insert(group.id, group.clone());
        Ok(())
    }

    async fn remove_security_group(&self, id: Uuid) -> DriverResult<()> {
        self.state().groups.remove(&id);
        Ok(())
    }

    async fn ensure_router(&self, router: &LogicalRouter) -> DriverResult<()> {
        self.state().routers.insert(router.id, router.clone());
        Ok(())
    }

    async fn remove_router(&self, id: Uuid) -> DriverResult<()> {
        self.state().routers.remove(&id);
        Ok(())
    }

    async fn converge(&self, topology: &Topology) -> DriverResult<usize> {
        let mut state = self.state();
        let before: HashMap<Uuid, bool> = state.ports.iter().map(|(id, port)| (*id, is_up(port))).collect();
        let count = mend(&mut state.networks, &topology.networks, |network| network.id)
            + mend(&mut state.groups, &topology.security_groups, |group| group.id)
            + mend(&mut state.ports, &topology.ports, |port| port.id)
            + mend(&mut state.routers, &topology.routers, |router| router.id);
        drop(state);
        for port in &topology.ports {
            self.tell(before.get(&port.id).copied().unwrap_or_default(), is_up(port), port.id);
        }
        Ok(count)
    }

    async fn port_is_up(&self, id: Uuid) -> DriverResult<bool> {
        Ok(self.state().ports.get(&id).is_some_and(is_up))
    }

    fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network() -> LogicalNetwork {
        LogicalNetwork {
            id: Uuid::from_u128(1),
            name: "net".to_owned(),
            mtu: 1442,
            physical_network: None,
            subnets: vec![],
            names: Default::default(),
        }
    }

    fn port(host: Option<&str>) -> LogicalPort {
        LogicalPort {
            id: Uuid::from_u128(2),
            network: Uuid::from_u128(1),
            kind: PortKind::Machine,
            name: String::new(),
            mac: "fa:16:3e:00:00:01".to_owned(),
            addresses: vec![],
            allowed_pairs: vec![],
            port_security: true,
            security_groups: vec![],
            enabled: true,
            host: host.map(str::to_owned),
            dhcp_options: Default::default(),
        }
    }

    #[tokio::test]
    async fn a_port_comes_up_when_it_is_bound_and_says_so_once() {
        let engine = MemoryNetworkEngine::new();
        let mut events = engine.events();
        assert!(matches!(engine.ensure_port(&port(None)).await, Err(DriverError::NotFound(_))));
        engine.ensure_network(&network()).await.unwrap();
        engine.ensure_port(&port(None)).await.unwrap();
        assert!(!engine.port_is_up(port(None).id).await.unwrap());
        engine.ensure_port(&port(Some("host1"))).await.unwrap();
        engine.ensure_port(&port(Some("host1"))).await.unwrap();
        assert!(engine.port_is_up(port(None).id).await.unwrap());
        assert_eq!(events.try_recv().unwrap(), EngineEvent::PortUp(port(None).id, true));
        assert!(events.try_recv().is_err());
    }

    #[tokio::test]
    async fn converge_counts_and_mends_missing_changed_and_left_over_parts() {
        let engine = MemoryNetworkEngine::new();
        engine.ensure_network(&network()).await.unwrap();
        engine.ensure_port(&port(None)).await.unwrap();
        let left_over = LogicalNetwork { id: Uuid::from_u128(9), ..network() };
        engine.ensure_network(&left_over).await.unwrap();
        let wanted = Topology {
            networks: vec![LogicalNetwork { mtu: 1500, ..network() }],
            ports: vec![port(None), LogicalPort { id: Uuid::from_u128(3), ..port(None) }],
            ..Topology::default()
        };
        assert_eq!(engine.converge(&wanted).await.unwrap(), 3);
        assert_eq!(engine.topology(), wanted);
        assert_eq!(engine.converge(&wanted).await.unwrap(), 0);
    }
}
