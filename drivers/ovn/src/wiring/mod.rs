//! A host's side of the network: taps on the integration bridge, and namespaces in which metadata proxies listen.
//!
//! What is plugged is read from Open vSwitch's own database and from the host's namespaces, never remembered.

mod metadata;

use std::{collections::HashMap, net::TcpListener, sync::Arc, time::Duration};

use async_trait::async_trait;
use contracts::{
    driver::{DriverError, DriverResult, Wiring},
    machine::{NicSpec, tap_name},
    network::MetadataPort,
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    iproute::{IpRoute, namespaces},
    isolation::Isolation,
    local_database::{self, BRIDGE_BY_PORT, BY_NAME, INTERFACE_BY_IFACE_ID, PORT_BY_INTERFACE},
    ovsdb::{Client, Columns, Datum, Replica, Row, Transaction},
};

const PATIENCE: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 5;

/// Key of the port of a machine's tap.
const PORT: &str = "pileus:port";
/// Key of the network of a metadata proxy's interface.
const NETWORK: &str = "pileus:network";

/// Where the host's switch is.
#[derive(Debug, Clone)]
pub struct WiringConfig {
    /// The host's local OVSDB server: [`crate::daemons::Paths::local`], or `unix:/run/openvswitch/db.sock`.
    pub ovsdb: String,
    /// The integration bridge.
    pub bridge: String,
    /// What the names of metadata namespaces begin with: different for each of several hosts on one machine.
    pub metadata_prefix: String,
    /// The named network namespace in which the switch is, when not in that of Pileus.
    pub namespace: Option<String>,
}

impl WiringConfig {
    /// The usual names, and that OVSDB server.
    pub fn new(ovsdb: impl Into<String>) -> Self {
        WiringConfig {
            ovsdb: ovsdb.into(),
            bridge: "br-int".to_owned(),
            metadata_prefix: "pileus-meta-".to_owned(),
            namespace: None,
        }
    }
}

/// Open vSwitch, behind [`Wiring`].
pub struct OvsWiring {
    config: WiringConfig,
    ip: IpRoute,
    isolation: Isolation,
    local: Arc<Client>,
    /// Sockets of metadata proxies, so that a second call gets the same one.
    listeners: Mutex<HashMap<Uuid, TcpListener>>,
}

impl OvsWiring {
    /// Connects to the local database.
    pub async fn connect(config: WiringConfig) -> DriverResult<Self> {
        let local = local_database::connect(config.ovsdb.parse()?);
        local.ready(Duration::from_secs(10)).await?;
        let ip = IpRoute::new(config.namespace.clone());
        let (userspace, interfaces) = local.read(|replica| {
            let found = replica.table("Bridge").find(BY_NAME, config.bridge.as_str());
            let userspace = found.first().is_some_and(|(_, row)| row.text("datapath_type") == "netdev");
            let ours = |row: &Row| [PORT, NETWORK].iter().any(|mark| row.key("external_ids", mark).is_some());
            let interfaces = replica.table("Interface").rows().filter(|(_, row)| ours(row));
            (userspace, interfaces.map(|(_, row)| row.text("name").to_owned()).collect::<Vec<_>>())
        });
        let isolation = Isolation::prepare(ip.clone(), userspace, &interfaces).await?;
        Ok(OvsWiring { config, ip, isolation, local, listeners: Mutex::new(HashMap::new()) })
    }

    /// Puts an interface that is there already on the integration bridge as that port.
    pub async fn attach(&self, interface: &str, port: Uuid, mac: &str) -> DriverResult<()> {
        self.put_on_bridge(interface, port, mac, (PORT, port)).await
    }

    async fn put_on_bridge(
        &self,
        interface: &str,
        port: Uuid,
        mac: &str,
        mark: (&str, Uuid),
    ) -> DriverResult<()> {
        self.isolation.add(interface).await?;
        let marks = Datum::map([
            ("iface-id", port.to_string()),
            ("attached-mac", mac.to_owned()),
            ("iface-status", "active".to_owned()),
            (mark.0, mark.1.to_string()),
        ]);
        let columns = Columns::from([("name", Datum::one(interface)), ("external_ids", marks)]);
        self.change(|replica, transaction| {
            let found = replica.table("Bridge").find(BY_NAME, self.config.bridge.as_str());
            let Some((bridge, _)) = found.first() else {
                return Err(DriverError::Unavailable(format!(
                    "the bridge {} is not there",
                    self.config.bridge
                )));
            };
            let interfaces = replica.table("Interface");
            // The tap that OVN would otherwise see twice under one port.
            for (other, row) in interfaces.find(INTERFACE_BY_IFACE_ID, port.to_string()) {
                if row.text("name") != interface {
                    local_database::remove_port(transaction, replica, other);
                }
            }
            let present = interfaces.find(BY_NAME, interface);
            let on_bridge = present.first().is_some_and(|(id, _)| bridge_of(replica, *id) == Some(*bridge));
            match present.first() {
                Some((id, _)) if on_bridge => {
                    drop(transaction.put("Interface", interfaces, Some(*id), &columns))
                }
                Some((id, _)) => {
                    return Err(DriverError::Refused(format!("{interface} ({id}) is on another bridge")));
                }
                None => {
                    let made = local_database::insert_port(transaction, &columns);
                    transaction.add("Bridge", &(*bridge).into(), "ports", &Datum::one_atom(made));
                }
            }
            Ok(())
        })
        .await
    }

