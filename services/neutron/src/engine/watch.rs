//! What the engine notices by itself, and the full comparison at the start.

use std::{sync::Arc, time::Duration};

use contracts::driver::{EngineEvent, Topology};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;

use super::{ENGINE, describe};
use crate::{Neutron, error::Error, model::port};

/// Listens until cancelled. Begins with a full comparison: what happened while nobody listened is found by it.
pub(crate) async fn watch(neutron: Arc<Neutron>, cancel: CancellationToken) {
    let mut events = neutron.engine.events();
    tokio::select! {
        () = cancel.cancelled() => return,
        () = compare(&neutron) => {}
    }
    loop {
        let event = tokio::select! {
            () = cancel.cancelled() => return,
            event = events.recv() => event,
        };
        match event {
            Ok(EngineEvent::PortUp(id, up)) => {
                if let Err(error) = neutron.wired(id, up).await {
                    tracing::error!(%error, %id, up, "could not record that a port was wired");
                }
            }
            Ok(EngineEvent::Reset) => compare(&neutron).await,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "events of the network engine were missed: looking at all ports");
                look_at_ports(&neutron).await;
            }
            Err(RecvError::Closed) => {
                tracing::error!("the network engine has stopped telling of its events");
                return;
            }
        }
    }
}

/// Compares everything, again and again until the engine can.
async fn compare(neutron: &Neutron) {
    let mut delay = Duration::from_millis(200);
    loop {
        match compare_once(neutron).await {
            Ok(differed) => {
                tracing::info!(differed, "the network engine was compared with what is wanted");
                look_at_ports(neutron).await;
                return;
            }
            Err(error) => {
                tracing::warn!(%error, retry_in_ms = delay.as_millis() as u64, "the network engine can't be compared");
                tokio::time::sleep(delay).await;
                delay = (delay * 2).min(Duration::from_secs(15));
            }
        }
    }
}

async fn compare_once(neutron: &Neutron) -> Result<usize, String> {
    // No step runs meanwhile: what one had told the engine after the tables were read would be taken for a left-over.
    let _alone = neutron.comparing.write().await;
    let topology = neutron.topology().await.map_err(|error| error.to_string())?;
    neutron.engine.converge(&topology).await.map_err(|error| error.to_string())
}

/// Records of every bound port whether it is wired.
async fn look_at_ports(neutron: &Neutron) {
    let bound = match port::all_bound(neutron.db.read(), &ENGINE).await {
        Ok(bound) => bound,
        Err(error) => return tracing::error!(%error, "could not read the bound ports"),
    };
    for port in bound {
        let Ok(up) = neutron.engine.port_is_up(port.id).await else { continue };
        if up != (port.status == "ACTIVE")
            && let Err(error) = neutron.set_up(port.id, up).await
        {
            tracing::error!(%error, port = %port.id, "could not record that a port was wired");
        }
    }
}

impl Neutron {
    /// Everything there should be.
    pub(crate) async fn topology(&self) -> Result<Topology, Error> {
        let db = self.db.read();
        let mut topology = Topology {
            networks: describe::networks(db, &self.config, None).await?,
            security_groups: describe::security_groups(db, None).await?,
            ports: describe::ports(db, None).await?,
            routers: describe::routers(db, None).await?,
        };
        // The tables were read one after another: what has come meanwhile follows as an intention of its own.
        let known: std::collections::HashSet<_> =
            topology.networks.iter().map(|network| network.id).collect();
        topology.ports.retain(|port| known.contains(&port.network));
        Ok(topology)
    }

    /// The engine says that a port was wired, or is no longer. Only a machine's port is concerned: the others are up by
    /// being there.
    async fn wired(&self, id: uuid::Uuid, up: bool) -> Result<(), Error> {
        let port = port::row_of(self.db.read(), &ENGINE, id).await?;
        match port {
            Some(port) if !port.host.is_empty() => self.set_up(id, up).await,
            _ => Ok(()),
        }
    }
}
