//! A router: its legs, where they live, its routes and its address translation.

use contracts::driver::{ExternalGateway, LogicalRouter, RouterInterface};
use ipnet::IpNet;
use uuid::Uuid;

use super::{
    gateway,
    network::KIND_SUBNET,
    plan::{Child, Plan},
    tables::{BY_ID, BY_NETWORK, KIND, NAME, NETWORK, PHYSICAL_NETWORK, ROUTER, marks},
};
use crate::ovsdb::{Atom, Columns, Datum};

pub(super) const KIND_ROUTER: &str = "router";
const KIND_LEG: &str = "router-interface";
pub(super) const KIND_GATEWAY: &str = "router-gateway";

/// The name of a router's end of a leg; the switch's end is the port's id.
pub(super) fn leg_name(port: Uuid) -> String {
    format!("lrp-{port}")
}

impl Plan<'_> {
    /// The router is so.
    pub(super) fn router(&mut self, router: &LogicalRouter) {
        let id = router.id.to_string();
        let options = [
            ("always_learn_from_arp_request", "false"),
            ("dynamic_neigh_routers", "true"),
            ("mac_binding_age_threshold", "300"),
        ];
        let columns = Columns::from([
            ("name", Datum::one(format!("pileus-{id}"))),
            ("enabled", Datum::one(router.enabled)),
            ("options", Datum::map(options)),
            ("external_ids", marks(KIND_ROUTER, &id, [(NAME, router.name.clone())])),
        ]);
        let row = self.root("Logical_Router", &id, &columns);
        self.legs(router, &row);
        self.children(
            ("Logical_Router", &row, "static_routes"),
            "Logical_Router_Static_Route",
            routes(router),
        );
        self.children(("Logical_Router", &row, "nat"), "NAT", translation(router));
    }

    fn legs(&mut self, router: &LogicalRouter, row: &Atom) {
        let mut legs: Vec<Child> = router.interfaces.iter().map(|leg| self.leg(router, leg, false)).collect();
        let mut chassis = vec![Vec::new(); legs.len()];
        if let Some(gateway) = &router.gateway {
            legs.push(self.leg(router, &gateway.interface, true));
            let physical = self.physical_network(gateway.interface.network);
            chassis.push(gateway::ranked(self.gateways, router.id, physical.as_deref()));
        }
        let names: Vec<String> = legs.iter().map(|leg| leg.key.clone()).collect();
        let rows = self.children(("Logical_Router", row, "ports"), "Logical_Router_Port", legs);
        for ((leg, name), chassis) in rows.iter().zip(names).zip(chassis) {
            self.lives_on(leg, &name, &chassis);
        }
    }

    /// The leg lives on these hosts: the first that is alive. With none to choose from (all hosts are being restarted) it
    /// stays where it is.
    pub(super) fn lives_on(&mut self, leg: &Atom, name: &str, chassis: &[String]) {
        if chassis.is_empty() {
            return;
        }
        let count = i64::try_from(chassis.len()).unwrap_or_default();
        let wanted = chassis.iter().zip((1..=count).rev()).map(|(chassis, priority)| {
            let key = format!("{name}_{chassis}");
            let columns = Columns::from([
                ("name", Datum::one(key.as_str())),
                ("chassis_name", Datum::one(chassis.as_str())),
                ("priority", Datum::one(priority)),
                ("external_ids", marks("gateway-chassis", &key, [])),
            ]);
            Child { key, columns }
        });
        let wanted = wanted.collect();
        self.children(("Logical_Router_Port", leg, "gateway_chassis"), "Gateway_Chassis", wanted);
    }

    fn leg(&self, router: &LogicalRouter, leg: &RouterInterface, external: bool) -> Child {
        let name = leg_name(leg.port);
        let physical = self.physical_network(leg.network).unwrap_or_default();
        let more = [
            (ROUTER, router.id.to_string()),
            (NETWORK, leg.network.to_string()),
            (PHYSICAL_NETWORK, if external { physical } else { String::new() }),
        ];
        let kind = if external { KIND_GATEWAY } else { KIND_LEG };
        let columns = Columns::from([
            ("name", Datum::one(name.as_str())),
            ("mac", Datum::one(leg.mac.as_str())),
            ("networks", Datum::set(leg.addresses.iter().map(ToString::to_string))),
            // What is too large for the leg is answered by "fragmentation needed" instead of lost.
            ("options", Datum::map([("gateway_mtu", leg.mtu.to_string())])),
            ("ipv6_ra_configs", if external { Datum::EMPTY_MAP } else { self.advertisements(leg) }),
            ("external_ids", marks(kind, &name, more)),
        ]);
        Child { key: name, columns }
    }

    /// Router advertisements, for a leg with an IPv6 address: by DHCPv6 where the subnet answers it, else stateless.
    fn advertisements(&self, leg: &RouterInterface) -> Datum {
        if leg.addresses.iter().all(|address| address.addr().is_ipv4()) {
            return Datum::EMPTY_MAP;
        }
        let subnets = self.table("DHCP_Options").find(BY_NETWORK, leg.network.to_string());
        let answers = subnets.iter().any(|(_, row)| {
            row.key("external_ids", KIND) == Some(KIND_SUBNET) && row.text("cidr").contains(':')
        });
        let mode = if answers { "dhcpv6_stateful" } else { "slaac" };
        Datum::map([
            ("address_mode", mode.to_owned()),
            ("send_periodic", "true".to_owned()),
            ("mtu", leg.mtu.to_string()),
        ])
    }

    fn physical_network(&self, network: Uuid) -> Option<String> {
        let found = self.table("Logical_Switch").find(BY_ID, network.to_string());
        found.first().and_then(|(_, row)| row.key("external_ids", PHYSICAL_NETWORK)).map(str::to_owned)
    }

    /// The router is no more.
    pub(super) fn remove_router(&mut self, id: Uuid) {
        for (row, _) in self.table("Logical_Router").find(BY_ID, id.to_string()) {
            self.transaction.delete("Logical_Router", row);
        }
    }
}

