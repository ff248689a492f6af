//! Addresses: what a subnet holds, which is free, and how a MAC address makes one.

mod allocate;
mod mac;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

pub(crate) use allocate::{Choice, pick};
pub(crate) use mac::{eui64, normal_mac, random_mac};

use crate::model::json::Pool;

/// An address as a number.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// A number as an address of that family.
pub(crate) fn address(v4: bool, number: u128) -> IpAddr {
    if v4 { IpAddr::V4(Ipv4Addr::from(number as u32)) } else { IpAddr::V6(Ipv6Addr::from(number)) }
}

/// The first and the last address of a range that a port may have.
pub(crate) fn bounds(cidr: &IpNet) -> (u128, u128) {
    let (first, last) = (number(cidr.network()), number(cidr.broadcast()));
    match cidr {
        IpNet::V4(net) if net.prefix_len() < 31 => (first + 1, last - 1),
        IpNet::V6(net) if net.prefix_len() < 127 => (first + 1, last),
        _ => (first, last),
    }
}

/// Whether a port may have the address.
pub(crate) fn usable(cidr: &IpNet, address: IpAddr) -> bool {
    let (first, last) = bounds(cidr);
    cidr.contains(&address) && (first..=last).contains(&number(address))
}

/// The gateway when none is said: the first address.
pub(crate) fn default_gateway(cidr: &IpNet) -> IpAddr {
    address(matches!(cidr, IpNet::V4(_)), bounds(cidr).0)
}

/// What is given away when nothing is said: all but the gateway.
pub(crate) fn default_pools(cidr: &IpNet, gateway: Option<IpAddr>) -> Vec<Pool> {
    let v4 = matches!(cidr, IpNet::V4(_));
    let (first, last) = bounds(cidr);
    let pool = |start, end| Pool { start: address(v4, start), end: address(v4, end) };
    match gateway.map(number).filter(|gateway| (first..=last).contains(gateway)) {
        None => vec![pool(first, last)],
        Some(gateway) => {
            let mut pools = Vec::new();
            if gateway > first {
                pools.push(pool(first, gateway - 1));
            }
            if gateway < last {
                pools.push(pool(gateway + 1, last));
            }
            pools
        }
    }
}

/// Whether the pool holds the address.
pub(crate) fn holds(pool: &Pool, address: IpAddr) -> bool {
    pool.start.is_ipv4() == address.is_ipv4()
        && (number(pool.start)..=number(pool.end)).contains(&number(address))
}

/// Whether two ranges have an address in common.
pub(crate) fn overlap(one: &IpNet, two: &IpNet) -> bool {
    one.contains(&two.network()) || two.contains(&one.network())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools(cidr: &str, gateway: Option<&str>) -> Vec<(String, String)> {
        default_pools(&cidr.parse().unwrap(), gateway.map(|text| text.parse().unwrap()))
            .iter()
            .map(|pool| (pool.start.to_string(), pool.end.to_string()))
            .collect()
    }

    #[test]
    fn the_gateway_is_not_given_away() {
        assert_eq!(pools("10.0.0.0/24", Some("10.0.0.1")), [("10.0.0.2".into(), "10.0.0.254".into())]);
        assert_eq!(
            pools("10.0.0.0/29", Some("10.0.0.3")),
            [("10.0.0.1".into(), "10.0.0.2".into()), ("10.0.0.4".into(), "10.0.0.6".into())]
        );
        assert_eq!(pools("10.0.0.0/24", Some("10.0.0.254")), [("10.0.0.1".into(), "10.0.0.253".into())]);
    }

    #[test]
    fn ipv6_has_no_broadcast_address() {
        assert_eq!(
            pools("2001:db8::/64", Some("2001:db8::1")),
            [("2001:db8::2".into(), "2001:db8::ffff:ffff:ffff:ffff".into())]
        );
        assert_eq!(pools("2001:db8::/128", None), [("2001:db8::".into(), "2001:db8::".into())]);
    }

    #[test]
    fn the_ends_of_a_range_are_not_usable() {
        let cidr: IpNet = "10.0.0.0/24".parse().unwrap();
        assert!(!usable(&cidr, "10.0.0.0".parse().unwrap()));
        assert!(!usable(&cidr, "10.0.0.255".parse().unwrap()));
        assert!(!usable(&cidr, "10.0.1.1".parse().unwrap()));
        assert!(usable(&cidr, "10.0.0.254".parse().unwrap()));
        assert!(usable(&"10.0.0.0/31".parse().unwrap(), "10.0.0.0".parse().unwrap()));
    }
}
