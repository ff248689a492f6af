//! Neutron: Networking v2.0.
//!
//! * `api`: one file for each resource: routes, attributes, views, handlers.
//! * `model`: tables.
//! * [`change`](self): every write is one transaction that also records which parts the network engine has to look at again.
//! * `engine`: reconcilers that bring the engine (OVN) to what the tables say, and what the engine notices by itself.
//! * `address`, `network`, `subnet`, `port`, `router`, `floating`, `group`, `rule`, `quota`: the domain.
//! * `offers`: what Nova asks ([`contracts::network::Networks`]), and what its old API shows
//!   ([`contracts::network_proxy::NetworkProxy`]).
//!
//! ```text
//! request ─▶ one transaction: rows + intentions ─▶ answered
//!                                   │ wake
//!                                   ▼
//!              reconciler of the kind: describe from rows ─▶ engine.ensure / remove ─▶ intention gone
//! ```
//!
//! What is deleted is gone from the API at once; its intention stays until the engine has let go of it.

mod address;
mod api;
mod bootstrap;
mod change;
mod config;
mod engine;
mod error;
mod floating;
mod group;
mod model;
mod network;
mod offers;
mod policy;
mod port;
mod quota;
mod router;
mod rule;
mod scheme;
mod subnet;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, OnceLock, Weak},
};

use contracts::{compute::ServerEvents, driver::NetworkEngine, hosts::Hosts, identity::Tokens};
use platform::{
    db::{Database, DatabaseConfig, OpenError},
    events::Bus,
    http::{Base, Route, Service},
    part::Part,
    policy::Policy,
    reconcile::{self, Waker, Wakes},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use change::Kind;
pub use config::{Config, ExternalConfig, QuotaConfig};
pub use error::Error;
pub use model::migrations::Migrations;
pub use scheme::SCHEME;

/// What Neutron needs.
pub struct Needs {
    /// Its options.
    pub config: Config,
    /// Its database, opened with [`Migrations`] under the name `neutron`.
    pub db: Database,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The public address without a slash at the end: `http://HOST:PORT/networking`.
    pub endpoint: Arc<str>,
    /// Who makes networks real.
    pub engine: Arc<dyn NetworkEngine>,
}

/// Neutron.
pub struct Neutron {
    base: Base,
    db: Database,
    config: Config,
    engine: Arc<dyn NetworkEngine>,
    servers: OnceLock<Arc<dyn ServerEvents>>,
    hosts: OnceLock<Arc<dyn Hosts>>,
    wakers: [Waker; 4],
    wakes: Mutex<Vec<Wakes>>,
    settled: engine::Settled,
    gathered: change::Gathered,
    me: Weak<Self>,
    /// Held for reading by each step and for writing by a full comparison, which must not see half of a step.
    comparing: tokio::sync::RwLock<()>,
}

impl Service for Neutron {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Neutron {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// Its API.
    fn router(self: Arc<Self>) -> axum::Router {
        platform::http::mount(api::routes(), self)
    }

    /// Starts the reconcilers and listens to the engine, until cancelled.
    fn spawn(self: Arc<Self>, cancel: CancellationToken) {
        let wakes = match self.wakes.lock() {
            Ok(mut wakes) => std::mem::take(&mut *wakes),
            Err(_) => return,
        };
        for (kind, wakes) in Kind::ALL.into_iter().zip(wakes) {
            let part = Arc::new(engine::Part { neutron: self.clone(), kind });
            tokio::spawn(reconcile::run(part, wakes, 8, cancel.clone()));
        }
        let (settling, ended) = (self.clone(), cancel.clone());
        tokio::spawn(async move { settling.keep_settling(ended).await });
        tokio::spawn(engine::watch(self, cancel));
    }
}

impl Neutron {
    /// Neutron, not yet running its reconcilers.
    pub fn new(needs: Needs) -> Arc<Self> {
        let (wakers, wakes): (Vec<_>, Vec<_>) = (0..4).map(|_| reconcile::channel()).unzip();
        let [a, b, c, d] = [0, 1, 2, 3].map(|at: usize| wakers[at].clone());
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            gathered: change::Gathered::default(),
            base: Base {
                scheme: &scheme::SCHEME,
                tokens: needs.tokens,
                policy: Arc::new(Policy::new(policy::DEFAULTS).beside(&api::routes())),
                endpoint: needs.endpoint,
            },
            db: needs.db,
            config: needs.config,
            engine: needs.engine,
            servers: OnceLock::new(),
            hosts: OnceLock::new(),
            wakers: [a, b, c, d],
            wakes: Mutex::new(wakes),
            settled: engine::Settled::default(),
            comparing: tokio::sync::RwLock::default(),
        })
    }

    /// Who is told when what a server shows of its network changes. Said once, when Nova is there.
    pub fn set_server_events(&self, servers: Arc<dyn ServerEvents>) {
        let _ = self.servers.set(servers);
    }

    /// The hosts, for the list of agents. Said once, when they are there.
    pub fn set_hosts(&self, hosts: Arc<dyn Hosts>) {
        let _ = self.hosts.set(hosts);
    }

    /// Opens its database, at this release's tables.
    pub async fn open_database(
        config: &DatabaseConfig,
        folder: &Path,
        bus: Bus,
    ) -> Result<Database, OpenError> {
        Database::open::<Migrations>(config, folder, "neutron", bus).await
    }

    /// Its policy, for an operator's overrides.
    pub fn policy(&self) -> &Policy {
        &self.base.policy
    }

    fn wake(&self, kind: Kind, id: Uuid) {
        self.wakers[kind as usize].wake(id);
    }

    /// Tells Nova, in the background: it asks back for what has changed.
    fn tell_servers(&self, ids: BTreeSet<Uuid>) {
        let Some(servers) = self.servers.get().cloned().filter(|_| !ids.is_empty()) else { return };
        tokio::spawn(async move {
            for id in ids {
                servers.network_changed(id).await;
            }
        });
    }
}

#[cfg(test)]
mod tests;
