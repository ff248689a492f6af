//! A rule of a security group, in the language of OVN's access control lists.

use contracts::driver::{Direction, Ethertype, LogicalRule};

use super::security_group::group_name;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

/// OVN's name of a direction: seen from the switch, not from the port.
pub(super) fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Ingress => "to-lport",
        Direction::Egress => "from-lport",
    }
}

/// What a rule of that port group matches. `None` for a rule that can match nothing: a range of the other family.
pub(super) fn expression(group: &str, rule: &LogicalRule) -> Option<String> {
    let (port, other) = match rule.direction {
        Direction::Ingress => ("outport", "src"),
        Direction::Egress => ("inport", "dst"),
    };
    let ip = match rule.ethertype {
        Ethertype::IPv4 => "ip4",
        Ethertype::IPv6 => "ip6",
    };
    let mut terms = vec![format!("{port} == @{group}"), ip.to_owned()];
    if let Some(range) = rule.remote_cidr {
        if range.addr().is_ipv4() != (rule.ethertype == Ethertype::IPv4) {
            return None;
        }
        if range.prefix_len() > 0 {
            terms.push(format!("{ip}.{other} == {}", range.trunc()));
        }
    }
    if let Some(remote) = rule.remote_group {
        // northd keeps an address set of each port group's members.
        terms.push(format!("{ip}.{other} == ${}_{ip}", group_name(remote)));
    }
    terms.extend(protocol(rule));
    Some(terms.join(" && "))
}

fn protocol(rule: &LogicalRule) -> Vec<String> {
    let (min, max) = (rule.port_min, rule.port_max);
    let transport = |name: &str| {
        let mut terms = vec![name.to_owned()];
        match (min, max) {
            (Some(min), Some(max)) if min == max => terms.push(format!("{name}.dst == {min}")),
            (min, max) => {
                terms.extend(min.map(|min| format!("{name}.dst >= {min}")));
                terms.extend(max.map(|max| format!("{name}.dst <= {max}")));
            }
        }
        terms
    };
    match rule.protocol {
        None => Vec::new(),
        Some(TCP) => transport("tcp"),
        Some(UDP) => transport("udp"),
        Some(SCTP) => transport("sctp"),
        // ICMP of a rule is that of the rule's family, whichever number it was given.
        Some(ICMP | ICMPV6) => {
            let name = if rule.ethertype == Ethertype::IPv4 { "icmp4" } else { "icmp6" };
            let mut terms = vec![name.to_owned()];
            terms.extend(min.map(|kind| format!("{name}.type == {kind}")));
            terms.extend(max.map(|code| format!("{name}.code == {code}")));
            terms
        }
        Some(number) => vec![format!("ip.proto == {number}")],
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn rule() -> LogicalRule {
        LogicalRule {
            id: Uuid::from_u128(1),
            direction: Direction::Ingress,
            ethertype: Ethertype::IPv4,
            protocol: None,
            port_min: None,
            port_max: None,
            remote_cidr: None,
            remote_group: None,
        }
    }

    #[test]
    fn rules_become_expressions() {
        let all = rule();
        assert_eq!(expression("g", &all).unwrap(), "outport == @g && ip4");
        let ssh = LogicalRule {
            protocol: Some(6),
            port_min: Some(22),
            port_max: Some(22),
            remote_cidr: Some("10.1.2.3/8".parse().unwrap()),
            ..rule()
        };
        assert_eq!(
            expression("g", &ssh).unwrap(),
            "outport == @g && ip4 && ip4.src == 10.0.0.0/8 && tcp && tcp.dst == 22"
        );
        let range = LogicalRule {
            direction: Direction::Egress,
            protocol: Some(17),
            port_min: Some(1000),
            port_max: Some(2000),
            remote_cidr: Some("0.0.0.0/0".parse().unwrap()),
            ..rule()
        };
        assert_eq!(
            expression("g", &range).unwrap(),
            "inport == @g && ip4 && udp && udp.dst >= 1000 && udp.dst <= 2000"
        );
        let ping = LogicalRule {
            ethertype: Ethertype::IPv6,
            protocol: Some(1),
            port_min: Some(128),
            port_max: Some(0),
            ..rule()
        };
        assert_eq!(
            expression("g", &ping).unwrap(),
            "outport == @g && ip6 && icmp6 && icmp6.type == 128 && icmp6.code == 0"
        );
        let vrrp = LogicalRule { protocol: Some(112), ..rule() };
        assert_eq!(expression("g", &vrrp).unwrap(), "outport == @g && ip4 && ip.proto == 112");
    }

    #[test]
    fn a_group_is_named_by_its_members_addresses() {
        let remote = LogicalRule { remote_group: Some(Uuid::from_u128(0xab)), ..rule() };
        assert_eq!(
            expression("g", &remote).unwrap(),
            "outport == @g && ip4 && ip4.src == $pg_00000000_0000_0000_0000_0000000000ab_ip4"
        );
    }

    #[test]
    fn a_range_of_the_other_family_matches_nothing() {
        let crossed = LogicalRule { remote_cidr: Some("2001:db8::/32".parse().unwrap()), ..rule() };
        assert_eq!(expression("g", &crossed), None);
    }
}
