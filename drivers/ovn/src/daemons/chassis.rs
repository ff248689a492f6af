//! What a host's local database must say before its daemons start: who it is, and its bridges.

use std::{collections::BTreeMap, path::Path, time::Duration};

use contracts::driver::DriverResult;

use super::{
    config::{ChassisConfig, ExternalBridge},
    paths::Paths,
};
use crate::{
    binary,
    local_database::{BY_NAME, insert_port},
    ovsdb::{Atom, Client, Columns, Datum, Replica, Transaction},
};

const INTEGRATION_BRIDGE: &str = "br-int";

/// Makes it so, in one transaction; none when it is so.
pub(super) async fn configure(local: &Client, chassis: &ChassisConfig, paths: &Paths) -> DriverResult<()> {
    local.ready(Duration::from_secs(10)).await?;
    let datapath = datapath(chassis);
    let transaction = local.read(|replica| plan(replica, chassis, paths, &datapath));
    local.transact(&transaction).await?;
    if let Some(external) = &chassis.external {
        let transaction = local.read(|replica| plan_cards(replica, external));
        local.transact(&transaction).await?;
    }
    Ok(())
}

/// The network cards of the bridge that leads outside.
fn plan_cards(replica: &Replica, external: &ExternalBridge) -> Transaction {
    let mut transaction = Transaction::default();
    let found = replica.table("Bridge").find(BY_NAME, external.name.as_str());
    if let Some((bridge, _)) = found.first() {
        for card in &external.interfaces {
            if replica.table("Port").find(BY_NAME, card.as_str()).is_empty() {
                let port =
                    insert_port(&mut transaction, &Columns::from([("name", Datum::one(card.as_str()))]));
                transaction.add("Bridge", &Atom::Uuid(*bridge), "ports", &Datum::one_atom(port));
            }
        }
    }
    transaction
}

fn plan(replica: &Replica, chassis: &ChassisConfig, paths: &Paths, datapath: &str) -> Transaction {
    let mut transaction = Transaction::default();
    let table = replica.table("Open_vSwitch");
    let root = table.rows().next();
    let merged = |column: &'static str, wanted: Vec<(&'static str, String)>| {
        // Keys of others (an operator's tuning) stay.
        let mut all: BTreeMap<Atom, Atom> = match root.map(|(_, row)| row.get(column)) {
            Some(Datum::Map(pairs)) => pairs.iter().cloned().collect(),
            _ => BTreeMap::new(),
        };
        all.extend(wanted.into_iter().map(|(key, value)| (key.into(), value.into())));
        Datum::map(all)
    };
    let columns = Columns::from([
        ("external_ids", merged("external_ids", external_ids(chassis, paths, datapath))),
        // One handler and one revalidator: the userspace datapath has little use for more, each costs memory.
        (
            "other_config",
            merged(
                "other_config",
                vec![("n-handler-threads", "1".into()), ("n-revalidator-threads", "1".into())],
            ),
        ),
    ]);
    let root = transaction.put("Open_vSwitch", table, root.map(|(id, _)| id), &columns);
    let bridge = Columns::from([
        ("datapath_type", Datum::one(datapath)),
        ("fail_mode", Datum::one("secure")),
        ("other_config", Datum::map([("disable-in-band", "true")])),
    ]);
    put_bridge(&mut transaction, replica, &root, INTEGRATION_BRIDGE, bridge);
    for (_, name) in &chassis.bridge_mappings {
        // The bridge keeps its MAC over restarts, else neighbours would send to the old one until they forget it.
        let mac = bridge_mac(&chassis.name, name);
        let bridge = Columns::from([
            ("datapath_type", Datum::one(datapath)),
            ("fail_mode", Datum::one("standalone")),
            ("other_config", Datum::map([("hwaddr", mac)])),
        ]);
        put_bridge(&mut transaction, replica, &root, name, bridge);
    }
    transaction
}

fn external_ids(chassis: &ChassisConfig, paths: &Paths, datapath: &str) -> Vec<(&'static str, String)> {
    let mappings: Vec<String> =
        chassis.bridge_mappings.iter().map(|(net, bridge)| format!("{net}:{bridge}")).collect();
    let options = if chassis.gateway { "enable-chassis-as-gw" } else { "" };
    vec![
        ("system-id", chassis.name.clone()),
        ("hostname", chassis.name.clone()),
        ("rundir", paths.run().display().to_string()),
        ("ovn-remote", chassis.southbound.clone().unwrap_or_else(|| paths.southbound())),
        ("ovn-encap-type", "geneve".to_owned()),
        ("ovn-encap-ip", chassis.encap_ip.to_string()),
        ("ovn-bridge", INTEGRATION_BRIDGE.to_owned()),
        ("ovn-bridge-datapath-type", datapath.to_owned()),
        ("ovn-bridge-mappings", mappings.join(",")),
        ("ovn-cms-options", options.to_owned()),
    ]
}

fn put_bridge(
    transaction: &mut Transaction,
    replica: &Replica,
    root: &Atom,
    name: &str,
    mut columns: Columns,
) {
    let table = replica.table("Bridge");
    if let Some((id, _)) = table.find(BY_NAME, name).first() {
        transaction.put("Bridge", table, Some(*id), &columns);
        return;
    }
    let interface = Columns::from([("name", Datum::one(name)), ("type", Datum::one("internal"))]);
    let port = insert_port(transaction, &interface);
    columns.insert("name", Datum::one(name));
    columns.insert("ports", Datum::one_atom(port));
    let bridge = transaction.insert("Bridge", &columns);
    transaction.add("Open_vSwitch", root, "bridges", &Datum::one_atom(bridge));
}

/// A MAC of the locally administered range, from the host's and the bridge's name (FNV-1a, which needs no seed).
fn bridge_mac(host: &str, bridge: &str) -> String {
    let hash = host.bytes().chain([0]).chain(bridge.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let bytes = hash.to_be_bytes();
    format!("0a:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", bytes[3], bytes[4], bytes[5], bytes[6], bytes[7])
}

/// `netdev` or `system`.
pub(super) fn datapath(chassis: &ChassisConfig) -> String {
    chassis.datapath.clone().unwrap_or_else(|| kernel_datapath().to_owned())
}

/// `system` when the kernel has Open vSwitch's datapath, else `netdev`: in userspace.
fn kernel_datapath() -> &'static str {
    let loaded = || Path::new("/sys/module/openvswitch").exists();
    let load = || {
        std::process::Command::new(binary::path_of("modprobe"))
            .args(["-q", "openvswitch"])
            .status()
            .is_ok_and(|s| s.success())
    };
    if loaded() || (load() && loaded()) { "system" } else { "netdev" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bridges_of_different_hosts_have_different_macs_that_stay() {
        assert_eq!(bridge_mac("host1", "br-ex"), bridge_mac("host1", "br-ex"));
        assert_ne!(bridge_mac("host1", "br-ex"), bridge_mac("host2", "br-ex"));
        assert_ne!(bridge_mac("host1", "br-ex"), bridge_mac("host1", "br-public"));
    }
}
