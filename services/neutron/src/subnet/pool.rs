//! Subnet pools: ranges from which subnets are cut.

use ipnet::IpNet;
use platform::db::owned::Inside;

use crate::{
    address::{address, number},
    change::Change,
    error::Error,
    model::{subnet, subnetpool},
};

/// How long the prefixes of a pool's subnets may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) default: i64,
}

/// Bounds make sense for the family.
pub(crate) fn check_bounds(v4: bool, bounds: Bounds) -> Result<(), Error> {
    let longest = if v4 { 32 } else { 128 };
    let Bounds { min, max, default } = bounds;
    if min > max {
        return Err(Error::subnetpool_bounds("min_prefixlen", min, "max_prefixlen", max));
    }
    if max > longest {
        return Err(Error::subnetpool_bounds("max_prefixlen", max, "ip_version_max", longest));
    }
    if default < min {
        return Err(Error::subnetpool_bounds("default_prefixlen", default, "min_prefixlen", min));
    }
    if default > max {
        return Err(Error::subnetpool_bounds("default_prefixlen", default, "max_prefixlen", max));
    }
    Ok(())
}

const DEFAULT: Inside = Inside::because("whoever names no pool is given a subnet of the default one");

/// The pool from which subnets of that family are cut when none is named.
pub(crate) async fn default(change: &Change<'_>, version: i64) -> Result<subnetpool::Model, Error> {
    match subnetpool::find_default(&**change, version as i32).await? {
        Some(pool) => pool.inside(&DEFAULT),
        None => Err(Error::bad_resource("subnets", format!("No default subnetpool found for IPv{version}"))),
    }
}

/// Cuts a range from the pool: the one that is asked for, or the first free one of that length.
pub(crate) async fn allocate(
    change: &Change<'_>,
    pool: &subnetpool::Model,
    project: &str,
    asked: Option<IpNet>,
    length: Option<i64>,
) -> Result<IpNet, Error> {
    let length = asked
        .map_or(length.unwrap_or(i64::from(pool.default_prefixlen)), |cidr| i64::from(cidr.prefix_len()));
    if length < i64::from(pool.min_prefixlen) {
        return Err(Error::prefix_too_long(length, pool.min_prefixlen));
    }
    if length > i64::from(pool.max_prefixlen) {
        return Err(Error::prefix_too_short(length, pool.max_prefixlen));
    }
    let used = subnet::cut_from(&**change, pool).await?;
    let cut: Vec<IpNet> = used.iter().filter_map(|subnet| subnet.cidr.parse().ok()).collect();
    let own = used.iter().filter(|subnet| subnet.project_id == project);
    within_quota(pool, own.filter_map(|subnet| subnet.cidr.parse().ok()), length)?;
    match asked {
        Some(cidr) => {
            let inside = pool.prefixes.0.iter().any(|prefix| prefix.contains(&cidr));
            if !inside || cut.iter().any(|other| crate::address::overlap(other, &cidr)) {
                return Err(Error::no_prefix(
                    "Cannot allocate requested subnet from the available set of prefixes",
                ));
            }
            Ok(cidr)
        }
        None => first_free(&pool.prefixes.0, &cut, length as u8).ok_or_else(|| {
            Error::no_prefix(format!("Insufficient prefix space to allocate subnet size /{length}"))
        }),
    }
}

/// The pool's quota counts addresses for IPv4 and /64 for IPv6.
fn within_quota(
    pool: &subnetpool::Model,
    own: impl Iterator<Item = IpNet>,
    length: i64,
) -> Result<(), Error> {
    let Some(most) = pool.default_quota else { return Ok(()) };
    let whole = if pool.ip_version == 4 { 32 } else { 64 };
    let weight = |length: i64| 1_u128 << (whole - length).clamp(0, 64);
    let used: u128 = own.map(|cidr| weight(i64::from(cidr.prefix_len()))).sum();
    if used + weight(length) > most.max(0) as u128 { Err(Error::subnetpool_quota()) } else { Ok(()) }
}

/// The first range of that length that overlaps with none of these.
fn first_free(prefixes: &[IpNet], cut: &[IpNet], length: u8) -> Option<IpNet> {
    let mut cut: Vec<(u128, u128)> =
        cut.iter().map(|net| (number(net.network()), number(net.broadcast()))).collect();
    cut.sort_unstable();
    prefixes.iter().filter(|prefix| prefix.prefix_len() <= length).find_map(|prefix| {
        let v4 = matches!(prefix, IpNet::V4(_));
        let whole: u32 = if v4 { 32 } else { 128 };
        let size = 1_u128.checked_shl(whole - u32::from(length)).unwrap_or(u128::MAX);
        let (mut at, last) = (number(prefix.network()), number(prefix.broadcast()));
        for (from, to) in cut.iter().filter(|(from, to)| *to >= number(prefix.network()) && *from <= last) {
            if at.checked_add(size - 1)? < *from {
                break;
            }
            if *to >= at {
                // To the next boundary behind what is taken.
                at = (to / size).checked_add(1)?.checked_mul(size)?;
            }
        }
        (at.checked_add(size - 1)? <= last).then(|| IpNet::new(address(v4, at), length).ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free(prefixes: &[&str], cut: &[&str], length: u8) -> Option<String> {
        let nets = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        first_free(&nets(prefixes), &nets(cut), length).map(|net| net.to_string())
    }

    #[test]
    fn the_first_gap_is_cut() {
        assert_eq!(free(&["10.0.0.0/16"], &[], 24).as_deref(), Some("10.0.0.0/24"));
        assert_eq!(free(&["10.0.0.0/16"], &["10.0.0.0/24"], 24).as_deref(), Some("10.0.1.0/24"));
        assert_eq!(
            free(&["10.0.0.0/16"], &["10.0.0.0/26", "10.0.2.0/24"], 24).as_deref(),
            Some("10.0.1.0/24")
        );
        assert_eq!(free(&["10.0.0.0/24"], &["10.0.0.0/25", "10.0.0.128/25"], 26), None);
        assert_eq!(
            free(&["10.0.0.0/24", "10.9.0.0/24"], &["10.0.0.0/24"], 25).as_deref(),
            Some("10.9.0.0/25")
        );
        assert_eq!(free(&["2001:db8::/48"], &["2001:db8::/64"], 64).as_deref(), Some("2001:db8:0:1::/64"));
    }
}
