//! Cinder: block storage (v3, microversions 3.0 to 3.71).
//!
//! `api/` answers, `model/` keeps rows, `backend/` holds the data, `volume/` and `snapshot/` bring about what rows say,
//! `offers.rs` is what Nova asks for. A volume's status is changed only from a status that allows it, in one statement, so
//! that of two requests one wins.

mod api;
mod backend;
mod config;
mod confined;
mod error;
mod inspect;
mod message;
mod model;
mod offers;
mod policy;
mod quota;
mod scheduler;
mod scheme;
mod snapshot;
#[cfg(test)]
mod tests;
mod transfer;
mod volume;

use std::{
    path::Path,
    sync::{Arc, OnceLock},
};

use contracts::{compute::DiskCopies, identity::Tokens, image::Images};
use platform::{
    db::{Database, DatabaseConfig, OpenError},
    events::Bus,
    http::{Base, Route, Service},
    part::Part,
    policy::Policy,
    reconcile::{self, Waker, Wakes},
};
use tokio_util::sync::CancellationToken;

pub use backend::{Backend, FileBackend, MemoryBackend};
pub use config::Config;
pub use scheme::SCHEME;

/// What Cinder needs of the others.
pub struct Needs {
    /// Its configuration.
    pub config: Config,
    /// Its database, opened with [`Cinder::open_database`].
    pub db: Database,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The public address of the service: `http://127.0.0.1:8780/volume`.
    pub endpoint: String,
    /// Glance.
    pub images: Arc<dyn Images>,
    /// Where the data is.
    pub backend: Arc<dyn Backend>,
}

/// Block storage.
pub struct Cinder {
    base: Base,
    config: Config,
    db: Database,
    images: Arc<dyn Images>,
    backend: Arc<dyn Backend>,
    copies: OnceLock<Arc<dyn DiskCopies>>,
    volumes: Waker,
    snapshots: Waker,
    wakes: std::sync::Mutex<Option<(Wakes, Wakes)>>,
}

impl Service for Cinder {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Cinder {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// The routes.
    fn router(self: Arc<Self>) -> axum::Router {
        api::router(self)
    }

    /// Starts the reconcilers. Does nothing the second time.
    fn spawn(self: Arc<Self>, cancel: CancellationToken) {
        let wakes = self.wakes.lock().ok().and_then(|mut wakes| wakes.take());
        let Some((volumes, snapshots)) = wakes else { return };
        let concurrency = self.config.concurrency;
        let volume = Arc::new(volume::VolumeReconciler::new(self.clone()));
        tokio::spawn(reconcile::run(volume, volumes, concurrency, cancel.clone()));
        let snapshot = Arc::new(snapshot::SnapshotReconciler::new(self));
        tokio::spawn(reconcile::run(snapshot, snapshots, concurrency, cancel));
    }
}

impl Cinder {
    /// Opens its database, at this release's tables.
    pub async fn open_database(
        config: &DatabaseConfig,
        folder: &Path,
        bus: Bus,
    ) -> Result<Database, OpenError> {
        Database::open::<model::Migrations>(config, folder, "cinder", bus).await
    }

    /// Cinder, with what every cloud has (the default type). Nothing runs until [`Cinder::spawn`].
    pub async fn new(needs: Needs) -> Result<Arc<Self>, OpenError> {
        Self::with_database(needs.db, needs.config, needs.tokens, needs.endpoint, needs.images, needs.backend)
            .await
    }

    pub(crate) async fn with_database(
        db: Database,
        config: Config,
        tokens: Arc<dyn Tokens>,
        endpoint: String,
        images: Arc<dyn Images>,
        backend: Arc<dyn Backend>,
    ) -> Result<Arc<Self>, OpenError> {
        let failed = |error| OpenError::Database { service: "cinder", error };
        model::volume_type::ensure_default(&db, &config.default_type).await.map_err(failed)?;
        let base = Base {
            scheme: &scheme::SCHEME,
            tokens,
            policy: Arc::new(Policy::new(policy::ALL).beside(&api::routes())),
            endpoint: endpoint.into(),
        };
        let (volumes, volume_wakes) = reconcile::channel();
        let (snapshots, snapshot_wakes) = reconcile::channel();
        let wakes = std::sync::Mutex::new(Some((volume_wakes, snapshot_wakes)));
        let copies = OnceLock::new();
        Ok(Arc::new(Self { base, config, db, images, backend, copies, volumes, snapshots, wakes }))
    }

    /// Who copies volumes that machines write to. Said once, when Nova is there.
    pub fn set_disk_copies(&self, copies: Arc<dyn DiskCopies>) {
        let _ = self.copies.set(copies);
    }
}

impl Cinder {
    /// The place of its volumes, as administrators see it: `host@backend#pool`.
    pub(crate) fn pool(&self) -> String {
        format!("{}#{}", self.backend_host(), self.backend.name())
    }
}
