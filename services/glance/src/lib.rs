//! Glance: images, from which machines and volumes begin.
//!
//! * [`api`]: Image v2.
//! * [`image`]: who may see images, and how they change.
//! * [`content`]: their content: uploads, the store, downloads, what is removed.
//! * [`inspect`]: a look into content before anybody trusts it.
//! * [`import`]: content that was staged, or is fetched from the web.
//! * [`model`]: the tables.

pub mod api;
mod config;
pub mod content;
mod error;
pub mod image;
pub mod import;
pub mod inspect;
pub mod model;
mod offers;
pub mod policy;
mod proxy;
mod scheme;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, Weak},
};

use axum::Router;
use contracts::identity::Tokens;
use platform::{
    db::{Database, DatabaseConfig, OpenError},
    events::Bus,
    http::{Base, Route, Service},
    part::Part,
    policy::Policy,
    reconcile::{self, Waker, Wakes},
};
use tokio_util::sync::CancellationToken;

use content::store::{FileStore, Store};

pub use config::Config;
pub use error::Error;
pub use model::Migrations;
pub use scheme::SCHEME;

/// What Glance needs.
pub struct Needs {
    /// Its options.
    pub config: Config,
    /// Its database.
    pub db: Database,
    /// Who checks tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The public address: `http://HOST/image`.
    pub endpoint: Arc<str>,
    /// Where content is kept, unless the options say another place.
    pub folder: PathBuf,
}

/// The service.
pub struct Glance {
    pub(crate) base: Base,
    pub(crate) db: Database,
    pub(crate) config: Config,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) collector: Waker,
    pub(crate) importer: Waker,
    /// Who writes content: the place, then this process.
    pub(crate) writer: String,
    wakes: Mutex<Option<(Wakes, Wakes)>>,
    /// Itself, for work that goes on when the call that began it is gone.
    me: Weak<Self>,
}

impl Service for Glance {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Glance {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// The API.
    fn router(self: Arc<Self>) -> Router {
        platform::http::mount(api::routes(), self)
    }

    /// Starts its reconcilers, until cancelled. Once.
    fn spawn(self: Arc<Self>, cancel: CancellationToken) {
        let wakes = self.wakes.lock().ok().and_then(|mut wakes| wakes.take());
        let Some((collected, imported)) = wakes else { return };
        let collector = Arc::new(content::collect::Collector::new(&self));
        let importer = Arc::new(import::Importer::new(&self));
        tokio::spawn(reconcile::run(collector, collected, 4, cancel.clone()));
        tokio::spawn(reconcile::run(importer, imported, self.config.imports_at_once, cancel));
    }
}

impl Glance {
    /// Opens its database, at the release's tables.
    pub async fn open_database(
        config: &DatabaseConfig,
        folder: &Path,
        bus: Bus,
    ) -> Result<Database, OpenError> {
        Database::open::<Migrations>(config, folder, "glance", bus).await
    }

    /// Ready to serve.
    pub fn new(needs: Needs) -> Result<Arc<Self>, OpenError> {
        let Needs { config, db, tokens, endpoint, folder } = needs;
        let folder = config.folder.clone().unwrap_or(folder);
        let store = FileStore::open(&folder)
            .map_err(|error| OpenError::Folder(folder.display().to_string(), error))?;
        let policy = Arc::new(Policy::new(policy::ALL).beside(&api::routes()));
        let (collector, collected) = reconcile::channel();
        let (importer, imported) = reconcile::channel();
        Ok(Arc::new_cyclic(|me| Self {
            base: Base { scheme: &SCHEME, tokens, policy, endpoint },
            db,
            config,
            store: Arc::new(store),
            collector,
            importer,
            writer: writer(&folder),
            wakes: Mutex::new(Some((collected, imported))),
            me: me.clone(),
        }))
    }

    /// Its policy, for an operator's overrides.
    pub fn policy(&self) -> &Policy {
        &self.base.policy
    }
}

/// The host and the folder, then something new for each start.
fn writer(folder: &Path) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let place: String = format!("{}:{}", host.trim(), folder.display()).replace('#', "_");
    // The column holds 255: the end of a long path tells more than its start.
    let start = place.char_indices().rev().nth(180).map_or(0, |(at, _)| at);
    format!("{}#{}", &place[start..], uuid::Uuid::new_v4())
}
