//! A small cloud for tests: two networks, an external one, a router between them, and machines.

use std::collections::BTreeMap;

use contracts::driver::{
    DhcpOptions, Direction, Ethertype, ExternalGateway, LogicalNetwork, LogicalPort, LogicalRouter,
    LogicalRule, LogicalSubnet, NatRule, PortKind, RouterInterface, SecurityGroup, StaticRoute, Topology,
};
use uuid::Uuid;

/// A short id for each thing of a test.
pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_0000_0000_0000_0000_0000 + (number << 64) + number)
}

pub const GROUP: u128 = 50;
pub const SUBNET_V6: u128 = 202;
pub const FLOATING: &str = "172.24.4.100";

pub fn network(number: u128) -> LogicalNetwork {
    let subnet = LogicalSubnet {
        id: id(number + 100),
        cidr: format!("10.0.{number}.0/24").parse().unwrap(),
        dhcp: Some(DhcpOptions {
            gateway: Some(format!("10.0.{number}.1").parse().unwrap()),
            dns: vec!["8.8.8.8".parse().unwrap()],
            domain: Some("example.org".to_owned()),
            routes: vec![StaticRoute {
                destination: "10.99.0.0/16".parse().unwrap(),
                next_hop: format!("10.0.{number}.9").parse().unwrap(),
            }],
            metadata_via: Some(format!("10.0.{number}.2").parse().unwrap()),
            lease: 3600,
        }),
    };
    let mut subnets = vec![subnet];
    if number == 2 {
        subnets.push(LogicalSubnet {
            id: id(SUBNET_V6),
            cidr: "fd00:2::/64".parse().unwrap(),
            dhcp: Some(DhcpOptions {
                gateway: Some("fd00:2::1".parse().unwrap()),
                dns: vec!["2001:4860:4860::8888".parse().unwrap()],
                domain: Some("example.org".to_owned()),
                routes: vec![],
                metadata_via: None,
                lease: 3600,
            }),
        });
    }
    LogicalNetwork {
        id: id(number),
        name: format!("net{number}"),
        mtu: 1442,
        physical_network: None,
        subnets,
        names: BTreeMap::from([(
            format!("vm{number}.example.org"),
            vec![format!("10.0.{number}.10").parse().unwrap()],
        )]),
    }
}

pub fn external() -> LogicalNetwork {
    LogicalNetwork {
        id: id(9),
        name: "public".to_owned(),
        mtu: 1500,
        physical_network: Some("public".to_owned()),
        subnets: vec![LogicalSubnet { id: id(109), cidr: "172.24.4.0/24".parse().unwrap(), dhcp: None }],
        names: BTreeMap::new(),
    }
}

pub fn port(number: u128, network: u128, kind: PortKind, address: &str) -> LogicalPort {
    LogicalPort {
        id: id(number),
        network: id(network),
        kind,
        name: format!("port{number}"),
        mac: format!("fa:16:3e:00:00:{number:02x}"),
        addresses: vec![(id(network + 100), address.parse().unwrap())],
        allowed_pairs: vec![],
        port_security: true,
        security_groups: vec![],
        enabled: true,
        host: None,
        dhcp_options: BTreeMap::new(),
    }
}

/// The machine of a network.
pub fn machine(network: u128) -> LogicalPort {
    let mut machine = LogicalPort {
        security_groups: vec![id(GROUP)],
        host: Some("host1".to_owned()),
        ..port(network + 10, network, PortKind::Machine, &format!("10.0.{network}.10"))
    };
    if network == 2 {
        machine.addresses.push((id(SUBNET_V6), "fd00:2::10".parse().unwrap()));
    }
    machine
}

pub fn metadata(network: u128) -> LogicalPort {
    port(network + 20, network, PortKind::Metadata, &format!("10.0.{network}.2"))
}

pub fn leg(network: u128) -> LogicalPort {
    let mut leg =
        port(network + 30, network, PortKind::Router { router: id(40) }, &format!("10.0.{network}.1"));
    if network == 2 {
        leg.addresses.push((id(SUBNET_V6), "fd00:2::1".parse().unwrap()));
    }
    leg
}

pub fn gateway_leg() -> LogicalPort {
    port(39, 9, PortKind::Router { router: id(40) }, "172.24.4.10")
}

pub fn rule(number: u128, direction: Direction) -> LogicalRule {
    LogicalRule {
        id: id(number),
        direction,
        ethertype: Ethertype::IPv4,
        protocol: None,
        port_min: None,
        port_max: None,
        remote_cidr: None,
        remote_group: None,
    }
}

/// Everything out; in, what the rules say.
pub fn group(rules: Vec<LogicalRule>) -> SecurityGroup {
    let mut all = vec![
        rule(60, Direction::Egress),
        LogicalRule { ethertype: Ethertype::IPv6, ..rule(63, Direction::Egress) },
        LogicalRule { remote_group: Some(id(GROUP)), protocol: Some(132), ..rule(64, Direction::Ingress) },
    ];
    all.extend(rules);
    SecurityGroup { id: id(GROUP), name: "default".to_owned(), stateful: true, rules: all }
}

pub fn ping() -> LogicalRule {
    LogicalRule { protocol: Some(1), ..rule(61, Direction::Ingress) }
}

pub fn ssh() -> LogicalRule {
    LogicalRule { protocol: Some(6), port_min: Some(22), port_max: Some(22), ..rule(62, Direction::Ingress) }
}

fn interface(port: &LogicalPort, mtu: u32) -> RouterInterface {
    RouterInterface {
        port: port.id,
        network: port.network,
        mac: port.mac.clone(),
        addresses: port
            .addresses
            .iter()
            .map(|(_, address)| format!("{address}/24").parse().unwrap())
            .collect(),
        mtu,
    }
}

pub fn router() -> LogicalRouter {
    LogicalRouter {
        id: id(40),
        name: "router".to_owned(),
        enabled: true,
        interfaces: vec![interface(&leg(1), 1442), interface(&leg(2), 1442)],
        gateway: Some(ExternalGateway {
            interface: interface(&gateway_leg(), 1500),
            next_hop: vec!["172.24.4.1".parse().unwrap()],
            snat: true,
        }),
        routes: vec![StaticRoute {
            destination: "10.99.0.0/16".parse().unwrap(),
            next_hop: "10.0.1.9".parse().unwrap(),
        }],
        nat: vec![NatRule {
            id: id(70),
            external: FLOATING.parse().unwrap(),
            internal: "10.0.1.10".parse().unwrap(),
            port: id(11),
            external_mac: "fa:16:3e:00:01:00".to_owned(),
        }],
    }
}

pub fn cloud() -> Topology {
    Topology {
        networks: vec![network(1), network(2), external()],
        ports: vec![machine(1), machine(2), metadata(1), metadata(2), leg(1), leg(2), gateway_leg()],
        security_groups: vec![group(vec![ping(), ssh()])],
        routers: vec![router()],
    }
}
