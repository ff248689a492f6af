//! Barbican: the key manager (v1).
//!
//! * [`api`]: secrets, their payloads and what users note beside them.
//! * [`vault`]: payloads are sealed at rest, each project's by a key of its own that is derived from the cloud's secret.
//! * [`content`]: in which form payloads come and go.
//! * [`model`]: the tables. A secret belongs to a project; an expired one is not there.

mod api;
mod config;
mod content;
mod error;
mod model;
mod quota;
mod scheme;
#[cfg(test)]
mod tests;
mod vault;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use platform::{
    db::{Database, OpenError},
    http::{Base, Route, Routes, Scheme, Service},
    part::{Alone, Part, Room},
};

pub use config::Config;
pub use scheme::SCHEME;

/// The key manager.
pub struct Barbican {
    base: Base,
    db: Database,
    config: Config,
    vault: vault::Vault,
}

impl Service for Barbican {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Barbican {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    fn router(self: Arc<Self>) -> Router {
        platform::http::mount_lenient(api::routes(), self)
    }
}

#[async_trait]
impl Alone for Barbican {
    const SCHEME: &'static Scheme = &SCHEME;
    type Config = Config;
    type Migrations = model::Migrations;

    fn api() -> Routes<Self> {
        api::routes()
    }

    async fn open(room: Room<Config>) -> Result<Arc<Self>, OpenError> {
        let Room { base, db, config, secret } = room;
        Ok(Arc::new(Self { base, db, config, vault: vault::Vault::new(&secret) }))
    }
}
