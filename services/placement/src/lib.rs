//! Placement: which resource providers (hypervisor hosts, and parts of them) have room, and who has taken it.
//!
//! * [`api`]: the API, 1.0 to 1.39.
//! * [`allocate`]: giving room to consumers, never twice.
//! * [`candidates`]: finding providers with room.
//! * [`model`]: the tables.
//!
//! Usage is never stored: it is the sum of the allocations, counted where it is needed.

pub mod allocate;
pub mod api;
pub mod candidates;
pub mod error;
pub mod filter;
pub mod model;
mod offers;
pub mod policy;
mod scheme;
pub mod standard;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use axum::Router;
use contracts::identity::Tokens;
use platform::{
    Options,
    db::{Database, DatabaseConfig, OpenError},
    events::Bus,
    http::{Base, Route, Service},
    part::Part,
    policy::Policy,
};
use serde::{Deserialize, Serialize};

pub use model::Migrations;
pub use scheme::SCHEME;

/// Placement's options.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The most allocation candidates that one answer holds, whatever limit is asked for.
    pub max_allocation_candidates: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_allocation_candidates: 10_000 }
    }
}

/// What Placement needs.
pub struct Needs {
    /// Its options.
    pub config: Config,
    /// Its database.
    pub db: Database,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The public address: `http://HOST/placement`.
    pub endpoint: Arc<str>,
}

/// The service.
pub struct Placement {
    pub(crate) base: Base,
    pub(crate) db: Database,
    pub(crate) config: Config,
}

impl Service for Placement {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Placement {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// The API.
    fn router(self: Arc<Self>) -> Router {
        platform::http::mount(api::routes(), self)
    }
}

impl Placement {
    /// Opens its database, at the release's tables.
    pub async fn open_database(
        config: &DatabaseConfig,
        folder: &Path,
        bus: Bus,
    ) -> Result<Database, OpenError> {
        Database::open::<Migrations>(config, folder, "placement", bus).await
    }

    /// Ready to serve.
    pub fn new(needs: Needs) -> Arc<Self> {
        let Needs { config, db, tokens, endpoint } = needs;
        let policy = Arc::new(Policy::new(policy::ALL).beside(&api::routes()));
        Arc::new(Self { base: Base { scheme: &SCHEME, tokens, policy, endpoint }, db, config })
    }

    /// Its policy, for an operator's overrides.
    pub fn policy(&self) -> &Policy {
        &self.base.policy
    }
}
