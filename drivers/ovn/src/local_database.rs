//! The local database of Open vSwitch on a host (`conf.db`), as far as Pileus reads it.

use std::sync::Arc;

use crate::ovsdb::{Atom, Client, Columns, Datum, Endpoint, Index, Monitored, Replica, Transaction};

pub(crate) const BY_NAME: Index = Index::Column("name");
pub(crate) const INTERFACE_BY_IFACE_ID: Index = Index::Key("external_ids", "iface-id");
pub(crate) const PORT_BY_INTERFACE: Index = Index::Column("interfaces");
pub(crate) const BRIDGE_BY_PORT: Index = Index::Column("ports");

/// Connects to the local database, in the background.
pub(crate) fn connect(endpoint: Endpoint) -> Arc<Client> {
    let monitored = vec![
        Monitored {
            table: "Open_vSwitch",
            columns: &["bridges", "external_ids", "other_config"],
            indexes: &[],
        },
        Monitored {
            table: "Bridge",
            columns: &["name", "ports", "datapath_type", "fail_mode", "other_config"],
            indexes: &[BY_NAME, BRIDGE_BY_PORT],
        },
        Monitored { table: "Port", columns: &["name", "interfaces"], indexes: &[BY_NAME, PORT_BY_INTERFACE] },
        Monitored {
            table: "Interface",
            columns: &["name", "type", "external_ids"],
            indexes: &[BY_NAME, INTERFACE_BY_IFACE_ID],
        },
    ];
    Arc::new(Client::start(endpoint, "Open_vSwitch", monitored, |_| {}))
}

/// Inserts a port of one interface, and returns it.
pub(crate) fn insert_port(transaction: &mut Transaction, interface: &Columns) -> Atom {
    let name = interface.get("name").cloned().unwrap_or(Datum::EMPTY);
    let inserted = transaction.insert("Interface", interface);
    transaction.insert("Port", &Columns::from([("name", name), ("interfaces", Datum::one_atom(inserted))]))
}

/// Takes a port from its bridge; the database deletes it with its interface.
pub(crate) fn remove_port(transaction: &mut Transaction, replica: &Replica, interface: uuid::Uuid) {
    for (port, _) in replica.table("Port").find(PORT_BY_INTERFACE, interface) {
        for (bridge, _) in replica.table("Bridge").find(BRIDGE_BY_PORT, port) {
            transaction.take("Bridge", &Atom::Uuid(bridge), "ports", &Datum::one(port));
        }
    }
}
