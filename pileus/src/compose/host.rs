//! The hypervisor host that this process is: its engines, and its agent, which meets the rest by the agent protocol only.

use std::{sync::Arc, time::Duration};

use ::agent::{Agent, AgentConfig, Storage};
use agent_protocol::{Dialer, HostIdentity, HostRegistry, InProcessDialer};
use contracts::driver::{Hypervisor, Wiring};
use libvirt_driver::{MemoryCapacity, MemoryHypervisor};
use ovn_driver::memory::MemoryWiring;
use tokio_util::sync::CancellationToken;

use super::engines::Engines;
use crate::{
    config::{Config, HypervisorDriver, NetworkDriver},
    state::StateDir,
};

/// Runs the host until cancelled. What can't start is tried again: the APIs answer meanwhile.
pub async fn run(
    config: Config,
    state: StateDir,
    engines: Engines,
    registry: HostRegistry,
    cancel: CancellationToken,
) {
    let mut pause = Duration::from_millis(500);
    while !cancel.is_cancelled() {
        let started = match config.host.driver {
            HypervisorDriver::None => return,
            HypervisorDriver::Memory => memory_hosts(&config, &state, &registry),
            HypervisorDriver::Libvirt => libvirt_host(&config, &state, &engines, &registry).await,
        };
        match started {
            Ok(agents) => {
                let running = agents.iter().map(|agent| agent.run(cancel.clone()));
                futures::future::join_all(running).await;
                return;
            }
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    retry_in_ms = pause.as_millis() as u64,
                    "the host can't start"
                );
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(30)),
                }
            }
        }
    }
}

async fn libvirt_host(
    config: &Config,
    state: &StateDir,
    engines: &Engines,
    registry: &HostRegistry,
) -> anyhow::Result<Vec<Agent>> {
    let wiring = async {
        anyhow::Ok::<Arc<dyn Wiring>>(match config.network.engine {
            NetworkDriver::Ovn => Arc::new(engines.start_ovn(config, state).await?),
            NetworkDriver::Memory => Arc::new(MemoryWiring::new()),
        })
    };
    let (wiring, hypervisor) = tokio::try_join!(wiring, engines.start_libvirt(config, state))?;
    let name = config.host.name()?;
    let dialer = InProcessDialer::new(registry.clone(), HostIdentity(name.clone()));
    Ok(vec![agent(config, state, &name, Arc::new(hypervisor), wiring, Arc::new(dialer))?])
}

/// The agent of this host.
pub fn agent(
    config: &Config,
    state: &StateDir,
    name: &str,
    hypervisor: Arc<dyn Hypervisor>,
    wiring: Arc<dyn Wiring>,
    dialer: Arc<dyn Dialer>,
) -> anyhow::Result<Agent> {
    let mut settings =
        AgentConfig::new(name, config.host.tunnel_address.addr().to_string(), state.folder("host")?);
    settings.run_dir = state.path("host-run");
    Ok(Agent::new(settings, hypervisor, wiring, dialer)?)
}

/// Hosts whose machines exist in memory only, each with an agent of its own.
fn memory_hosts(config: &Config, state: &StateDir, registry: &HostRegistry) -> anyhow::Result<Vec<Agent>> {
    let mut agents = Vec::new();
    for number in 1..=config.host.memory_hosts {
        let name = format!("memory-{number}");
        let folder = state.folder(&format!("host/{name}"))?;
        let mut settings =
            AgentConfig::new(name.as_str(), config.host.tunnel_address.addr().to_string(), folder);
        settings.storage = Storage::Simulated;
        settings.run_dir = state.path("host-run");
        let dialer = InProcessDialer::new(registry.clone(), HostIdentity(name));
        let hypervisor = Arc::new(MemoryHypervisor::new(MemoryCapacity::default()));
        agents.push(Agent::new(settings, hypervisor, Arc::new(MemoryWiring::new()), Arc::new(dialer))?);
    }
    Ok(agents)
}
