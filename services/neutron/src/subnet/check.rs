//! Whether a subnet's particulars make sense.

use std::{collections::HashSet, net::IpAddr};

use ipnet::IpNet;

use crate::{
    address::{self, number},
    error::Error,
    model::json::{Pool, Route},
};

const MOST_DNS: usize = 5;
const MOST_ROUTES: usize = 20;

/// Pools lie within the range, don't overlap, and don't hold the gateway.
pub(crate) fn check_pools(cidr: &IpNet, pools: &[Pool], gateway: Option<IpAddr>) -> Result<(), Error> {
    let shown = |pool: &Pool| format!("{}-{}", pool.start, pool.end);
    for pool in pools {
        if pool.start.is_ipv4() != pool.end.is_ipv4() || number(pool.start) > number(pool.end) {
            return Err(Error::pool_of_subnet_invalid(shown(pool)));
        }
        if !address::usable(cidr, pool.start) || !address::usable(cidr, pool.end) {
            return Err(Error::pool_out_of_bounds(shown(pool), cidr));
        }
        if let Some(gateway) = gateway.filter(|gateway| address::holds(pool, *gateway)) {
            return Err(Error::gateway_in_pool(gateway, shown(pool)));
        }
    }
    let mut sorted: Vec<&Pool> = pools.iter().collect();
    sorted.sort_by_key(|pool| number(pool.start));
    for pair in sorted.windows(2) {
        if let [one, two] = pair
            && number(one.end) >= number(two.start)
        {
            return Err(Error::pools_overlap(shown(one), shown(two), cidr));
        }
    }
    Ok(())
}

/// Name servers and routes are not too many, not twice the same, and of the subnet's family.
pub(crate) fn check_details(id: &str, v4: bool, dns: &[IpAddr], routes: &[Route]) -> Result<(), Error> {
    if dns.len() > MOST_DNS {
        return Err(Error::too_many_dns(id, MOST_DNS));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = dns.iter().find(|address| !seen.insert(**address)) {
        return Err(Error::bad_value("dns_nameservers", format!("Duplicate nameserver '{twice}'")));
    }
    if let Some(other) = dns.iter().find(|address| address.is_ipv4() != v4) {
        let version = if v4 { 4 } else { 6 };
        return Err(Error::invalid(format!(
            "dns_nameserver '{other}' does not match the ip_version '{version}'"
        )));
    }
    if routes.len() > MOST_ROUTES {
        return Err(Error::too_many_host_routes(id, MOST_ROUTES));
    }
    let mut seen = HashSet::new();
    for route in routes {
        let fits = route.nexthop.is_ipv4() == v4 && matches!(route.destination, IpNet::V4(_)) == v4;
        if !fits || !seen.insert(route) {
            return Err(Error::invalid(format!(
                "Invalid route: {{'destination': '{}', 'nexthop': '{}'}}",
                route.destination, route.nexthop
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(result: Result<(), Error>) -> &'static str {
        match result {
            Err(Error::Refused { name, .. }) => name,
            _ => "",
        }
    }

    fn pool(start: &str, end: &str) -> Pool {
        Pool { start: start.parse().unwrap(), end: end.parse().unwrap() }
    }

    #[test]
    fn pools_are_checked() {
        let cidr: IpNet = "10.0.0.0/24".parse().unwrap();
        let check = |pools: &[Pool]| name(check_pools(&cidr, pools, "10.0.0.1".parse().ok()));
        assert_eq!(check(&[pool("10.0.0.2", "10.0.0.9"), pool("10.0.0.20", "10.0.0.30")]), "");
        assert_eq!(check(&[pool("10.0.0.9", "10.0.0.2")]), "InvalidAllocationPool");
        assert_eq!(check(&[pool("10.0.0.2", "10.0.1.2")]), "OutOfBoundsAllocationPool");
        assert_eq!(check(&[pool("10.0.0.2", "10.0.0.255")]), "OutOfBoundsAllocationPool");
        assert_eq!(check(&[pool("10.0.0.1", "10.0.0.9")]), "GatewayConflictWithAllocationPools");
        assert_eq!(
            check(&[pool("10.0.0.2", "10.0.0.9"), pool("10.0.0.9", "10.0.0.30")]),
            "OverlappingAllocationPools"
        );
    }

    #[test]
    fn routes_are_of_the_family_of_the_subnet() {
        let route =
            Route { destination: "10.1.0.0/24".parse().unwrap(), nexthop: "10.0.0.5".parse().unwrap() };
        assert_eq!(name(check_details("new subnet", true, &[], &[route])), "");
        assert_eq!(name(check_details("new subnet", false, &[], &[route])), "InvalidInput");
        assert_eq!(name(check_details("new subnet", true, &[], &[route, route])), "InvalidInput");
    }
}
