//! The whole configuration: one section for each concern, declared beside what it configures.

use std::{net::SocketAddr, path::Path};

use anyhow::Context;
use platform::{Options, db::DatabaseConfig, telemetry::LogConfig};
use serde::{Deserialize, Serialize};

macro_rules! config {
    ($($(#[$doc:meta])* $section:ident: $service:ty,)*) => {
        /// The whole configuration.
        #[derive(Debug, Clone, Default, Serialize, Deserialize, Options)]
        #[serde(default, deny_unknown_fields)]
        pub struct Config {
            /// The port behind which every API stands.
            #[option(section)]
            pub api: ApiConfig,
            /// Where state is kept.
            #[option(section)]
            pub database: DatabaseConfig,
            /// What is logged.
            #[option(section)]
            pub log: LogConfig,
            /// The hypervisor host that this process is.
            #[option(section)]
            pub host: HostConfig,
            /// Networks.
            #[option(section)]
            pub network: NetworkConfig,
            /// Keystone.
            #[option(section)]
            pub identity: keystone::Config,
            /// Glance.
            #[option(section)]
            pub image: glance::Config,
            /// Placement.
            #[option(section)]
            pub placement: placement::Config,
            /// Nova.
            #[option(section)]
            pub compute: nova::Config,
            /// Neutron.
            #[option(section)]
            pub networking: neutron::Config,
            /// Cinder.
            #[option(section)]
            pub volume: cinder::Config,
            $($(#[$doc])* #[option(section)] pub $section: <$service as platform::part::Alone>::Config,)*
        }
    };
}
crate::compose::alone::alone!(config);

/// The port behind which every API stands.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct ApiConfig {
    /// Address and port. Other than on a loopback address, the APIs are served by TLS only.
    pub listen: SocketAddr,
    /// The address that the catalog names, when it is another than `listen` (behind a load balancer): `https://cloud.example`.
    pub public_url: String,
    /// Certificate chain (PEM) for TLS. Empty: one is made and signed by the cloud's own authority, when TLS is needed.
    pub tls_certificate: String,
    /// The certificate's private key (PEM).
    pub tls_key: String,
    /// Serve TLS on a loopback address too.
    pub tls: bool,
    /// Where agents of other hosts connect, by mutual TLS. Empty: they can't.
    pub agents_listen: String,
    /// The region's name in the catalog.
    pub region: String,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8780)),
            public_url: String::new(),
            tls_certificate: String::new(),
            tls_key: String::new(),
            tls: false,
            agents_listen: String::new(),
            region: "RegionOne".into(),
        }
    }
}

/// The hypervisor host that this process is.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct HostConfig {
    /// Its name among hosts. Empty: the machine's host name.
    pub name: String,
    /// `libvirt`, `memory` (machines that exist in memory only, for tests of scale) or `none` (controllers only).
    pub driver: HypervisorDriver,
    /// libvirt's URI, where a daemon of the host is to be used. Empty: Pileus runs its own.
    pub libvirt_uri: String,
    /// How many hosts the `memory` driver pretends to be.
    pub memory_hosts: u32,
    /// The address of this host in tunnels between hosts, with its prefix: `192.0.2.1/24`.
    pub tunnel_address: ipnet::IpNet,
    /// Network cards that lead to other hosts and outside: they are taken into the bridge `br-ex`, which then has the tunnel address. Needed for several hosts where Open vSwitch runs in userspace.
    pub uplinks: Vec<String>,
}

/// See [`HostConfig::driver`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HypervisorDriver {
    /// libvirt and QEMU.
    Libvirt,
    /// In memory only.
    Memory,
    /// No host.
    None,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            driver: HypervisorDriver::Libvirt,
            libvirt_uri: String::new(),
            memory_hosts: 1,
            tunnel_address: ipnet::IpNet::V4(ipnet::Ipv4Net::new_assert([127, 0, 0, 1].into(), 8)),
            uplinks: Vec::new(),
        }
    }
}

impl HostConfig {
    /// The host's name.
    pub fn name(&self) -> anyhow::Result<String> {
        if !self.name.is_empty() {
            return Ok(self.name.clone());
        }
        let name = nix::unistd::gethostname()?.to_string_lossy().into_owned();
        Ok(if name.is_empty() { "localhost".into() } else { name })
    }
}

/// Networks.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// `ovn`, or `memory` (networks that exist in memory only, for tests of scale).
    pub engine: NetworkDriver,
    /// OVN's databases, where they run elsewhere: `tcp:ADDRESS:6641`. Empty: Pileus runs its own.
    pub northbound: String,
    /// See `northbound`.
    pub southbound: String,
    /// Where Pileus' own southbound database listens for other hosts: `192.0.2.1:6642`. Empty: on its socket only.
    pub southbound_listen: String,
}

/// See [`NetworkConfig::engine`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkDriver {
    /// OVN and Open vSwitch.
    Ovn,
    /// In memory only.
    Memory,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            engine: NetworkDriver::Ovn,
            northbound: String::new(),
            southbound: String::new(),
            southbound_listen: String::new(),
        }
    }
}

impl Config {
    /// Reads the file (if there is one), the environment and the flags.
    pub fn read(file: Option<&Path>, state: &Path, flags: &[(&str, String)]) -> anyhow::Result<Self> {
        let default = state.join("pileus.toml");
        let text = match file {
            Some(file) => {
                std::fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?
            }
            None => match std::fs::read_to_string(&default) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(error) => {
                    return Err(error).with_context(|| format!("{} can't be read", default.display()));
                }
            },
        };
        Ok(platform::config::read(&text, std::env::vars(), flags)?)
    }

    /// Whether the APIs are served by TLS.
    pub fn tls(&self) -> bool {
        self.api.tls || !self.api.listen.ip().is_loopback() || !self.api.tls_certificate.is_empty()
    }

    /// The address that the catalog names, without a slash at the end.
    pub fn public_url(&self) -> String {
        if self.api.public_url.is_empty() {
            format!("{}://{}", if self.tls() { "https" } else { "http" }, self.api.listen)
        } else {
            self.api.public_url.trim_end_matches('/').to_owned()
        }
    }
}
