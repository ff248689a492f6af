//! The services, each given what it needs of the others.

use std::sync::Arc;

use agent_protocol::HostRegistry;
use anyhow::Context;
use axum::Router;
use cinder::Cinder;
use contracts::identity::Tokens;
use glance::Glance;
use keystone::{BootstrapRequest, Keystone};
use neutron::Neutron;
use nova::Nova;
use placement::Placement;
use platform::events::Bus;
use tokio_util::sync::CancellationToken;

use super::engines::Engines;
use crate::{
    config::{Config, HypervisorDriver},
    front::Mounted,
    state::StateDir,
};

/// All services.
pub struct Services {
    pub keystone: Arc<Keystone>,
    pub glance: Arc<Glance>,
    pub placement: Arc<Placement>,
    pub nova: Arc<Nova>,
    pub neutron: Arc<Neutron>,
    pub cinder: Arc<Cinder>,
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

        let (keystone, admin_project) =
            keystone(config, state, url, keystone_db).await.context("keystone")?;
        let tokens: Arc<dyn Tokens> = keystone.clone();
        let endpoint = |place: &str| -> Arc<str> { format!("{url}{place}").into() };
        let glance = Glance::new(glance::Needs {
            config: config.image.clone(),
            db: glance_db,
            tokens: tokens.clone(),
            endpoint: endpoint("/image"),
            folder: state.folder("images")?,
        })
        .context("glance")?;
        let placement = Placement::new(placement::Needs {
            config: config.placement.clone(),
            db: placement_db,
            tokens: tokens.clone(),
            endpoint: endpoint("/placement"),
        });
        let neutron = Neutron::new(neutron::Needs {
            config: config.networking.clone(),
            db: neutron_db,
            tokens: tokens.clone(),
            endpoint: endpoint("/networking"),
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
            endpoint: format!("{url}/volume"),
            images: glance.clone(),
            backend,
        })
        .await
        .context("cinder")?;
        let nova = Nova::new(nova::Needs {
            config: config.compute.clone(),
            db: nova_db,
            tokens,
            endpoint: endpoint("/compute"),
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
        let external = &config.networking.external;
        if external.enabled {
            neutron
                .ensure_external_network(&admin_project, external)
                .await
                .context("the external network")?;
        }
        Ok(Self { keystone, glance, placement, nova, neutron, cinder })
    }

    /// Each with its place under the one address.
    pub fn routers(&self) -> Vec<(&'static str, Router)> {
        let mounted: Vec<Mounted> = vec![
            ("/identity", self.keystone.clone().router()),
            ("/image", self.glance.clone().router()),
            ("/placement", self.placement.clone().router()),
            ("/compute", self.nova.clone().router()),
            ("/networking", self.neutron.clone().router()),
            ("/volume", self.cinder.clone().router()),
        ];
        mounted
    }

    /// Starts what each does by itself.
    pub fn spawn(&self, cancel: &CancellationToken) {
        self.keystone.spawn(cancel.clone());
        self.glance.spawn(cancel.clone());
        self.neutron.spawn(cancel.clone());
        self.cinder.spawn(cancel.clone());
        self.nova.spawn(cancel.clone());
    }
}

async fn keystone(
    config: &Config,
    state: &StateDir,
    url: &str,
    db: platform::db::Database,
) -> anyhow::Result<(Arc<Keystone>, String)> {
    let keystone = Keystone::new(keystone::Needs {
        db,
        endpoint: format!("{url}/identity"),
        state: state.folder("keystone")?,
        config: config.identity.clone(),
        policy: None,
    })
    .await?;
    let request = BootstrapRequest {
        admin_password: state.secret("admin-password")?,
        demo_password: Some(state.secret("demo-password")?),
        reset_admin_password: false,
        region: config.api.region.clone(),
        base_url: url.to_owned(),
        services: keystone::standard_services(),
    };
    let admin_project = keystone.bootstrap(&request).await?;
    Ok((keystone, admin_project))
}
