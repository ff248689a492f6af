//! On which hosts the external leg of a router lives.

use uuid::Uuid;

use crate::ovsdb::{Replica, Row};

/// The leg moves to the next of so many hosts when one fails. OVN watches each by BFD, so not all hosts are taken.
const HOSTS_PER_ROUTER: usize = 5;

/// Who may carry external legs.
#[derive(Debug, Clone, Default)]
pub enum Gateways {
    /// The hosts that say so themselves (`enable-chassis-as-gw`), or if none does, all that have a bridge that leads outside.
    #[default]
    Discovered,
    /// These hosts.
    Listed(Vec<String>),
}

/// A host that may carry external legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    name: String,
    /// Physical networks that it has bridges to; `None` when that is not known.
    physical_networks: Option<Vec<String>>,
    volunteer: bool,
}

/// All hosts that may.
pub(super) fn candidates(choice: &Gateways, southbound: &Replica) -> Vec<Candidate> {
    if let Gateways::Listed(names) = choice {
        let listed = names.iter().map(|name| Candidate {
            name: name.clone(),
            physical_networks: None,
            volunteer: true,
        });
        return listed.collect();
    }
    let all: Vec<Candidate> = southbound.table("Chassis").rows().map(|(_, row)| candidate(row)).collect();
    if all.iter().any(|host| host.volunteer) {
        return all.into_iter().filter(|host| host.volunteer).collect();
    }
    all.into_iter()
        .filter(|host| host.physical_networks.as_ref().is_some_and(|nets| !nets.is_empty()))
        .collect()
}

fn candidate(row: &Row) -> Candidate {
    // Releases before 20.03 wrote these to external_ids.
    let said =
        |key| row.key("other_config", key).or_else(|| row.key("external_ids", key)).unwrap_or_default();
    let mappings =
        said("ovn-bridge-mappings").split(',').filter_map(|each| Some(each.split_once(':')?.0.to_owned()));
    Candidate {
        name: row.text("name").to_owned(),
        physical_networks: Some(mappings.collect()),
        volunteer: said("ovn-cms-options").split(',').any(|option| option == "enable-chassis-as-gw"),
    }
}

/// The hosts of one router, the preferred one first. Routers are spread over hosts by a hash of both, so that a host that
/// comes or goes moves few routers and every controller ranks alike.
pub(super) fn ranked(candidates: &[Candidate], router: Uuid, physical_network: Option<&str>) -> Vec<String> {
    let reaches = |host: &&Candidate| match (&host.physical_networks, physical_network) {
        (Some(networks), Some(wanted)) => networks.iter().any(|each| each == wanted),
        _ => true,
    };
    let mut hosts: Vec<&Candidate> = candidates.iter().filter(reaches).collect();
    hosts.sort_by_key(|host| (weight(router, &host.name), host.name.clone()));
    hosts.into_iter().take(HOSTS_PER_ROUTER).map(|host| host.name.clone()).collect()
}

fn weight(router: Uuid, host: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let hash = host
        .bytes()
        .chain(router.into_bytes())
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    // The last bytes alone hardly reach the high bits.
    (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(name: &str, network: &str) -> Candidate {
        Candidate {
            name: name.to_owned(),
            physical_networks: Some(vec![network.to_owned()]),
            volunteer: true,
        }
    }

    #[test]
    fn a_leg_lives_only_where_its_physical_network_is() {
        let hosts = [host("a", "public"), host("b", "other"), host("c", "public")];
        let mut ranked = ranked(&hosts, Uuid::from_u128(1), Some("public"));
        ranked.sort();
        assert_eq!(ranked, ["a", "c"]);
    }

    #[test]
    fn routers_are_spread_and_stay_when_another_host_comes() {
        let mut hosts: Vec<Candidate> = (0..4).map(|i| host(&format!("host{i}"), "public")).collect();
        let first =
            |hosts: &[Candidate], router| ranked(hosts, Uuid::from_u128(router), Some("public"))[0].clone();
        let before: Vec<String> = (0..400).map(|router| first(&hosts, router)).collect();
        for host in &hosts {
            let share = before.iter().filter(|name| **name == host.name).count();
            assert!((50..150).contains(&share), "{} has {share} of 400", host.name);
        }
        hosts.push(host("host4", "public"));
        let moved = (0..400).filter(|router| first(&hosts, *router) != before[*router as usize]).count();
        assert!((1..160).contains(&moved), "{moved} of 400 moved");
    }
}
