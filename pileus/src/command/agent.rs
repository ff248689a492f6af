//! `pileus agent`

use std::{path::PathBuf, sync::Arc};

use agent_protocol::{Credentials, TlsDialer};
use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Place;
use crate::compose::{engines, host};

#[derive(Debug, Args)]
pub struct Agent {
    /// Where the controller listens for agents: `192.0.2.1:8781` (its `api.agents_listen`).
    #[arg(long)]
    controller: String,
    /// The host's certificate and key, as `pileus host credentials NAME` writes them.
    #[arg(long)]
    credentials: PathBuf,
}

impl Agent {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let (state, config) = (place.state()?, place.config()?);
        let running = state.claim()?;
        platform::telemetry::start(&config.log, std::io::stderr);
        let credentials = Credentials::read(&self.credentials)
            .with_context(|| format!("{} can't be read", self.credentials.display()))?;
        super::block_on(async {
            let cancel = CancellationToken::new();
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let (hypervisor, wiring) = engines::start_for_agent(&config, &state).await?;
            let dialer = Arc::new(TlsDialer::new(self.controller.as_str(), &credentials)?);
            let agent = host::agent(&config, &state, &config.host.name()?, hypervisor, wiring, dialer)?;
            let stopping = cancel.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                stopping.cancel();
            });
            agent.run(cancel).await;
            anyhow::Ok(())
        })?;
        drop(running);
        Ok(())
    }
}
