//! Services that need nothing of the others but to know who asks. A line in `alone` is all that the program says of one:
//! its section of the configuration, its database, its place, its entry in the catalog and its part in the walks follow.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use contracts::identity::Tokens;
use platform::{
    db::Database,
    events::Bus,
    part::{Alone, Part, Room},
};

use crate::{config::Config, state::StateDir};

/// Hands the list to a macro: a section of the configuration, and the service.
macro_rules! alone {
    ($make:ident) => {
        $make! {
            /// Barbican.
            key_manager: barbican::Barbican,
        }
    };
}
pub(crate) use alone;

/// What they are opened with.
pub struct House<'a> {
    pub config: &'a Config,
    pub state: &'a StateDir,
    /// The folder of databases.
    pub folder: PathBuf,
    pub bus: Bus,
    /// The public address of all.
    pub url: &'a str,
    pub tokens: Arc<dyn Tokens>,
}

macro_rules! open {
    ($($(#[$doc:meta])* $section:ident: $service:ty,)*) => {
        /// Opens them all.
        pub async fn open(house: &House<'_>) -> anyhow::Result<Vec<Arc<dyn Part>>> {
            Ok(vec![$(house.open::<$service>(house.config.$section.clone()).await?,)*])
        }
    };
}
alone!(open);

impl House<'_> {
    async fn open<S: Alone>(&self, config: S::Config) -> anyhow::Result<Arc<dyn Part>> {
        let name = S::SCHEME.name;
        let database = &self.config.database;
        let db = Database::open::<S::Migrations>(database, &self.folder, name, self.bus.clone()).await?;
        let room = Room::of::<S>(self.url, self.tokens.clone(), db, config, self.state.secret(name)?);
        Ok(S::open(room).await.context(name)?)
    }
}
