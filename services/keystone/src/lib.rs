//! Keystone: who is calling, what they may, and where everything is (Identity v3).
//!
//! * [`Keystone`] is the service; [`Needs`] is what it stands on, [`Config`] what an operator may choose.
//! * [`BootstrapRequest`] makes the first domain, projects, users, roles and the catalog, as often as it is asked.
//! * Other services know it as [`contracts::identity::Tokens`] and [`contracts::identity::Identity`].
//!
//! Inside: `authority` issues and checks tokens; `directory` knows users, projects and roles and remembers them until
//! anything changes; `change` is the one way to change something; `api` has a file for each resource, `model` one for
//! each table.

mod api;
mod application;
mod assignments;
mod authority;
mod bootstrap;
mod catalog;
mod change;
mod config;
mod deletion;
mod directory;
mod error;
mod ids;
mod keys;
mod lockout;
mod memory;
mod model;
mod offers;
mod passwords;
mod places;
mod policy;
mod roles;
mod scheme;
mod signature;
mod sweep;
#[cfg(test)]
mod tests;
mod token;
mod trusts;

use std::{path::PathBuf, sync::Arc};

use platform::{
    db::Database,
    http::{Base, Route, Service, mount_lenient},
    part::Part,
    policy::Policy,
};
use tokio_util::sync::CancellationToken;

pub use bootstrap::{BootstrapRequest, CatalogService};
pub use config::Config;
pub use error::{BootstrapError, StartError};
pub use scheme::SCHEME;

use crate::{authority::Authority, keys::KeyRepository, passwords::Passwords};

/// The name of Keystone's database.
pub const DATABASE: &str = "keystone";

/// What Keystone stands on.
#[derive(Debug)]
pub struct Needs {
    /// Its database, opened with [`Keystone::open_database`].
    pub db: Database,
    /// The public address under which its router is mounted, without a slash at the end: `http://127.0.0.1:8780/identity`.
    pub endpoint: String,
    /// A folder of its own for keys.
    pub state: PathBuf,
    /// What the operator chose.
    pub config: Config,
    /// An operator's policy file, if there is one.
    pub policy: Option<PathBuf>,
}

/// The identity service.
pub struct Keystone {
    base: Base,
    db: Database,
    authority: Arc<Authority>,
    passwords: Passwords,
    credential_keys: KeyRepository,
    config: Config,
}

impl Keystone {
    /// Opens the database and brings it to this release.
    pub async fn open_database(
        config: &platform::db::DatabaseConfig,
        folder: &std::path::Path,
        bus: platform::events::Bus,
    ) -> Result<Database, platform::db::OpenError> {
        Database::open::<model::migrations::Migrations>(config, folder, DATABASE, bus).await
    }

    /// Makes the service; its key repositories are made when they are not there.
    pub async fn new(needs: Needs) -> Result<Arc<Self>, StartError> {
        let Needs { db, endpoint, state, config, policy: file } = needs;
        let policy = Policy::new(policy::RULES).beside(&api::routes());
        if let Some(file) = file {
            policy.load(&file)?;
        }
        let token_keys = KeyRepository::open(&state.join("fernet-keys"), config.max_active_keys)?;
        let credential_keys = KeyRepository::open(&state.join("credential-keys"), config.max_active_keys)?;
        let authority = Arc::new(Authority::new(db.clone(), token_keys, config.clone()));
        let passwords = Passwords::new(&config)?;
        let base = Base {
            scheme: &scheme::SCHEME,
            tokens: authority.clone(),
            policy: Arc::new(policy),
            endpoint: endpoint.trim_end_matches('/').into(),
        };
        Ok(Arc::new(Self { base, db, authority, passwords, credential_keys, config }))
    }

    /// Makes a new primary key for tokens: the staged key is promoted and a new one staged. Tokens issued so far stay valid
    /// as long as their key is kept (`max_active_keys`).
    pub fn rotate(&self) -> std::io::Result<()> {
        self.authority.rotate_keys()
    }
}

impl Service for Keystone {
    fn base(&self) -> &Base {
        &self.base
    }
}

impl Part for Keystone {
    fn routes(&self) -> Vec<Route> {
        api::routes().into_table()
    }

    /// Its HTTP interface; it is given paths without the `/identity` under which it is. As in Keystone, a path may end
    /// with a slash.
    fn router(self: Arc<Self>) -> axum::Router {
        mount_lenient(api::routes(), self)
    }

    /// Starts what it does by itself: forgetting what has expired.
    fn spawn(self: Arc<Self>, cancel: CancellationToken) {
        sweep::spawn(self, cancel);
    }
}
