//! Glance's options.

use std::path::PathBuf;

use platform::Options;
use serde::{Deserialize, Serialize};

/// Glance's options.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where images are kept: `images` under the state directory unless named.
    pub folder: Option<PathBuf>,
    /// The largest content, in bytes.
    pub max_image_size: u64,
    /// The largest virtual size that an image may declare, in bytes.
    pub max_virtual_size: u64,
    /// Whether content that is no known format is refused where a known disk format was declared. What is known to be something else, or unsafe, is always refused.
    pub require_format_match: bool,
    /// The most images that a project may have. Unset: any number.
    pub images_per_project: Option<u64>,
    /// The most bytes that a project's images may hold. Unset: any number.
    pub bytes_per_project: Option<u64>,
    /// The most projects that an image may be shared with.
    pub members_per_image: usize,
    /// Whether images may be imported from the web (`web-download`).
    pub web_download: bool,
    /// Hosts that images may be imported from although their addresses are not public, by name.
    pub web_download_hosts: Vec<String>,
    /// The certificate authorities that are trusted for imports over https, in PEM.
    pub web_download_ca: PathBuf,
    /// Imports carried out at once.
    pub imports_at_once: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: None,
            max_image_size: 1 << 40,
            max_virtual_size: 64 << 40,
            require_format_match: true,
            images_per_project: None,
            bytes_per_project: None,
            members_per_image: 128,
            web_download: false,
            web_download_hosts: Vec::new(),
            web_download_ca: "/etc/ssl/certs/ca-certificates.crt".into(),
            imports_at_once: 4,
        }
    }
}

impl Config {
    /// The ways of import that are open.
    pub fn import_methods(&self) -> Vec<&'static str> {
        if self.web_download { vec!["glance-direct", "web-download"] } else { vec!["glance-direct"] }
    }
}
