//! Nova: servers, and what they are made of. Compute API v2.1 with microversions 2.1 to 2.104.
//!
//! | module | what it is for |
//! |---|---|
//! | [`api`] | one file for each resource: routes, requests, answers |
//! | `model` | one file for each table, with all of its queries: whose a row is decides who gets it |
//! | [`server`] | the reconciler of servers: its state machine, one file for each group of steps |
//! | [`host`] | hypervisor hosts that come, go, and tell of their machines |
//! | [`scheduler`] | choosing a host |
//! | [`quota`] | limits, counted from rows |
//! | [`metadata`] | what a guest is told of itself, by the metadata service and the config drive |
//! | [`console`] | graphical consoles in a browser |
//!
//! What Nova needs of others is in [`Needs`]; what it offers is [`contracts::compute`] (see `offers.rs`).

pub mod api;
mod bootstrap;
pub mod config;
pub mod console;
pub mod error;
pub mod host;
mod keys;
pub mod metadata;
mod model;
mod offers;
pub mod policy;
pub mod quota;
pub mod scheduler;
mod scheme;
pub mod server;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod times;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use axum::Router;
use contracts::{
    hosts::Hosts, identity::Tokens, image::Images, image_proxy::ImageProxy, network::Networks,
    network_proxy::NetworkProxy, placement::Placement, volume::Volumes,
};
use platform::{
    db::Database,
    http::{Base, Route, Service},
    part::Part,
    policy::Policy,
    reconcile::{self, Waker, Wakes},
};
use tokio_util::sync::CancellationToken;

pub use config::Config;
pub use model::Migrations;
pub use scheme::SCHEME;

/// What Nova needs.
pub struct Needs {
    /// Its options.
    pub config: Config,
    /// Its database, opened with [`Migrations`] under the name `nova`.
    pub db: Database,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The public address: `http://HOST:PORT/compute`, without a slash at the end.
    pub endpoint: Arc<str>,
    /// A file of policy rules that replace the defaults.
    pub policy_file: Option<PathBuf>,
    /// The hypervisor hosts.
    pub hosts: Arc<dyn Hosts>,
    /// Glance.
    pub images: Arc<dyn Images>,
    /// Glance, as the old API shows it.
    pub image_proxy: Arc<dyn ImageProxy>,
    /// Placement.
    pub placement: Arc<dyn Placement>,
    /// Neutron.
    pub networks: Arc<dyn Networks>,
    /// Neutron, as the old API shows it.
    pub network_proxy: Arc<dyn NetworkProxy>,
    /// Cinder.
    pub volumes: Arc<dyn Volumes>,
}

/// Why Nova can't begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database refuses.
    #[error("database of nova: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// The policy file can't be read.
    #[error(transparent)]
    Policy(#[from] platform::config::ConfigError),
}

/// Nova.
pub struct Nova {
    base: Base,
    /// Its options.
    pub config: Config,
    /// Its database.
    pub db: Database,
    pub(crate) hosts: Arc<dyn Hosts>,
    pub(crate) images: Arc<dyn Images>,
    pub(crate) image_proxy: Arc<dyn ImageProxy>,
    pub(crate) placement: Arc<dyn Placement>,
    pub(crate) networks: Arc<dyn Networks>,
    pub(crate) network_proxy: Arc<dyn NetworkProxy>,
    pub(crate) volumes: Arc<dyn Volumes>,
    pub(crate) servers: Waker,
    pub(crate) addresses: Waker,
    /// Members of server groups are placed one at a time: each must see where the others are.
    pub(crate) grouping: tokio::sync::Mutex<()>,
    ends: Mutex<Option<(Wakes, Wakes)>>,
}

impl Service for Nova {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Nova {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// Its API, to be nested under `/compute`.
    fn router(self: Arc<Self>) -> Router {
        let inner = platform::http::mount(api::routes(), self.clone()).merge(console::router(self));
        api::paths::lenient(inner)
    }

    /// Starts what runs by itself: the reconcilers, and the watch over hosts. Once; it ends with `cancel`.
    fn spawn(self: Arc<Self>, cancel: CancellationToken) {
        let Some((servers, addresses)) = self.ends.lock().ok().and_then(|mut ends| ends.take()) else {
            return;
        };
        let concurrency = self.config.concurrency;
        let reconciler = Arc::new(server::ServerReconciler(self.clone()));
        tokio::spawn(reconcile::run(reconciler, servers, concurrency, cancel.clone()));
        let reconciler = Arc::new(server::AddressReconciler(self.clone()));
        tokio::spawn(reconcile::run(reconciler, addresses, 16, cancel.clone()));
        tokio::spawn(host::watch(self, cancel));
    }
}

impl Nova {
    /// Nova, with its first flavors made. Nothing runs until [`Nova::spawn`].
    pub async fn new(needs: Needs) -> Result<Arc<Self>, OpenError> {
        let rules = Policy::new(policy::RULES).beside(&api::routes());
        if let Some(file) = &needs.policy_file {
            rules.load(file)?;
        }
        let base =
            Base { scheme: &SCHEME, tokens: needs.tokens, policy: Arc::new(rules), endpoint: needs.endpoint };
        bootstrap::flavors(&needs.db).await?;
        let (servers, server_wakes) = reconcile::channel();
        let (addresses, address_wakes) = reconcile::channel();
        Ok(Arc::new(Self {
            base,
            config: needs.config,
            db: needs.db,
            hosts: needs.hosts,
            images: needs.images,
            image_proxy: needs.image_proxy,
            placement: needs.placement,
            networks: needs.networks,
            network_proxy: needs.network_proxy,
            volumes: needs.volumes,
            servers,
            addresses,
            grouping: tokio::sync::Mutex::new(()),
            ends: Mutex::new(Some((server_wakes, address_wakes))),
        }))
    }
}
