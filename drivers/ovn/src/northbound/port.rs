//! A port: its row on the switch, its DHCP options, and the port groups that it is in.

use std::collections::{BTreeMap, BTreeSet};

use contracts::driver::{DriverError, DriverResult, LogicalPort, PortKind};
use uuid::Uuid;

use super::{
    dhcp,
    plan::Plan,
    security_group::group_name,
    tables::{
        BY_ID, BY_NAME, BY_PORT, EXTRA, ID, KIND, NAME, NETWORK, PHYSICAL_NETWORK, SUBNET, SUBNETS, marks,
    },
};
use crate::ovsdb::{Atom, Columns, Datum, Row};

pub(super) const KIND_PORT: &str = "port";
pub(super) const KIND_PORT_DHCP: &str = "port-dhcp";

impl Plan<'_> {
    /// The port is so.
    pub(super) fn port(&mut self, port: &LogicalPort) -> DriverResult<()> {
        let network = port.network.to_string();
        let (switch, switch_row) = self
            .one("Logical_Switch", BY_ID, &network)
            .ok_or_else(|| DriverError::NotFound(format!("network {network} of port {}", port.id)))?;
        let groups = self.groups_of(port)?;
        let mut columns = describe(port, switch_row);
        for (column, v4) in [("dhcpv4_options", true), ("dhcpv6_options", false)] {
            let options = self.dhcp_of(port, v4);
            columns.insert(column, Datum::set(options));
        }
        let table = self.table("Logical_Switch_Port");
        let found = table.find(BY_NAME, port.id.to_string()).first().map(|(id, _)| *id);
        let row = self.transaction.put("Logical_Switch_Port", table, found, &columns);
        self.place(&row, &Atom::Uuid(switch));
        self.join(&row, groups);
        Ok(())
    }

    /// The groups that the port is to be in. The one that drops what no other allows is made with the first port.
    fn groups_of(&mut self, port: &LogicalPort) -> DriverResult<Vec<Atom>> {
        if port.kind != PortKind::Machine || !port.port_security {
            return Ok(Vec::new());
        }
        let mut groups = vec![self.drop_group()];
        for id in &port.security_groups {
            let found = self.table("Port_Group").find(BY_NAME, group_name(*id));
            let (group, _) = found
                .first()
                .ok_or_else(|| DriverError::NotFound(format!("security group {id} of port {}", port.id)))?;
            groups.push(Atom::Uuid(*group));
        }
        Ok(groups)
    }

    /// The port is in these groups and in no other of ours. Only the difference is sent: a group can have many thousand
    /// ports.
    fn join(&mut self, port: &Atom, wanted: Vec<Atom>) {
        let member = Datum::one_atom(port.clone());
        let present = match port {
            Atom::Uuid(id) => self.table("Port_Group").find(BY_PORT, *id),
            _ => Vec::new(),
        };
        let ours = |row: &Row| row.key("external_ids", KIND).is_some();
        for (group, _) in present.iter().filter(|(id, row)| ours(row) && !wanted.contains(&Atom::Uuid(*id))) {
            self.transaction.take("Port_Group", &Atom::Uuid(*group), "ports", &member);
        }
        for group in wanted.iter().collect::<BTreeSet<_>>() {
            if !present.iter().any(|(id, _)| *group == Atom::Uuid(*id)) {
                self.transaction.add("Port_Group", group, "ports", &member);
            }
        }
    }

    /// The row of what DHCP answers the port, in one family: that of its subnet, or one of its own when it has extra options.
    fn dhcp_of(&mut self, port: &LogicalPort, v4: bool) -> Option<Atom> {
        let address = port.addresses.iter().find(|(_, address)| address.is_ipv4() == v4);
        let answered = port.kind == PortKind::Machine && !dhcp_disabled(&port.dhcp_options);
        let subnet = address.filter(|_| answered).map(|(subnet, _)| subnet.to_string());
        let options = subnet.and_then(|id| self.table("DHCP_Options").find(BY_ID, id).first().copied());
        let extra = if v4 { dhcp::extra_options(&port.dhcp_options) } else { dhcp::Options::new() };
        let id = port.id.to_string();
        let own: Vec<(Uuid, &Row)> = self
            .table("DHCP_Options")
            .find(BY_ID, id.as_str())
            .into_iter()
            .filter(|(_, row)| row.text("cidr").contains(':') != v4)
            .collect();
        let Some((base_id, base)) = options.filter(|_| !extra.is_empty()) else {
            for (row, _) in own {
                self.transaction.delete("DHCP_Options", row);
            }
            return options.map(|(id, _)| Atom::Uuid(id));
        };
        let Datum::Map(pairs) = base.get("options") else { return Some(Atom::Uuid(base_id)) };
        let extra_text = serde_json::to_string(&extra).unwrap_or_default();
        let written = extra.into_iter().map(|(name, value)| (Atom::from(name), Atom::from(value)));
        let more = [
            (SUBNET, base.key("external_ids", ID).unwrap_or_default().to_owned()),
            (NETWORK, port.network.to_string()),
            (EXTRA, extra_text),
        ];
        let columns = Columns::from([
            ("cidr", base.get("cidr").clone()),
            ("options", Datum::map(pairs.iter().cloned().chain(written))),
            ("external_ids", marks(KIND_PORT_DHCP, &id, more)),
        ]);
        Some(self.root("DHCP_Options", &id, &columns))
    }

    /// The port is no more.
    pub(super) fn remove_port(&mut self, id: Uuid) {
        let id = id.to_string();
        for (port, _) in self.table("Logical_Switch_Port").find(BY_NAME, id.as_str()) {
            for (switch, _) in self.table("Logical_Switch").find(BY_PORT, port) {
                self.transaction.take("Logical_Switch", &Atom::Uuid(switch), "ports", &Datum::one(port));
            }
        }
        for (row, _) in self.table("DHCP_Options").find(BY_ID, id.as_str()) {
            self.transaction.delete("DHCP_Options", row);
        }
    }
}

