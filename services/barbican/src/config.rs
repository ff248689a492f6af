//! What can be set.

use std::collections::BTreeMap;

use platform::Options;
use serde::{Deserialize, Serialize};

/// The key manager.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The longest payload, in bytes as it is sent.
    pub max_payload_bytes: usize,
    /// How many a list shows when no limit is asked for.
    pub page: u64,
    /// The most that a list shows at once, whatever limit is asked for.
    pub max_page: u64,
    /// How many a project may have of what: `{ secrets = 100, consumers = 500 }`. What is not named has no limit.
    pub quotas: BTreeMap<String, u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_payload_bytes: 20_000, page: 10, max_page: 100, quotas: BTreeMap::new() }
    }
}