fn routes(router: &LogicalRouter) -> Vec<Child> {
    let route = |prefix: String, hop: String, output: Option<String>| {
        let key = format!("{prefix} {hop}");
        let columns = Columns::from([
            ("ip_prefix", Datum::one(prefix)),
            ("nexthop", Datum::one(hop)),
            ("output_port", Datum::optional(output)),
            ("external_ids", marks("route", &key, [])),
        ]);
        Child { key, columns }
    };
    let mut all: Vec<Child> = router
        .routes
        .iter()
        .map(|each| route(each.destination.trunc().to_string(), each.next_hop.to_string(), None))
        .collect();
    if let Some(gateway) = &router.gateway {
        for hop in &gateway.next_hop {
            let prefix = if hop.is_ipv4() { "0.0.0.0/0" } else { "::/0" };
            let default = route(prefix.to_owned(), hop.to_string(), Some(leg_name(gateway.interface.port)));
            if !all.iter().any(|each| each.key == default.key) {
                all.push(default);
            }
        }
    }
    all
}

fn translation(router: &LogicalRouter) -> Vec<Child> {
    let rule = |key: String, kind: &str, external: String, logical: String| {
        let columns = Columns::from([
            ("type", Datum::one(kind)),
            ("external_ip", Datum::one(external)),
            ("logical_ip", Datum::one(logical)),
            ("external_ids", marks("nat", &key, [])),
        ]);
        Child { key, columns }
    };
    // Without a leg outside there is nothing to translate to, and OVN would refuse the rows by silence.
    let Some(gateway) = &router.gateway else { return Vec::new() };
    let mut all: Vec<Child> = router
        .nat
        .iter()
        .map(|each| {
            rule(each.id.to_string(), "dnat_and_snat", each.external.to_string(), each.internal.to_string())
        })
        .collect();
    if let Some(own) = own_address(gateway).filter(|_| gateway.snat) {
        let mut inside: Vec<IpNet> = router
            .interfaces
            .iter()
            .flat_map(|leg| &leg.addresses)
            .filter(|net| net.addr().is_ipv4())
            .map(IpNet::trunc)
            .collect();
        inside.sort_unstable();
        inside.dedup();
        all.extend(
            inside.iter().map(|net| rule(format!("snat {net}"), "snat", own.clone(), net.to_string())),
        );
    }
    all
}

fn own_address(gateway: &ExternalGateway) -> Option<String> {
    gateway.interface.addresses.iter().find(|net| net.addr().is_ipv4()).map(|net| net.addr().to_string())
}
