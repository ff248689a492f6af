//! Choosing an address that nobody has.
//!
//! A few random ones are tried first, which costs one indexed query however full the subnet's table is. Only when all are
//! taken is the whole subnet looked at. That nobody else takes the same one at the same time is seen to by the key of
//! `fixed_ips`.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;
use rand::Rng;
use sea_orm::ConnectionTrait;

use super::{address, number, usable};
use crate::{
    error::Error,
    model::{fixed_ip, json::Pool, subnet},
};

/// Which of the free addresses is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Any: so that an address that was just given back does not come again at once.
    Any,
    /// The lowest: for what the network itself needs, so that it is not where a user would look for a free one.
    Lowest,
}

const TRIES: usize = 8;
/// Among how many free addresses one is chosen when the subnet is nearly full.
const GAPS: usize = 64;

/// A free address of the subnet's pools that is not among `besides`.
pub(crate) async fn pick(
    db: &impl ConnectionTrait,
    subnet: &subnet::Model,
    choice: Choice,
    besides: &[IpAddr],
) -> Result<Option<IpAddr>, Error> {
    let Ok(cidr) = subnet.cidr.parse::<IpNet>() else { return Ok(None) };
    let free = |candidate: &IpAddr| usable(&cidr, *candidate) && !besides.contains(candidate);
    if choice == Choice::Any {
        let candidates: Vec<IpAddr> = random(&subnet.pools.0).into_iter().filter(free).collect();
        let texts: Vec<String> = candidates.iter().map(IpAddr::to_string).collect();
        let taken = fixed_ip::taken_on(db, subnet, Some(texts)).await?;
        let found = candidates.into_iter().find(|candidate| !taken.contains(&candidate.to_string()));
        if found.is_some() {
            return Ok(found);
        }
    }
    let taken = fixed_ip::taken_on(db, subnet, None).await?;
    let taken: BTreeSet<u128> = taken
        .iter()
        .filter_map(|text| text.parse().ok())
        .chain(besides.iter().copied())
        .map(number)
        .collect();
    let mut free = lowest(&subnet.pools.0, &taken, if choice == Choice::Any { GAPS } else { 1 });
    // Those who look at the same time shall not all find the same one.
    let at = if free.is_empty() { return Ok(None) } else { rand::rng().random_range(0..free.len()) };
    Ok(Some(free.swap_remove(at)))
}

/// Some addresses of the pools, each as likely as another.
fn random(pools: &[Pool]) -> Vec<IpAddr> {
    let sizes: Vec<u128> =
        pools.iter().map(|pool| (number(pool.end) - number(pool.start)).saturating_add(1)).collect();
    let all = sizes.iter().fold(0_u128, |sum, size| sum.saturating_add(*size));
    if all == 0 {
        return Vec::new();
    }
    let mut rng = rand::rng();
    (0..TRIES)
        .filter_map(|_| {
            let mut at = rng.random_range(0..all);
            for (pool, size) in pools.iter().zip(&sizes) {
                if at < *size {
                    return Some(address(pool.start.is_ipv4(), number(pool.start) + at));
                }
                at -= size;
            }
            None
        })
        .collect()
}

/// The lowest addresses of the pools that are not taken, at most so many.
fn lowest(pools: &[Pool], taken: &BTreeSet<u128>, most: usize) -> Vec<IpAddr> {
    let mut found = Vec::new();
    for pool in pools {
        let last = number(pool.end);
        let mut candidate = number(pool.start);
        while candidate <= last && found.len() < most {
            if !taken.contains(&candidate) {
                found.push(address(pool.start.is_ipv4(), candidate));
            }
            let Some(next) = candidate.checked_add(1) else { break };
            candidate = next;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(start: &str, end: &str) -> Pool {
        Pool { start: start.parse().unwrap(), end: end.parse().unwrap() }
    }

    #[test]
    fn the_lowest_gap_is_found() {
        let pools = [pool("10.0.0.2", "10.0.0.4"), pool("10.0.0.9", "10.0.0.9")];
        let taken = |texts: &[&str]| -> BTreeSet<u128> {
            texts.iter().map(|text| number(text.parse().unwrap())).collect()
        };
        let find = |texts: &[&str]| lowest(&pools, &taken(texts), 1).first().map(IpAddr::to_string);
        assert_eq!(find(&[]).as_deref(), Some("10.0.0.2"));
        assert_eq!(find(&["10.0.0.2", "10.0.0.4"]).as_deref(), Some("10.0.0.3"));
        assert_eq!(find(&["10.0.0.2", "10.0.0.3", "10.0.0.4"]).as_deref(), Some("10.0.0.9"));
        assert_eq!(find(&["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.9"]), None);
    }

    #[test]
    fn random_addresses_are_within_the_pools() {
        let pools = [pool("10.0.0.2", "10.0.0.4"), pool("10.0.0.9", "10.0.0.9")];
        for found in random(&pools) {
            assert!(pools.iter().any(|pool| super::super::holds(pool, found)), "{found}");
        }
    }
}