fn dhcp_disabled(options: &BTreeMap<String, String>) -> bool {
    options.get("dhcp_disabled").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The columns that follow from the port alone.
fn describe(port: &LogicalPort, switch: &Row) -> Columns {
    let subnets: BTreeSet<String> = port.addresses.iter().map(|(subnet, _)| subnet.to_string()).collect();
    let more = [
        (NAME, port.name.clone()),
        (NETWORK, port.network.to_string()),
        (SUBNETS, subnets.into_iter().collect::<Vec<_>>().join(" ")),
    ];
    let (kind, options) = match &port.kind {
        PortKind::Machine => ("", port.host.iter().map(|host| ("requested-chassis", host.clone())).collect()),
        PortKind::Metadata => ("localport", Vec::new()),
        PortKind::Router { .. } => ("router", router_options(port, switch)),
    };
    Columns::from([
        ("name", Datum::one(port.id.to_string())),
        ("type", Datum::one(kind)),
        ("options", Datum::map(options)),
        ("addresses", Datum::set(addresses(port))),
        ("port_security", Datum::set(port_security(port))),
        ("enabled", Datum::one(port.enabled)),
        ("external_ids", marks(KIND_PORT, &port.id.to_string(), more)),
    ])
}

fn router_options(port: &LogicalPort, switch: &Row) -> Vec<(&'static str, String)> {
    let mut options = vec![("router-port", super::router::leg_name(port.id))];
    if switch.key("external_ids", PHYSICAL_NETWORK).is_some() {
        // Neighbours outside are told at once where the router's and the floating addresses are.
        options.push(("nat-addresses", "router".to_owned()));
    }
    options
}

fn own_address(port: &LogicalPort) -> String {
    let mut words = vec![port.mac.clone()];
    words.extend(port.addresses.iter().map(|(_, address)| address.to_string()));
    words.join(" ")
}

fn addresses(port: &LogicalPort) -> Vec<String> {
    if matches!(port.kind, PortKind::Router { .. }) {
        return vec!["router".to_owned()];
    }
    let mut addresses = vec![own_address(port)];
    let others = allowed_pairs(port).map(|(mac, _)| mac.to_owned()).filter(|mac| *mac != port.mac);
    addresses.extend(others);
    if !port.port_security && port.kind == PortKind::Machine {
        addresses.push("unknown".to_owned());
    }
    addresses
}

fn port_security(port: &LogicalPort) -> Vec<String> {
    if !port.port_security || port.kind != PortKind::Machine {
        return Vec::new();
    }
    let mut by_mac = BTreeMap::from([(port.mac.clone(), own_address(port))]);
    for (mac, address) in allowed_pairs(port) {
        let line = by_mac.entry(mac.to_owned()).or_insert_with(|| mac.to_owned());
        line.push(' ');
        line.push_str(address);
    }
    by_mac.into_values().collect()
}

/// The allowed pairs, without those that are none: they become part of logical flows, where one wrong word would undo the
/// rest.
fn allowed_pairs(port: &LogicalPort) -> impl Iterator<Item = (&str, &str)> {
    let pairs = port.allowed_pairs.iter().map(|(mac, address)| (mac.as_ref().unwrap_or(&port.mac), address));
    pairs
        .filter(|(mac, address)| is_mac(mac) && is_address(address))
        .map(|(mac, address)| (mac.as_str(), address.as_str()))
}

fn is_mac(text: &str) -> bool {
    let octets: Vec<&str> = text.split(':').collect();
    octets.len() == 6
        && octets.iter().all(|each| each.len() == 2 && each.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok() || text.parse::<ipnet::IpNet>().is_ok()
}

/// The id of a port row of ours.
pub(super) fn port_id(row: &Row) -> Option<Uuid> {
    (row.key("external_ids", KIND) == Some(KIND_PORT)).then(|| row.text("name").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> LogicalPort {
        LogicalPort {
            id: Uuid::from_u128(1),
            network: Uuid::from_u128(2),
            kind: PortKind::Machine,
            name: String::new(),
            mac: "fa:16:3e:00:00:01".to_owned(),
            addresses: vec![(Uuid::from_u128(3), "10.0.0.5".parse().unwrap())],
            allowed_pairs: vec![],
            port_security: true,
            security_groups: vec![],
            enabled: true,
            host: None,
            dhcp_options: BTreeMap::new(),
        }
    }

    #[test]
    fn a_port_may_use_its_own_addresses_and_its_allowed_pairs_only() {
        let mut port = machine();
        port.allowed_pairs = vec![
            (None, "10.0.0.0/28".to_owned()),
            (Some("fa:16:3e:00:00:02".to_owned()), "10.0.0.9".to_owned()),
            (None, "10.0.0.7} || 1 || {".to_owned()),
            (Some("nonsense".to_owned()), "10.0.0.8".to_owned()),
        ];
        assert_eq!(
            port_security(&port),
            ["fa:16:3e:00:00:01 10.0.0.5 10.0.0.0/28", "fa:16:3e:00:00:02 10.0.0.9"]
        );
        assert_eq!(addresses(&port), ["fa:16:3e:00:00:01 10.0.0.5", "fa:16:3e:00:00:02"]);
    }

    #[test]
    fn without_port_security_everything_goes() {
        let mut port = machine();
        port.port_security = false;
        assert!(port_security(&port).is_empty());
        assert_eq!(addresses(&port), ["fa:16:3e:00:00:01 10.0.0.5", "unknown"]);
    }

    #[test]
    fn a_port_without_addresses_may_still_speak_with_its_mac() {
        let mut port = machine();
        port.addresses.clear();
        assert_eq!(port_security(&port), ["fa:16:3e:00:00:01"]);
    }
}
