//! A private libvirt daemon, for hosts that run none.
//!
//! All that it keeps is under `STATE/libvirt`: it runs in a mount namespace of its own, in which `/run/libvirt`,
//! `/etc/libvirt` and the others are those directories, so that it never meets a daemon of the host or of another
//! Pileus. Its socket is reached from outside under the state directory.
//!
//! Machines don't depend on it: QEMU goes on when the daemon ends, and is found again by the next one. The daemon in
//! turn goes on when Pileus ends, and is adopted by the next Pileus.

mod layout;
mod process;
mod supervisor;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use layout::Layout;
pub use supervisor::DaemonStatus;
use supervisor::Supervisor;

/// How long the daemon may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Where the daemon lives.
#[derive(Debug, Clone)]
pub struct DaemonConfig {
    /// The state directory; `libvirt` in it is the daemon's.
    pub state_dir: PathBuf,
    /// The network namespace (a file such as `/run/netns/NAME`) for the daemon and the machines; `None` is the
    /// caller's own. Taps must be there.
    pub network_namespace: Option<PathBuf>,
    /// The program; `None` looks for `libvirtd` and `virtqemud` where distributions put them.
    pub program: Option<PathBuf>,
}

impl DaemonConfig {
    /// A daemon in that state directory and the caller's network namespace.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self { state_dir: state_dir.into(), network_namespace: None, program: None }
    }
}

/// Why there is no daemon.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The host has no libvirt daemon installed.
    #[error("neither libvirtd nor virtqemud is installed")]
    NotInstalled,
    /// The state directory can't be used.
    #[error("the state directory {0} can't be used: {1}")]
    StateDir(PathBuf, String),
    /// A file or directory could not be made.
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    /// The daemon did not come up.
    #[error("the libvirt daemon did not come up: {0}")]
    NotUp(String),
}

/// A private libvirt daemon that is kept alive. Dropping this leaves it, and the machines, running.
pub struct LibvirtDaemon {
    layout: Arc<Layout>,
    status: Arc<Mutex<DaemonStatus>>,
    supervisor: tokio::sync::Mutex<Option<Supervisor>>,
}

impl LibvirtDaemon {
    /// Adopts the daemon that runs in the state directory, or starts one; returns when it answers.
    pub async fn start(config: DaemonConfig) -> Result<Self, DaemonError> {
        crate::error::silence();
        let layout = Arc::new(Layout::new(config)?);
        let prepared = Arc::clone(&layout);
        tokio::task::spawn_blocking(move || prepared.prepare())
            .await
            .map_err(|error| DaemonError::NotUp(error.to_string()))??;
        let status = Arc::new(Mutex::new(DaemonStatus::default()));
        let supervisor = Supervisor::start(Arc::clone(&layout), Arc::clone(&status)).await?;
        Ok(Self { layout, status, supervisor: tokio::sync::Mutex::new(Some(supervisor)) })
    }

    /// The address to connect to.
    pub fn uri(&self) -> String {
        self.layout.uri()
    }

    /// Where the daemon writes QEMU's own messages.
    pub fn qemu_logs(&self) -> PathBuf {
        self.layout.qemu_logs()
    }

    /// What the daemon is doing.
    pub fn status(&self) -> DaemonStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the daemon, and returns when it is gone. Machines go on.
    pub async fn stop(&self) {
        if let Some(supervisor) = self.supervisor.lock().await.take() {
            supervisor.stop().await;
        }
    }
}