    async fn take_from_bridge(&self, port: Uuid) -> DriverResult<()> {
        self.change(|replica, transaction| {
            for (interface, _) in replica.table("Interface").find(INTERFACE_BY_IFACE_ID, port.to_string()) {
                local_database::remove_port(transaction, replica, interface);
            }
            Ok(())
        })
        .await
    }

    async fn remove_link(&self, name: &str) -> DriverResult<()> {
        if self.ip.link_exists(name).await?
            && let Err(error) = self.ip.batch(&[format!("link del dev {name}")]).await
            && self.ip.link_exists(name).await?
        {
            return Err(error);
        }
        self.isolation.remove(name).await
    }

    async fn change(
        &self,
        build: impl Fn(&Replica, &mut Transaction) -> DriverResult<()> + Send + Sync,
    ) -> DriverResult<()> {
        for attempt in 1.. {
            self.local.ready(PATIENCE).await?;
            let transaction = self.local.read(|replica| {
                let mut transaction = Transaction::default();
                build(replica, &mut transaction).map(|()| transaction)
            })?;
            match self.local.transact(&transaction).await {
                Err(error) if error.is_race() && attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                outcome => return Ok(outcome?),
            }
        }
        Ok(())
    }
}

fn bridge_of(replica: &Replica, interface: Uuid) -> Option<Uuid> {
    let ports = replica.table("Port").find(PORT_BY_INTERFACE, interface);
    let bridges = replica.table("Bridge").find(BRIDGE_BY_PORT, ports.first()?.0);
    bridges.first().map(|(id, _)| *id)
}

#[async_trait]
impl Wiring for OvsWiring {
    async fn plug(&self, nic: &NicSpec) -> DriverResult<()> {
        let (tap, mtu) = (nic.tap(), nic.mtu);
        let mut commands = Vec::new();
        if !self.ip.link_exists(&tap).await? {
            commands.push(format!("tuntap add dev {tap} mode tap"));
        }
        commands.push(format!("link set dev {tap} mtu {mtu} up"));
        self.ip.batch(&commands).await?;
        self.attach(&tap, nic.port, &nic.mac).await
    }

    async fn unplug(&self, port: Uuid) -> DriverResult<()> {
        self.take_from_bridge(port).await?;
        self.remove_link(&tap_name(port)).await
    }

    async fn plugged(&self) -> DriverResult<Vec<Uuid>> {
        self.local.ready(PATIENCE).await?;
        Ok(self.local.read(|replica| {
            let interfaces = replica.table("Interface").rows();
            interfaces.filter_map(|(_, row)| row.key("external_ids", PORT)?.parse().ok()).collect()
        }))
    }

    async fn open_metadata(&self, port: &MetadataPort) -> DriverResult<Option<TcpListener>> {
        // Held throughout: two calls for one network must not make its namespace at once.
        let mut listeners = self.listeners.lock().await;
        let namespace = self.metadata_namespace(port.network_id);
        let made = self.make_namespace(&namespace, port).await?;
        self.put_on_bridge(&tap_name(port.port_id), port.port_id, &port.mac, (NETWORK, port.network_id))
            .await?;
        if made {
            // A listener of an earlier namespace of that name listens to nobody.
            listeners.remove(&port.network_id);
        }
        let failed = |error: std::io::Error| {
            DriverError::Unavailable(format!("metadata socket in {namespace}: {error}"))
        };
        let listener = match listeners.remove(&port.network_id) {
            Some(listener) => listener,
            None => metadata::listen(&namespace).await?,
        };
        let given = listener.try_clone().map_err(failed)?;
        listeners.insert(port.network_id, listener);
        Ok(Some(given))
    }

    async fn close_metadata(&self, network: Uuid) -> DriverResult<()> {
        let mut listeners = self.listeners.lock().await;
        listeners.remove(&network);
        self.local.ready(PATIENCE).await?;
        let found: Vec<(String, Option<Uuid>)> = self.local.read(|replica| {
            let rows = replica.table("Interface").rows();
            let network = network.to_string();
            let ours = rows.filter(|(_, row)| row.key("external_ids", NETWORK) == Some(network.as_str()));
            ours.map(|(_, row)| {
                (
                    row.text("name").to_owned(),
                    row.key("external_ids", "iface-id").and_then(|id| id.parse().ok()),
                )
            })
            .collect()
        });
        for (link, port) in found {
            if let Some(port) = port {
                self.take_from_bridge(port).await?;
            }
            self.remove_link(&link).await?;
        }
        let namespace = self.metadata_namespace(network);
        if namespaces()?.contains(&namespace) {
            IpRoute::new(None).batch(&[format!("netns del {namespace}")]).await?;
        }
        Ok(())
    }

    async fn metadata_networks(&self) -> DriverResult<Vec<Uuid>> {
        let names = namespaces()?.into_iter();
        Ok(names.filter_map(|name| name.strip_prefix(&self.config.metadata_prefix)?.parse().ok()).collect())
    }
}
