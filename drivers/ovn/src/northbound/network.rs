//! A network: its switch, the port that leads out of it, what DHCP answers, and its names.

use std::{collections::BTreeMap, net::IpAddr};

use contracts::driver::LogicalNetwork;
use uuid::Uuid;

use super::{
    dhcp,
    plan::Plan,
    tables::{
        BY_ID, BY_NAME, BY_NETWORK, BY_PORT, BY_SUBNET, EXTRA, KIND, NAME, NETWORK, PHYSICAL_NETWORK,
        SUBNETS, marks,
    },
};
use crate::ovsdb::{Atom, Columns, Datum};

pub(super) const KIND_NETWORK: &str = "network";
const KIND_LOCALNET: &str = "localnet";
pub(super) const KIND_SUBNET: &str = "subnet";
pub(super) const KIND_DNS: &str = "dns";

impl Plan<'_> {
    /// The network is so.
    pub(super) fn network(&mut self, network: &LogicalNetwork) {
        let id = network.id.to_string();
        let records = self.names(network);
        let more = [
            (NAME, network.name.clone()),
            ("pileus:mtu", network.mtu.to_string()),
            (PHYSICAL_NETWORK, network.physical_network.clone().unwrap_or_default()),
        ];
        let columns = Columns::from([
            ("name", Datum::one(format!("pileus-{id}"))),
            ("external_ids", marks(KIND_NETWORK, &id, more)),
            ("dns_records", Datum::set(records)),
        ]);
        let switch = self.root("Logical_Switch", &id, &columns);
        self.localnet(network, &switch);
        self.subnets(network);
    }

    /// The row of names, or none when there are no names.
    fn names(&mut self, network: &LogicalNetwork) -> Option<Atom> {
        let id = network.id.to_string();
        if network.names.is_empty() {
            if let Some((row, _)) = self.one("DNS", BY_ID, &id) {
                self.transaction.delete("DNS", row);
            }
            return None;
        }
        let mut records: BTreeMap<String, String> = BTreeMap::new();
        for (name, addresses) in &network.names {
            let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            // OVN compares with the question put in lower case.
            records.insert(name.to_lowercase(), addresses.join(" "));
        }
        records.extend(reverse_names(network));
        let columns =
            Columns::from([("records", Datum::map(records)), ("external_ids", marks(KIND_DNS, &id, []))]);
        Some(self.root("DNS", &id, &columns))
    }

    fn localnet(&mut self, network: &LogicalNetwork, switch: &Atom) {
        let name = format!("pileus-localnet-{}", network.id);
        let found = self.table("Logical_Switch_Port").find(BY_NAME, name.as_str()).first().map(|(id, _)| *id);
        let Some(physical) = &network.physical_network else {
            if let Some(port) = found {
                self.transaction.take("Logical_Switch", switch, "ports", &Datum::one(port));
            }
            return;
        };
        let columns = Columns::from([
            ("name", Datum::one(name)),
            ("type", Datum::one("localnet")),
            ("addresses", Datum::one("unknown")),
            ("options", Datum::map([("network_name", physical.as_str())])),
            ("external_ids", marks(KIND_LOCALNET, &network.id.to_string(), [])),
        ]);
        let port =
            self.transaction.put("Logical_Switch_Port", self.table("Logical_Switch_Port"), found, &columns);
        self.place(&port, switch);
    }

    /// The port is on that switch and on no other.
    pub(super) fn place(&mut self, port: &Atom, switch: &Atom) {
        let there = match port {
            Atom::Uuid(id) => self.table("Logical_Switch").find(BY_PORT, *id),
            _ => Vec::new(),
        };
        for (other, _) in there.iter().filter(|(each, _)| *switch != Atom::Uuid(*each)) {
            self.transaction.take(
                "Logical_Switch",
                &Atom::Uuid(*other),
                "ports",
                &Datum::one_atom(port.clone()),
            );
        }
        if !there.iter().any(|(each, _)| *switch == Atom::Uuid(*each)) {
            self.transaction.add("Logical_Switch", switch, "ports", &Datum::one_atom(port.clone()));
        }
    }

    fn subnets(&mut self, network: &LogicalNetwork) {
        let answering = network.subnets.iter().filter(|subnet| subnet.dhcp.is_some());
        let wanted: Vec<String> = answering.map(|subnet| subnet.id.to_string()).collect();
        for (row, present) in self.table("DHCP_Options").find(BY_NETWORK, network.id.to_string()) {
            let ours = present.key("external_ids", KIND) == Some(KIND_SUBNET);
            let id = present.key("external_ids", super::tables::ID).unwrap_or_default();
            if ours && !wanted.iter().any(|each| each == id) {
                self.transaction.delete("DHCP_Options", row);
            }
        }
        for subnet in &network.subnets {
            let Some(options) = dhcp::subnet_options(network.mtu, subnet) else { continue };
            let id = subnet.id.to_string();
            let is_new = self.table("DHCP_Options").find(BY_ID, id.as_str()).is_empty();
            let columns = Columns::from([
                ("cidr", Datum::one(subnet.cidr.trunc().to_string())),
                ("options", Datum::map(options.clone())),
                ("external_ids", marks(KIND_SUBNET, &id, [(NETWORK, network.id.to_string())])),
            ]);
            let row = self.root("DHCP_Options", &id, &columns);
            if is_new {
                self.give_dhcp(network.id, &id, subnet.cidr.addr().is_ipv4(), &row);
            }
            self.refresh_port_options(&id, &options);
        }
    }

    /// Ports that were on the subnet before it answered DHCP are answered, too.
    fn give_dhcp(&mut self, network: Uuid, subnet: &str, v4: bool, options: &Atom) {
        let column = if v4 { "dhcpv4_options" } else { "dhcpv6_options" };
        let ports = self.table("Logical_Switch_Port");
        for (_, switch) in self.table("Logical_Switch").find(BY_ID, network.to_string()) {
            for id in switch.get("ports").uuids() {
                let Some(port) = ports.get(id) else { continue };
                let on_subnet = port
                    .key("external_ids", SUBNETS)
                    .unwrap_or_default()
                    .split(' ')
                    .any(|each| each == subnet);
                if on_subnet && port.text("type").is_empty() && port.get(column).is_empty() {
                    let columns = Columns::from([(column, Datum::one_atom(options.clone()))]);
                    self.transaction.update("Logical_Switch_Port", id, &columns);
                }
            }
        }
    }

    /// Rows of ports with options of their own follow those of the subnet.
    fn refresh_port_options(&mut self, subnet: &str, base: &dhcp::Options) {
        let table = self.table("DHCP_Options");
        for (id, row) in table.find(BY_SUBNET, subnet) {
            let extra = row.key("external_ids", EXTRA).unwrap_or_default();
            let extra: dhcp::Options = serde_json::from_str(extra).unwrap_or_default();
            let options = base.clone().into_iter().chain(extra);
            self.transaction.put(
                "DHCP_Options",
                table,
                Some(id),
                &Columns::from([("options", Datum::map(options))]),
            );
        }
    }

    /// The network is no more, with its ports, its DHCP and its names.
    pub(super) fn remove_network(&mut self, id: Uuid) {
        let id = id.to_string();
        for (table, index) in [("Logical_Switch", BY_ID), ("DNS", BY_ID), ("DHCP_Options", BY_NETWORK)] {
            for (row, _) in self.table(table).find(index, id.as_str()) {
                self.transaction.delete(table, row);
            }
        }
    }
}

/// The names that are asked for when somebody wants to know whose an address is, each with the fullest name of the address.
/// Without them whoever shows names beside addresses waits for a name server that may not be there.
fn reverse_names(network: &LogicalNetwork) -> BTreeMap<String, String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (name, addresses) in &network.names {
        for address in addresses {
            let known = names.entry(reverse_name(*address)).or_default();
            if name.len() > known.len() {
                *known = name.to_lowercase();
            }
        }
    }
    names
}

fn reverse_name(address: IpAddr) -> String {
    let (labels, zone): (Vec<String>, _) = match address {
        IpAddr::V4(address) => (address.octets().map(|octet| octet.to_string()).to_vec(), "in-addr.arpa"),
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().flat_map(|octet| [octet >> 4, octet & 15]);
            (nibbles.map(|nibble| format!("{nibble:x}")).collect(), "ip6.arpa")
        }
    };
    labels.into_iter().rev().chain([zone.to_owned()]).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_for_backwards() {
        assert_eq!(reverse_name("10.1.2.3".parse().unwrap()), "3.2.1.10.in-addr.arpa");
        assert_eq!(
            reverse_name("fd00::a1".parse().unwrap()),
            "1.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"
        );
    }
}
