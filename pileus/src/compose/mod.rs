//! Putting the cloud together: services, engines, and the one port.
//!
//! The order is that of what needs what. APIs answer as soon as the databases are open; engines start beside them, and
//! reconcilers wait for engines by trying again.

pub mod alone;
pub mod clouds;
pub mod engines;
pub mod host;
pub mod services;

use std::{sync::Arc, time::Duration};

use agent_protocol::{Authority, HostRegistry};
use anyhow::Context;
use contracts::hosts::Hosts;
use platform::events::Bus;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use self::{engines::Engines, services::Services};
use crate::{config::Config, front, serve, state::StateDir};

/// A cloud that runs in this process.
pub struct Cloud {
    url: String,
    serving: JoinHandle<()>,
    host: JoinHandle<()>,
}

impl Cloud {
    /// Starts everything; returns when every API answers. The hypervisor host follows by itself.
    pub async fn start(config: &Config, state: &StateDir, cancel: CancellationToken) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.api.listen)
            .await
            .with_context(|| format!("{} can't be listened on", config.api.listen))?;
        let url = config.public_url();
        let registry = HostRegistry::new();
        let engines = Engines::new(config, state)?;
        let services = Services::open(config, state, &url, &engines, &registry, Bus::default()).await?;
        registry.provide(services.glance.clone(), services.nova.clone());

        let authority = Authority::open(&state.folder("pki")?)?;
        let tls = match config.tls() {
            true => Some(serve::tls(config, &authority)?),
            false => None,
        };
        let cacert =
            config.tls().then(|| state.path("pki/ca.pem")).filter(|_| config.api.tls_certificate.is_empty());
        clouds::write(state, &url, &config.api.region, cacert)?;

        let report = report(&url, &registry, &engines);
        let router = front::router(services.routers(), report);
        let serving = tokio::spawn(serve::serve(listener, router, tls, cancel.clone()));
        listen_for_agents(config, &registry, &authority, &cancel).await?;
        services.spawn(&cancel);
        let host = tokio::spawn(host::run(config.clone(), state.clone(), engines, registry, cancel));
        Ok(Self { url, serving, host })
    }

    /// The address of the APIs.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits until what was cancelled has ended.
    pub async fn ended(self) {
        let _ = tokio::time::timeout(Duration::from_secs(8), self.serving).await;
        let _ = tokio::time::timeout(Duration::from_secs(5), self.host).await;
    }
}

/// Agents of other hosts come in by mutual TLS.
async fn listen_for_agents(
    config: &Config,
    registry: &HostRegistry,
    authority: &Authority,
    cancel: &CancellationToken,
) -> anyhow::Result<()> {
    let address = config.api.agents_listen.as_str();
    if address.is_empty() {
        return Ok(());
    }
    let listener =
        TcpListener::bind(address).await.with_context(|| format!("{address} can't be listened on"))?;
    let credentials = authority.issue_controller()?;
    let (registry, cancel) = (registry.clone(), cancel.clone());
    tokio::spawn(async move {
        if let Err(error) = registry.listen_tls(listener, &credentials, cancel).await {
            tracing::error!(%error, "agents of other hosts can't connect");
        }
    });
    Ok(())
}

/// What `pileus status` and `/healthcheck` show.
fn report(url: &str, registry: &HostRegistry, engines: &Engines) -> front::Report {
    let (url, registry, engines) = (url.to_owned(), registry.clone(), engines.clone());
    Arc::new(move || -> Value {
        let hosts: Vec<Value> = registry
            .connected()
            .into_iter()
            .map(|host| json!({"host": host.host, "hypervisor": host.hypervisor_type, "vcpus": host.vcpus, "memory_mib": host.memory_mib}))
            .collect();
        json!({"status": "ok", "url": url, "pid": std::process::id(), "hosts": hosts, "daemons": engines.status()})
    })
}
