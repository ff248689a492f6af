//! The tables of the Northbound and Southbound databases that are watched, and the marks by which Pileus knows its rows.

use crate::ovsdb::{Datum, Index, Monitored};

/// Key of the id that a row stands for.
pub(super) const ID: &str = "pileus:id";
/// Key of what a row is. Rows without it aren't ours, and are left alone.
pub(super) const KIND: &str = "pileus:kind";
/// Key of the name that a user gave.
pub(super) const NAME: &str = "pileus:name";
/// Key of the network that a row belongs to.
pub(super) const NETWORK: &str = "pileus:network";
/// Key of the subnet whose DHCP options a port's own are made from.
pub(super) const SUBNET: &str = "pileus:subnet";
/// Key of a port's own DHCP options, which go over those of its subnet.
pub(super) const EXTRA: &str = "pileus:dhcp-options";
/// Key of the subnets that a port has addresses in.
pub(super) const SUBNETS: &str = "pileus:subnets";
/// Key of a network's physical network.
pub(super) const PHYSICAL_NETWORK: &str = "pileus:physical-network";
/// Key of the router that a leg belongs to.
pub(super) const ROUTER: &str = "pileus:router";

pub(super) const BY_ID: Index = Index::Key("external_ids", ID);
pub(super) const BY_KIND: Index = Index::Key("external_ids", KIND);
pub(super) const BY_NETWORK: Index = Index::Key("external_ids", NETWORK);
pub(super) const BY_SUBNET: Index = Index::Key("external_ids", SUBNET);
pub(super) const BY_NAME: Index = Index::Column("name");
pub(super) const BY_PORT: Index = Index::Column("ports");

/// Marks of a row.
pub(super) fn marks<'a>(kind: &'a str, id: &str, more: impl IntoIterator<Item = (&'a str, String)>) -> Datum {
    let first = [(KIND, kind.to_owned()), (ID, id.to_owned())];
    Datum::map(first.into_iter().chain(more).filter(|(_, value)| !value.is_empty()))
}

macro_rules! watched {
    ($($table:literal [$($column:literal)*] [$($index:expr),*];)*) => {
        vec![$(Monitored { table: $table, columns: &[$($column),*], indexes: &[$($index),*] }),*]
    };
}

/// What is watched of the Northbound database.
pub(super) fn northbound() -> Vec<Monitored> {
    watched! {
        "Logical_Switch" ["name" "ports" "dns_records" "external_ids"] [BY_ID, BY_PORT];
        "Logical_Switch_Port" ["name" "type" "options" "addresses" "port_security" "up" "enabled" "dhcpv4_options"
            "dhcpv6_options" "external_ids"] [BY_NAME];
        "DHCP_Options" ["cidr" "options" "external_ids"] [BY_ID, BY_NETWORK, BY_SUBNET];
        "DNS" ["records" "external_ids"] [BY_ID];
        "Port_Group" ["name" "ports" "acls" "external_ids"] [BY_NAME, BY_PORT];
        "ACL" ["priority" "direction" "match" "action" "external_ids"] [];
        "Logical_Router" ["name" "ports" "static_routes" "nat" "enabled" "options" "external_ids"] [BY_ID];
        "Logical_Router_Port" ["name" "mac" "networks" "options" "gateway_chassis" "ipv6_ra_configs" "external_ids"]
            [BY_NAME, BY_KIND];
        "Logical_Router_Static_Route" ["ip_prefix" "nexthop" "output_port" "external_ids"] [];
        "NAT" ["type" "external_ip" "logical_ip" "external_ids"] [];
        "Gateway_Chassis" ["name" "chassis_name" "priority" "external_ids"] [];
    }
}

/// What is watched of the Southbound database.
pub(super) fn southbound() -> Vec<Monitored> {
    watched! {
        "Chassis" ["name" "external_ids" "other_config"] [];
    }
}
