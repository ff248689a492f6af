//! The engines beneath: OVN's daemons, libvirt's daemon, and what drives them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use contracts::{
    driver::{Hypervisor, NetworkEngine, Wiring},
    machine::Urgency,
};
use libvirt_driver::{
    Acceleration, Accelerator, DaemonConfig, HypervisorConfig, LibvirtDaemon, LibvirtHypervisor,
};
use ovn_driver::{
    daemons::{CentralConfig, ChassisConfig, DaemonsConfig, ExternalBridge, OvnDaemons},
    memory::MemoryNetworkEngine,
    northbound::{Gateways, OvnNorthbound},
    wiring::{OvsWiring, WiringConfig},
};
use serde_json::{Value, json};

use crate::{
    config::{Config, HypervisorDriver, NetworkDriver},
    state::StateDir,
};

/// The engines of this process. Clones are the same engines.
#[derive(Clone)]
pub struct Engines {
    network: Arc<dyn NetworkEngine>,
    running: Arc<Mutex<Running>>,
}

/// The daemons that were started or adopted.
#[derive(Default)]
struct Running {
    ovn: Option<Arc<OvnDaemons>>,
    libvirt: Option<Arc<LibvirtDaemon>>,
}

impl Engines {
    /// The network engine, which connects by itself once its daemons are there. Starts nothing yet.
    pub fn new(config: &Config, state: &StateDir) -> anyhow::Result<Self> {
        let network: Arc<dyn NetworkEngine> = match config.network.engine {
            NetworkDriver::Memory => Arc::new(MemoryNetworkEngine::new()),
            NetworkDriver::Ovn => {
                let run = ovn_folder(state).join("run");
                let own = |socket: &str| format!("unix:{}", run.join(socket).display());
                let or_own = |set: &str, socket| if set.is_empty() { own(socket) } else { set.to_owned() };
                let northbound = or_own(&config.network.northbound, "ovnnb_db.sock");
                let southbound = or_own(&config.network.southbound, "ovnsb_db.sock");
                Arc::new(OvnNorthbound::start(&northbound, &southbound, Gateways::Discovered)?)
            }
        };
        Ok(Self { network, running: Arc::default() })
    }

    /// What carries out networks.
    pub fn network(&self) -> Arc<dyn NetworkEngine> {
        self.network.clone()
    }

    /// Starts, or adopts, OVN's daemons, and connects to the host's switch.
    pub async fn start_ovn(&self, config: &Config, state: &StateDir) -> anyhow::Result<OvsWiring> {
        let daemons = OvnDaemons::start(ovn_config(config, state, true)?).await?;
        let wiring = OvsWiring::connect(wiring_config(&daemons, state)).await?;
        self.running().ovn = Some(Arc::new(daemons));
        Ok(wiring)
    }

    /// Starts, or adopts, libvirt's daemon (unless the host's own is to be used), and connects to it.
    pub async fn start_libvirt(
        &self,
        config: &Config,
        state: &StateDir,
    ) -> anyhow::Result<LibvirtHypervisor> {
        let disks = state.folder("host")?;
        let mut hypervisor = HypervisorConfig::new(config.host.libvirt_uri.as_str(), disks);
        if config.host.libvirt_uri.is_empty() {
            let daemon = LibvirtDaemon::start(DaemonConfig::new(state.root())).await?;
            hypervisor.uri = daemon.uri();
            hypervisor.qemu_logs = Some(daemon.qemu_logs());
            self.running().libvirt = Some(Arc::new(daemon));
        }
        Ok(LibvirtHypervisor::connect(hypervisor).await?)
    }

    /// The daemons, for `pileus status`.
    pub fn status(&self) -> Value {
        let running = self.running();
        let mut daemons = Vec::new();
        for daemon in running.ovn.iter().flat_map(|ovn| ovn.status()) {
            daemons.push(json!({"name": daemon.name, "pid": daemon.pid, "alive": daemon.alive()}));
        }
        if let Some(libvirt) = &running.libvirt {
            let status = libvirt.status();
            daemons.push(json!({"name": "libvirtd", "pid": status.pid, "alive": status.pid.is_some()}));
        }
        Value::Array(daemons)
    }

    fn running(&self) -> std::sync::MutexGuard<'_, Running> {
        // Nothing panics while it holds the lock.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ovn_folder(state: &StateDir) -> PathBuf {
    state.path("ovn")
}

fn wiring_config(daemons: &OvnDaemons, state: &StateDir) -> WiringConfig {
    let mut config = WiringConfig::new(daemons.paths().local());
    config.metadata_prefix = metadata_prefix(state);
    config
}

