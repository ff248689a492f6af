//! The network engine: Neutron's networks, ports, security groups and routers as rows of OVN's Northbound database.
//!
//! Every row carries `external_ids` that say what it stands for (see `tables`); rows without are others' and left alone.
//! Each call computes the rows that are wanted, compares them with the replica, and sends the difference as one
//! transaction: none when there is no difference. A transaction that meets another writer's fails as a whole, and is
//! computed anew from what is there then.
//!
//! | part | rows | in |
//! |---|---|---|
//! | network | Logical_Switch, localnet port, DHCP_Options, DNS | `network`, `dhcp` |
//! | port | Logical_Switch_Port, memberships, DHCP_Options of its own | `port` |
//! | security group | Port_Group, ACL | `security_group`, `acl` |
//! | router | Logical_Router, its ports, Gateway_Chassis, routes, NAT | `router`, `gateway` |

mod acl;
mod converge;
mod dhcp;
mod gateway;
mod network;
mod plan;
mod port;
mod router;
mod security_group;
mod tables;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::driver::{
    DriverError, DriverResult, EngineEvent, LogicalNetwork, LogicalPort, LogicalRouter, NetworkEngine,
    SecurityGroup, Topology,
};
use tokio::sync::{Mutex, Notify, RwLock, broadcast};
use uuid::Uuid;

pub use self::gateway::Gateways;
use self::{
    plan::Plan,
    router::KIND_GATEWAY,
    tables::{BY_KIND, BY_NAME, PHYSICAL_NETWORK, ROUTER},
};
use crate::ovsdb::{Atom, Change, Client, Endpoint, Notice, OvsdbError};

/// A call waits so long for the databases to come back, before it fails.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a transaction that loses a race is computed anew.
const ATTEMPTS: u32 = 8;
/// Calls for one part wait for each other, those of others don't: parts are spread over so many locks.
const STRIPES: usize = 64;
const EVENTS: usize = 4096;

/// OVN, behind [`NetworkEngine`].
pub struct OvnNorthbound {
    inner: Arc<Inner>,
}

struct Inner {
    northbound: Client,
    southbound: Client,
    gateways: Gateways,
    events: broadcast::Sender<EngineEvent>,
    /// Held for reading by single changes, for writing while everything is compared.
    converging: RwLock<()>,
    /// Held for reading while a network's ports change, for writing while it does itself.
    networks: [RwLock<()>; STRIPES],
    parts: [Mutex<()>; STRIPES],
    /// Wakes the task that follows hosts.
    hosts_changed: Arc<Notify>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // That task finds the engine gone, and ends.
        self.hosts_changed.notify_one();
    }
}

fn stripe(id: Uuid) -> usize {
    usize::from(id.as_bytes()[15]) % STRIPES
}

impl OvnNorthbound {
    /// Connects to both databases (`unix:/path` or `tcp:host:port`) and waits until they are there, up to ten seconds.
    pub async fn connect(northbound: &str, southbound: &str) -> DriverResult<Self> {
        let engine = Self::start(northbound, southbound, Gateways::Discovered)?;
        engine.ready(Duration::from_secs(10)).await?;
        Ok(engine)
    }

    /// Begins to connect and returns at once; calls fail with `Unavailable` as long as there is no connection.
    pub fn start(northbound: &str, southbound: &str, gateways: Gateways) -> DriverResult<Self> {
        let (northbound, southbound): (Endpoint, Endpoint) = (northbound.parse()?, southbound.parse()?);
        let (events, _) = broadcast::channel(EVENTS);
        let sender = events.clone();
        let northbound = Client::start(northbound, "OVN_Northbound", tables::northbound(), move |notice| {
            if let Some(event) = event_of(&notice) {
                // Nobody listening is no failure.
                let _ = sender.send(event);
            }
        });
        let hosts_changed = Arc::new(Notify::new());
        let changed = hosts_changed.clone();
        let southbound =
            Client::start(southbound, "OVN_Southbound", tables::southbound(), move |_| changed.notify_one());
        let inner = Arc::new(Inner {
            northbound,
            southbound,
            gateways,
            events,
            converging: RwLock::new(()),
            networks: std::array::from_fn(|_| RwLock::new(())),
            parts: std::array::from_fn(|_| Mutex::new(())),
            hosts_changed: hosts_changed.clone(),
        });
        tokio::spawn(follow_hosts(Arc::downgrade(&inner), hosts_changed));
        Ok(OvnNorthbound { inner })
    }

    /// Waits until the content of both databases is there.
    pub async fn ready(&self, patience: Duration) -> DriverResult<()> {
        self.inner.northbound.ready(patience).await?;
        Ok(self.inner.southbound.ready(patience).await?)
    }

    /// How many transactions were sent, for metrics and tests.
    pub fn transactions_sent(&self) -> u64 {
        self.inner.northbound.transactions_sent()
    }
}

fn event_of(notice: &Notice<'_>) -> Option<EngineEvent> {
    match notice {
        Notice::Synchronised => Some(EngineEvent::Reset),
        Notice::Row { table: "Logical_Switch_Port", change: Change::Modified(columns), row, .. }
            if columns.contains(&"up") =>
        {
            port::port_id(row).map(|id| EngineEvent::PortUp(id, row.is_true("up")))
        }
        Notice::Row { .. } => None,
    }
}

