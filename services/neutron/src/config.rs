//! Options of networking.

use std::net::IpAddr;

use ipnet::IpNet;
use platform::Options;
use serde::{Deserialize, Serialize};

/// Options of networking.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The domain of the names that ports have: `HOSTNAME.DOMAIN`. It ends with a dot, or gets one.
    pub dns_domain: String,
    /// The largest packet of the network under everything, in bytes. Tunnels take 58 of them.
    pub physical_mtu: u32,
    /// Seconds that a DHCP lease holds.
    pub dhcp_lease: u32,
    /// The availability zone of networks and routers.
    pub availability_zone: String,
    /// What a project may have when nothing else is said for it; -1 is without limit.
    #[option(section)]
    pub quota: QuotaConfig,
    /// The network that leads outside.
    #[option(section)]
    pub external: ExternalConfig,
}

/// What a project may have when nothing else is said for it.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaConfig {
    /// Networks.
    pub network: i64,
    /// Subnets.
    pub subnet: i64,
    /// Subnet pools.
    pub subnetpool: i64,
    /// Ports.
    pub port: i64,
    /// Routers.
    pub router: i64,
    /// Floating IPs.
    pub floatingip: i64,
    /// Security groups.
    pub security_group: i64,
    /// Rules of security groups.
    pub security_group_rule: i64,
    /// RBAC policies.
    pub rbac_policy: i64,
}

/// The network that leads outside, which is there from the beginning.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct ExternalConfig {
    /// Whether there is one.
    pub enabled: bool,
    /// Its name.
    pub name: String,
    /// Its range.
    pub cidr: IpNet,
    /// The next hop.
    pub gateway: IpAddr,
    /// The first address that is given away.
    pub pool_start: IpAddr,
    /// The last address that is given away.
    pub pool_end: IpAddr,
    /// The physical network that it is on.
    pub physical_network: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dns_domain: "openstacklocal.".into(),
            physical_mtu: 1500,
            dhcp_lease: 43200,
            availability_zone: "nova".into(),
            quota: QuotaConfig::default(),
            external: ExternalConfig::default(),
        }
    }
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self {
            network: 100,
            subnet: 100,
            subnetpool: -1,
            port: 500,
            router: 10,
            floatingip: 50,
            security_group: 10,
            security_group_rule: 100,
            rbac_policy: 10,
        }
    }
}

impl Default for ExternalConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            name: "public".into(),
            cidr: IpNet::V4(ipnet::Ipv4Net::new_assert([172, 24, 4, 0].into(), 24)),
            gateway: [172, 24, 4, 1].into(),
            pool_start: [172, 24, 4, 2].into(),
            pool_end: [172, 24, 4, 254].into(),
            physical_network: "public".into(),
        }
    }
}

impl Config {
    /// The largest packet of a tunnelled network.
    pub(crate) fn tunnel_mtu(&self) -> u32 {
        self.physical_mtu.saturating_sub(58)
    }

    /// The domain of names, without the dot at its end.
    pub(crate) fn domain(&self) -> &str {
        self.dns_domain.trim_end_matches('.')
    }
}
