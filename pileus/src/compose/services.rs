//! The services, each given what it needs of the others.

use std::sync::Arc;

use agent_protocol::HostRegistry;
use anyhow::Context;
use cinder::Cinder;
use contracts::identity::Tokens;
use glance::Glance;
use keystone::{BootstrapRequest, CatalogService, Keystone};
use neutron::Neutron;
use nova::Nova;
use placement::Placement;
use platform::{events::Bus, http::Scheme, part::Part};
use tokio_util::sync::CancellationToken;

use super::{
    alone::{self, House},
    engines::Engines,
};
use crate::{
    config::{Config, HypervisorDriver},
    front::Mounted,
    state::StateDir,
};

/// All services: those that others need by name, and the rest.
pub struct Services {
    pub keystone: Arc<Keystone>,
    pub glance: Arc<Glance>,
    pub placement: Arc<Placement>,
    pub nova: Arc<Nova>,
    pub neutron: Arc<Neutron>,
    pub cinder: Arc<Cinder>,
    alone: Vec<Arc<dyn Part>>,
}

impl Services {
    /// Opens their databases and makes what every cloud begins with.
    pub async fn open(
        config: &Config,
        state: &StateDir,
        url: &str,
        engines: &Engines,
        hosts: &HostRegistry,
        bus: Bus,
    ) -> anyhow::Result<Self> {
        let folder = state.folder("db")?;
        let database = &config.database;
        let (keystone_db, glance_db, placement_db, nova_db, neutron_db, cinder_db) = tokio::try_join!(
            async { Keystone::open_database(database, &folder, bus.clone()).await },
            async { Glance::open_database(database, &folder, bus.clone()).await },
            async { Placement::open_database(database, &folder, bus.clone()).await },
            async {
                platform::db::Database::open::<nova::Migrations>(database, &folder, "nova", bus.clone()).await
            },
            async { Neutron::open_database(database, &folder, bus.clone()).await },
            async { Cinder::open_database(database, &folder, bus.clone()).await },
        )?;

        let keystone = keystone(config, state, url, keystone_db).await.context("keystone")?;
        let tokens: Arc<dyn Tokens> = keystone.clone();
        let endpoint = |scheme: &Scheme| -> Arc<str> { format!("{url}{}", scheme.place).into() };
        let glance = Glance::new(glance::Needs {
            config: config.image.clone(),
            db: glance_db,
            tokens: tokens.clone(),
            endpoint: endpoint(&glance::SCHEME),
            folder: state.folder("images")?,
        })
        .context("glance")?;
        let placement = Placement::new(placement::Needs {
            config: config.placement.clone(),
            db: placement_db,
            tokens: tokens.clone(),
            endpoint: endpoint(&placement::SCHEME),
        });
        let neutron = Neutron::new(neutron::Needs {
            config: config.networking.clone(),
            db: neutron_db,
            tokens: tokens.clone(),
            endpoint: endpoint(&neutron::SCHEME),
            engine: engines.network(),
        });
        let backend: Arc<dyn cinder::Backend> = match config.host.driver {
            HypervisorDriver::Memory => Arc::new(cinder::MemoryBackend::new(state.folder("volumes")?)),
            _ => Arc::new(cinder::FileBackend::open(&state.folder("volumes")?).await?),
        };
        let cinder = Cinder::new(cinder::Needs {
            config: config.volume.clone(),
            db: cinder_db,
            tokens: tokens.clone(),
            endpoint: endpoint(&cinder::SCHEME).to_string(),
            images: glance.clone(),
            backend,
        })
        .await
        .context("cinder")?;
        let nova = Nova::new(nova::Needs {
            config: config.compute.clone(),
            db: nova_db,
            tokens: tokens.clone(),
            endpoint: endpoint(&nova::SCHEME),
            policy_file: None,
            hosts: Arc::new(hosts.clone()),
            images: glance.clone(),
            image_proxy: glance.clone(),
            placement: placement.clone(),
            networks: neutron.clone(),
            network_proxy: neutron.clone(),
            volumes: cinder.clone(),
        })
        .await
        .context("nova")?;
        neutron.set_server_events(nova.clone());
        cinder.set_disk_copies(nova.clone());
        neutron.set_hosts(Arc::new(hosts.clone()));
        let alone = alone::open(&House { config, state, folder, bus, url, tokens }).await?;
        let services = Self { keystone, glance, placement, nova, neutron, cinder, alone };

        let admin_project = services.bootstrap(config, state, url).await.context("keystone")?;
        let external = &config.networking.external;
        if external.enabled {
            services
                .neutron
                .ensure_external_network(&admin_project, external)
                .await
                .context("the external network")?;
        }
        Ok(services)
    }

    /// What is the same of all of them.
    pub fn all(&self) -> Vec<Arc<dyn Part>> {
        let mut all: Vec<Arc<dyn Part>> = vec![
            self.keystone.clone(),
            self.glance.clone(),
            self.placement.clone(),
            self.nova.clone(),
            self.neutron.clone(),
            self.cinder.clone(),
        ];
        all.extend(self.alone.iter().cloned());
        all
    }

    /// Each with its place under the one address.
    pub fn routers(&self) -> Vec<Mounted> {
        self.all().into_iter().map(|part| (part.base().scheme.place, part.router())).collect()
    }

    /// Starts what each does by itself.
    pub fn spawn(&self, cancel: &CancellationToken) {
        for part in self.all() {
            part.spawn(cancel.clone());
        }
    }

    /// Makes the first users and the catalog. Returns the id of the administrators' project.
    async fn bootstrap(&self, config: &Config, state: &StateDir, url: &str) -> anyhow::Result<String> {
        let all = self.all();
        let services = all.iter().map(|part| part.base().scheme).flat_map(|scheme| {
            scheme.catalog.iter().map(|entry| CatalogService {
                kind: entry.kind.into(),
                name: entry.name.into(),
                path: format!("{}{}", scheme.place, entry.path),
            })
        });
        let request = BootstrapRequest {
            admin_password: state.secret("admin-password")?,
            demo_password: Some(state.secret("demo-password")?),
            reset_admin_password: false,
            region: config.api.region.clone(),
            base_url: url.to_owned(),
            services: services.collect(),
        };
        Ok(self.keystone.bootstrap(&request).await?)
    }
}

async fn keystone(
    config: &Config,
    state: &StateDir,
    url: &str,
    db: platform::db::Database,
) -> anyhow::Result<Arc<Keystone>> {
    let keystone = Keystone::new(keystone::Needs {
        db,
        endpoint: format!("{url}{}", keystone::SCHEME.place),
        state: state.folder("keystone")?,
        config: config.identity.clone(),
        policy: None,
    });
    Ok(keystone.await?)
}
