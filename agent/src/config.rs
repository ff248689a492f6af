//! What an agent must be told.

use std::path::PathBuf;

/// Where a host keeps what it has, and how much it does at once.
#[derive(Debug, Clone)]
pub struct AgentConfig {
    /// The host's name: that of its certificate.
    pub host: String,
    /// Its address for tunnels and consoles.
    pub address: String,
    /// The folder for images and machines. Absolute.
    pub state_dir: PathBuf,
    /// The folder for sockets, used when those in `state_dir` would have longer names than the kernel takes. Absolute.
    pub run_dir: PathBuf,
    /// What is really kept there.
    pub storage: Storage,
    /// How many machines are made or started at once.
    pub parallel_starts: usize,
    /// How many images are fetched at once.
    pub parallel_downloads: usize,
    /// How many snapshots are taken at once.
    pub parallel_snapshots: usize,
}

/// What of its machines a host keeps on its disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// Images, disks, config drives and the journal.
    Real,
    /// Folders only: for a hypervisor that keeps its machines in memory and never opens a disk.
    Simulated,
}

impl AgentConfig {
    /// A host of that name and address that keeps its state there.
    pub fn new(host: impl Into<String>, address: impl Into<String>, state_dir: impl Into<PathBuf>) -> Self {
        Self {
            host: host.into(),
            address: address.into(),
            state_dir: state_dir.into(),
            run_dir: PathBuf::from("/run/pileus-agent"),
            storage: Storage::Real,
            parallel_starts: 8,
            parallel_downloads: 4,
            parallel_snapshots: 2,
        }
    }
}
