//! The daemons of OVN and Open vSwitch that Pileus needs, under a directory of its own.
//!
//! A controller needs the Northbound and Southbound databases and northd; a host needs the local database, vswitchd and
//! ovn-controller. The daemons outlive Pileus: packets flow while it is restarted or upgraded. At the next start those
//! that run with the right arguments are adopted, and the others started. A loop starts again what died.

mod chassis;
mod config;
mod database;
mod external_bridge;
mod paths;
mod process;
mod program;
mod supervision;

use std::sync::Arc;

use contracts::driver::DriverResult;
use tokio::{sync::Mutex, task::JoinHandle};
use tokio_util::sync::CancellationToken;

pub use self::{
    config::{CentralConfig, ChassisConfig, DaemonsConfig, ExternalBridge},
    paths::Paths,
};
use self::{process::Daemon, program::Program};
use crate::{local_database, ovsdb::Client};

/// A daemon as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonStatus {
    /// Its name, such as `ovn-northd`.
    pub name: &'static str,
    /// Its process, when it lives.
    pub pid: Option<i32>,
}

impl DaemonStatus {
    /// Whether it lives.
    pub fn alive(&self) -> bool {
        self.pid.is_some()
    }
}

/// The daemons of this controller, this host, or both. Dropping it leaves them running, unsupervised.
pub struct OvnDaemons {
    paths: Paths,
    supervised: Arc<Supervised>,
    supervision: Mutex<Option<JoinHandle<()>>>,
    end: CancellationToken,
}

/// What the supervision loop works on.
struct Supervised {
    config: DaemonsConfig,
    paths: Paths,
    daemons: Vec<Daemon>,
    local: Option<Arc<Client>>,
}

impl OvnDaemons {
    /// Adopts or starts all that the configuration names, and returns when every one of them answers.
    pub async fn start(config: DaemonsConfig) -> DriverResult<Self> {
        let paths = Paths::prepare(&config.state)?;
        let daemons = program::all(&config, &paths)?.into_iter().map(Daemon::new).collect();
        let local = config.chassis.as_ref().map(|_| local_database::connect(paths.local_endpoint()));
        let supervised = Arc::new(Supervised { config, paths: paths.clone(), daemons, local });
        supervised.bring_up().await?;
        let end = CancellationToken::new();
        let supervision = Mutex::new(Some(tokio::spawn(supervision::run(supervised.clone(), end.clone()))));
        Ok(OvnDaemons { paths, supervised, supervision, end })
    }

    /// Where the daemons' sockets, databases and logs are: [`Paths::northbound`] and the like.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The daemons, as they are now.
    pub fn status(&self) -> Vec<DaemonStatus> {
        let daemons = self.supervised.daemons.iter();
        daemons.map(|daemon| DaemonStatus { name: daemon.name(), pid: daemon.living() }).collect()
    }

    /// Ends supervision and all daemons: those of the host first, the databases last.
    pub async fn stop(&self) -> DriverResult<()> {
        if let Some(supervision) = self.supervision.lock().await.take() {
            // It must not start again what is ended below.
            self.end.cancel();
            let _ = supervision.await;
        }
        for daemon in self.supervised.daemons.iter().rev() {
            daemon.stop().await?;
        }
        Ok(())
    }
}

impl Drop for OvnDaemons {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

impl Supervised {
    fn daemon(&self, program: Program) -> Option<&Daemon> {
        self.daemons.iter().find(|daemon| daemon.program() == program)
    }

    async fn ensure(&self, program: Program) -> DriverResult<()> {
        match self.daemon(program) {
            Some(daemon) => daemon.ensure(&self.paths).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// Everything, as much at once as the order of dependence allows: a daemon that finds its database absent would wait
    /// a second before it looks again.
    async fn bring_up(&self) -> DriverResult<()> {
        let local = async {
            self.ensure(Program::LocalDatabase).await?;
            self.configure_chassis().await
        };
        tokio::try_join!(
            self.ensure(Program::NorthboundDatabase),
            self.ensure(Program::SouthboundDatabase),
            local
        )?;
        let host = async {
            self.ensure(Program::Vswitchd).await?;
            // The way to the controllers may lead over that bridge.
            self.configure_external_bridge().await?;
            self.ensure(Program::Controller).await
        };
        tokio::try_join!(self.ensure(Program::Northd), host)?;
        Ok(())
    }

    async fn configure_chassis(&self) -> DriverResult<()> {
        let (Some(chassis), Some(local)) = (&self.config.chassis, &self.local) else { return Ok(()) };
        chassis::configure(local, chassis, &self.paths).await
    }

    async fn configure_external_bridge(&self) -> DriverResult<()> {
        let Some(chassis) = &self.config.chassis else { return Ok(()) };
        let Some(bridge) = &chassis.external else { return Ok(()) };
        let userspace = chassis::datapath(chassis) == "netdev";
        external_bridge::configure(bridge, userspace, self.config.namespace.clone()).await
    }
}
