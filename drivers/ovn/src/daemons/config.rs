//! What is to run, and with which addresses.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;

/// What is to run.
#[derive(Debug, Clone)]
pub struct DaemonsConfig {
    /// The directory for sockets, databases, logs and pid files. Sockets need a short path (under 90 characters).
    pub state: PathBuf,
    /// The part of a controller, if it has one.
    pub central: Option<CentralConfig>,
    /// The part of a host, if it has one.
    pub chassis: Option<ChassisConfig>,
    /// The named network namespace in which the daemons run, when not in that of Pileus: a second host on one machine.
    pub namespace: Option<String>,
}

/// The databases of OVN, and northd.
#[derive(Debug, Clone, Default)]
pub struct CentralConfig {
    /// Where the Northbound database listens besides its Unix socket.
    pub northbound_listen: Option<SocketAddr>,
    /// Where the Southbound database listens besides its Unix socket: hosts connect here.
    pub southbound_listen: Option<SocketAddr>,
}

/// Open vSwitch, and OVN's controller for this host.
#[derive(Debug, Clone)]
pub struct ChassisConfig {
    /// The host's name: ports are bound by it.
    pub name: String,
    /// The Southbound database (`tcp:192.0.2.1:6642`), or `None` for the one beside it.
    pub southbound: Option<String>,
    /// The host's address for tunnels to other hosts.
    pub encap_ip: IpAddr,
    /// Physical networks, each with its bridge.
    pub bridge_mappings: Vec<(String, String)>,
    /// Whether routers' external legs may live here.
    pub gateway: bool,
    /// The bridge that leads outside.
    pub external: Option<ExternalBridge>,
    /// `netdev` or `system`; `None` looks at what the kernel can.
    pub datapath: Option<String>,
}

/// A bridge that leads outside, on which the host itself has addresses.
#[derive(Debug, Clone)]
pub struct ExternalBridge {
    /// Its name, such as `br-ex`.
    pub name: String,
    /// The host's addresses on it; by them the host reaches floating IPs.
    pub addresses: Vec<IpNet>,
    /// Network cards that are given to it. (In the userspace datapath tunnels leave by a bridge only: the host's tunnel
    /// address is then one of the above, and the card to other hosts one of these.)
    pub interfaces: Vec<String>,
}