/// When hosts come, go, or are configured anew, the external legs of routers are given to those that may carry them.
async fn follow_hosts(inner: std::sync::Weak<Inner>, changed: Arc<Notify>) {
    loop {
        changed.notified().await;
        // Hosts that start together are one change.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let Some(inner) = inner.upgrade() else { return };
        if let Err(error) = inner.place_gateways().await {
            tracing::warn!(%error, "routers' external legs are not placed anew, trying again");
            changed.notify_one();
            drop(inner);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

impl Inner {
    /// Computes and sends a change; anew, when another writer was quicker.
    async fn apply(&self, build: impl Fn(&mut Plan<'_>) -> DriverResult<()>) -> DriverResult<()> {
        self.northbound.ready(PATIENCE).await?;
        let gateways = self.southbound.read(|replica| gateway::candidates(&self.gateways, replica));
        let mut lost: Option<OvsdbError> = None;
        for attempt in 0..ATTEMPTS {
            if let Some(error) = &lost {
                tracing::debug!(%error, attempt, "lost a race, computing anew");
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
            }
            let transaction = self.northbound.read(|replica| {
                let mut plan = Plan::new(replica, &gateways);
                build(&mut plan).map(|()| plan.transaction)
            })?;
            match self.northbound.transact(&transaction).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_race() => lost = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(lost.map_or_else(|| DriverError::Unavailable("too many attempts".to_owned()), DriverError::from))
    }

    /// Changes one part, alone with it.
    async fn change(&self, id: Uuid, build: impl Fn(&mut Plan<'_>) -> DriverResult<()>) -> DriverResult<()> {
        let _together = self.converging.read().await;
        let _part = self.parts[stripe(id)].lock().await;
        self.apply(build).await
    }

    /// Locks are always taken in this order: all, network, part.
    async fn change_port(&self, port: &LogicalPort) -> DriverResult<()> {
        let _together = self.converging.read().await;
        let _network = self.networks[stripe(port.network)].read().await;
        let _part = self.parts[stripe(port.id)].lock().await;
        self.apply(|plan| plan.port(port)).await
    }

    async fn change_network(&self, id: Uuid, build: impl Fn(&mut Plan<'_>)) -> DriverResult<()> {
        let _together = self.converging.read().await;
        let _network = self.networks[stripe(id)].write().await;
        self.apply(|plan| {
            build(plan);
            Ok(())
        })
        .await
    }

    async fn place_gateways(&self) -> DriverResult<()> {
        let _together = self.converging.write().await;
        self.apply(|plan| {
            for (id, row) in plan.table("Logical_Router_Port").find(BY_KIND, KIND_GATEWAY) {
                let Some(router) = row.key("external_ids", ROUTER).and_then(|id| id.parse().ok()) else {
                    continue;
                };
                let chassis =
                    gateway::ranked(plan.gateways, router, row.key("external_ids", PHYSICAL_NETWORK));
                plan.lives_on(&Atom::Uuid(id), row.text("name"), &chassis);
            }
            Ok(())
        })
        .await
    }
}

#[async_trait]
impl NetworkEngine for OvnNorthbound {
    async fn ensure_network(&self, network: &LogicalNetwork) -> DriverResult<()> {
        self.inner.change_network(network.id, |plan| plan.network(network)).await
    }

    async fn remove_network(&self, id: Uuid) -> DriverResult<()> {
        self.inner.change_network(id, |plan| plan.remove_network(id)).await
    }

    async fn ensure_port(&self, port: &LogicalPort) -> DriverResult<()> {
        self.inner.change_port(port).await
    }

    async fn remove_port(&self, id: Uuid) -> DriverResult<()> {
        self.inner
            .change(id, |plan| {
                plan.remove_port(id);
                Ok(())
            })
            .await
    }

    async fn ensure_security_group(&self, group: &SecurityGroup) -> DriverResult<()> {
        self.inner
            .change(group.id, |plan| {
                plan.security_group(group);
                Ok(())
            })
            .await
    }

    async fn remove_security_group(&self, id: Uuid) -> DriverResult<()> {
        self.inner
            .change(id, |plan| {
                plan.remove_security_group(id);
                Ok(())
            })
            .await
    }

    async fn ensure_router(&self, router: &LogicalRouter) -> DriverResult<()> {
        self.inner
            .change(router.id, |plan| {
                plan.router(router);
                Ok(())
            })
            .await
    }

    async fn remove_router(&self, id: Uuid) -> DriverResult<()> {
        self.inner
            .change(id, |plan| {
                plan.remove_router(id);
                Ok(())
            })
            .await
    }

    async fn converge(&self, topology: &Topology) -> DriverResult<usize> {
        self.inner.converge(topology).await
    }

    async fn port_is_up(&self, id: Uuid) -> DriverResult<bool> {
        self.inner.northbound.ready(PATIENCE).await?;
        Ok(self.inner.northbound.read(|replica| {
            let found = replica.table("Logical_Switch_Port").find(BY_NAME, id.to_string());
            found.first().is_some_and(|(_, row)| row.is_true("up"))
        }))
    }

    fn events(&self) -> broadcast::Receiver<EngineEvent> {
        self.inner.events.subscribe()
    }
}
