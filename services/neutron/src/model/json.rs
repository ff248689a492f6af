//! Values that are kept as JSON in a column, in the shape in which the API shows them.

use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

macro_rules! list {
    ($(#[$doc:meta] $list:ident($item:ty);)*) => {$(
        #[$doc]
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
        pub struct $list(pub Vec<$item>);
    )*};
}

list! {
    /// Texts.
    Texts(String);
    /// Addresses.
    Addresses(IpAddr);
    /// Ranges.
    Prefixes(IpNet);
    /// Ranges of addresses that are given away.
    Pools(Pool);
    /// Routes of hosts or routers.
    Routes(Route);
    /// Further addresses that a port may use.
    Pairs(Pair);
    /// Extra DHCP options.
    DhcpOpts(DhcpOpt);
}

/// From one address to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    pub start: IpAddr,
    pub end: IpAddr,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub destination: IpNet,
    pub nexthop: IpAddr,
}

/// A further address that a port may use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub ip_address: String,
    pub mac_address: String,
}

/// An extra DHCP option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DhcpOpt {
    pub opt_name: String,
    pub opt_value: String,
    #[serde(default = "four")]
    pub ip_version: u8,
}

fn four() -> u8 {
    4
}
