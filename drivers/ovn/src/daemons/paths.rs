//! Where the daemons' files are.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use contracts::driver::{DriverError, DriverResult};

use crate::ovsdb::Endpoint;

/// Longest path that a Unix socket can have, less the longest name that is put behind the directory.
const LONGEST_STATE: usize = 107 - "/run/ovn-controller.4194304.ctl".len();

/// The files of one set of daemons.
#[derive(Debug, Clone)]
pub struct Paths {
    state: PathBuf,
}

impl Paths {
    /// Makes the directories.
    pub(super) fn prepare(state: &Path) -> DriverResult<Self> {
        let failed =
            |what: &Path, error: std::io::Error| DriverError::Refused(format!("{}: {error}", what.display()));
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        for part in ["run", "db", "log"] {
            let part = state.join(part);
            builder.create(&part).map_err(|error| failed(&part, error))?;
        }
        let state = state.canonicalize().map_err(|error| failed(state, error))?;
        if state.as_os_str().len() > LONGEST_STATE {
            return Err(DriverError::Refused(format!(
                "{}: too long a path for sockets in it",
                state.display()
            )));
        }
        Ok(Paths { state })
    }

    /// The directory of sockets and pid files: `OVS_RUNDIR` and `OVN_RUNDIR` for the command-line tools.
    pub fn run(&self) -> PathBuf {
        self.state.join("run")
    }

    /// Where the Northbound database listens, for [`crate::northbound::OvnNorthbound::connect`].
    pub fn northbound(&self) -> String {
        format!("unix:{}", self.northbound_socket().display())
    }

    /// Where the Southbound database listens.
    pub fn southbound(&self) -> String {
        format!("unix:{}", self.southbound_socket().display())
    }

    /// Where the host's local database listens, for [`crate::wiring::OvsWiring::connect`].
    pub fn local(&self) -> String {
        format!("unix:{}", self.local_socket().display())
    }

    pub(super) fn local_endpoint(&self) -> Endpoint {
        Endpoint::unix(self.local_socket())
    }

    pub(super) fn northbound_socket(&self) -> PathBuf {
        self.run().join("ovnnb_db.sock")
    }

    pub(super) fn southbound_socket(&self) -> PathBuf {
        self.run().join("ovnsb_db.sock")
    }

    pub(super) fn local_socket(&self) -> PathBuf {
        self.run().join("db.sock")
    }

    pub(super) fn database(&self, name: &str) -> PathBuf {
        self.state.join("db").join(name)
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.state.join("log").join(format!("{name}.log"))
    }

    pub(super) fn pid_file(&self, name: &str) -> PathBuf {
        self.run().join(format!("{name}.pid"))
    }

    pub(super) fn control(&self, name: &str) -> PathBuf {
        self.run().join(format!("{name}.ctl"))
    }
}
