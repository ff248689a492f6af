//! Nova's options.

use platform::Options;
use serde::{Deserialize, Serialize};

/// Nova's options.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How many servers are worked on at once.
    pub concurrency: usize,
    /// How many hosts are tried for a server before it is given up.
    pub max_attempts: usize,
    /// Seconds that a guest is given to shut down before it is stopped by force.
    pub shutdown_timeout: u32,
    /// Milliseconds for which a started server waits for the network to report its ports wired before it is ACTIVE anyway.
    pub vif_plugging_timeout_ms: u64,
    /// Processors given out for each one that a host has.
    pub cpu_allocation_ratio: f64,
    /// Memory given out for all that a host has.
    pub ram_allocation_ratio: f64,
    /// Disk given out for all that a host has.
    pub disk_allocation_ratio: f64,
    /// Memory of each host, in MiB, that servers never get.
    pub reserved_host_memory_mb: u64,
    /// The availability zone of hosts that are in none.
    pub default_availability_zone: String,
    /// Whether servers that ran when their host went down are started when it comes back.
    pub resume_guests_state_on_host_boot: bool,
    /// Whether machines on a host that Nova has never heard of are removed. (Those of deleted servers always are.)
    pub remove_unknown_machines: bool,
    /// Seconds between two comparisons of what hosts run with what they should run.
    pub sync_power_interval: u64,
    /// The files of noVNC. Consoles in a browser need them.
    pub novnc_path: String,
    /// Host names, besides the one of the request itself, from whose pages a console may be opened.
    pub console_allowed_origins: Vec<String>,
    /// Seconds that a console's address is good for.
    pub console_token_ttl: u32,
    /// Whether every server has a config drive.
    pub force_config_drive: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            concurrency: 128,
            max_attempts: 3,
            shutdown_timeout: 60,
            vif_plugging_timeout_ms: 3000,
            cpu_allocation_ratio: 16.0,
            ram_allocation_ratio: 1.0,
            disk_allocation_ratio: 1.0,
            reserved_host_memory_mb: 512,
            default_availability_zone: "nova".into(),
            resume_guests_state_on_host_boot: false,
            remove_unknown_machines: false,
            sync_power_interval: 60,
            novnc_path: "/usr/share/novnc".into(),
            console_allowed_origins: Vec::new(),
            console_token_ttl: 600,
            force_config_drive: false,
        }
    }
}
