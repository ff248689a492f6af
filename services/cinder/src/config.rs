//! What can be set.

use platform::Options;
use serde::{Deserialize, Serialize};

/// Block storage.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The type of volumes for which none is asked.
    pub default_type: String,
    /// The name of the availability zone.
    pub availability_zone: String,
    /// Volumes that a project may have; -1 for no limit.
    pub quota_volumes: i64,
    /// GiB that a project's volumes and snapshots may have together; -1 for no limit.
    pub quota_gigabytes: i64,
    /// Snapshots that a project may have; -1 for no limit.
    pub quota_snapshots: i64,
    /// GiB that one volume may have; -1 for no limit.
    pub quota_per_volume_gigabytes: i64,
    /// Volumes that are worked on at once.
    pub concurrency: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            default_type: "__DEFAULT__".into(),
            availability_zone: "nova".into(),
            quota_volumes: 10,
            quota_gigabytes: 1000,
            quota_snapshots: 10,
            quota_per_volume_gigabytes: -1,
            concurrency: 8,
        }
    }
}