/// Names of namespaces are global to the machine: those of two clouds on it must differ.
fn metadata_prefix(state: &StateDir) -> String {
    use sha2::Digest;
    let digest = sha2::Sha256::digest(state.root().as_os_str().as_encoded_bytes());
    format!("pileus-{:02x}{:02x}-", digest[0], digest[1])
}

fn ovn_config(config: &Config, state: &StateDir, central: bool) -> anyhow::Result<DaemonsConfig> {
    let listen = match config.network.southbound_listen.as_str() {
        "" => None,
        address => Some(address.parse().with_context(|| format!("network.southbound_listen: {address}"))?),
    };
    let elsewhere = (!config.network.southbound.is_empty()).then(|| config.network.southbound.clone());
    Ok(DaemonsConfig {
        state: ovn_folder(state),
        central: (central && elsewhere.is_none())
            .then_some(CentralConfig { northbound_listen: None, southbound_listen: listen }),
        chassis: match config.host.driver {
            HypervisorDriver::None => None,
            _ => Some(chassis(config, elsewhere, central)?),
        },
        namespace: None,
    })
}

/// This host's part in OVN. Routers' external legs live on controllers' hosts, and on others that have an uplink.
fn chassis(config: &Config, southbound: Option<String>, central: bool) -> anyhow::Result<ChassisConfig> {
    let external = &config.networking.external;
    let uplinks = config.host.uplinks.clone();
    let mut addresses = Vec::new();
    if central && external.enabled {
        addresses.push(ipnet::IpNet::new(external.gateway, external.cidr.prefix_len())?);
    }
    if !uplinks.is_empty() {
        addresses.push(config.host.tunnel_address);
    }
    let gateway = external.enabled && (central || !uplinks.is_empty());
    let bridged = gateway || !uplinks.is_empty();
    Ok(ChassisConfig {
        name: config.host.name()?,
        southbound,
        encap_ip: config.host.tunnel_address.addr(),
        bridge_mappings: gateway
            .then(|| (external.physical_network.clone(), "br-ex".to_owned()))
            .into_iter()
            .collect(),
        gateway: gateway && central,
        external: bridged.then(|| ExternalBridge { name: "br-ex".into(), addresses, interfaces: uplinks }),
        datapath: None,
    })
}

/// The engines of a host that is apart from the controllers.
pub async fn start_for_agent(
    config: &Config,
    state: &StateDir,
) -> anyhow::Result<(Arc<dyn Hypervisor>, Arc<dyn Wiring>)> {
    let engines = Engines { network: Arc::new(MemoryNetworkEngine::new()), running: Arc::default() };
    let daemons = OvnDaemons::start(ovn_config(config, state, false)?).await?;
    let wiring = OvsWiring::connect(wiring_config(&daemons, state)).await?;
    engines.running().ovn = Some(Arc::new(daemons));
    let hypervisor = engines.start_libvirt(config, state).await?;
    // They are supervised as long as the process lives.
    std::mem::forget(engines);
    Ok((Arc::new(hypervisor), Arc::new(wiring)))
}

/// Stops machines, namespaces and daemons of this state directory. All state stays.
pub async fn stop_all(config: &Config, state: &StateDir) -> anyhow::Result<()> {
    if state.path("libvirt").exists() {
        let daemon = LibvirtDaemon::start(DaemonConfig::new(state.root())).await?;
        let mut hypervisor = HypervisorConfig::new(daemon.uri(), state.folder("host")?);
        hypervisor.acceleration = Acceleration::Fixed(Accelerator::Tcg);
        let hypervisor = LibvirtHypervisor::connect(hypervisor).await?;
        for machine in hypervisor.machines().await? {
            hypervisor.stop(machine.id, Urgency::Hard).await?;
        }
        drop(hypervisor);
        daemon.stop().await;
    }
    if ovn_folder(state).exists() {
        let central = state.path("db").exists();
        let mut config = config.clone();
        // What is to stop must not need its network cards any more.
        config.host.uplinks.clear();
        let daemons = OvnDaemons::start(ovn_config(&config, state, central)?).await?;
        let wiring = OvsWiring::connect(wiring_config(&daemons, state)).await?;
        for network in wiring.metadata_networks().await? {
            wiring.close_metadata(network).await?;
        }
        for port in wiring.plugged().await? {
            wiring.unplug(port).await?;
        }
        daemons.stop().await?;
    }
    Ok(())
}
