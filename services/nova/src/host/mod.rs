//! Hypervisor hosts that come and go, and what they tell of their machines.
//!
//! A host that connects is a compute service and a provider of Placement's from then on, and its machines are compared
//! with the rows: what should not be there is removed, what is there in another state is recorded as it is. A host that
//! disconnects loses nothing; its service is down until it is back.

mod compare;
mod register;

use std::{sync::Arc, time::Duration};

use chrono::Utc;
use contracts::hosts::{HostEvent, HostReply, HostRequest};
use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use crate::Nova;

pub use compare::seen;

/// Listens to hosts until it is cancelled.
pub async fn watch(nova: Arc<Nova>, cancel: CancellationToken) {
    let mut events = nova.hosts.events();
    survey(&nova).await;
    let period = Duration::from_secs(nova.config.sync_power_interval.max(1));
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        let event = tokio::select! {
            () = cancel.cancelled() => return,
            _ = tick.tick() => {
                survey(&nova).await;
                continue;
            }
            event = events.recv() => event,
        };
        match event {
            Ok(event) => take(&nova, event).await,
            // Some were missed: everything is looked at instead.
            Err(RecvError::Lagged(_)) => survey(&nova).await,
            Err(RecvError::Closed) => return,
        }
    }
}

async fn take(nova: &Nova, event: HostEvent) {
    let outcome = match event {
        HostEvent::Connected { description, machines } => {
            tracing::info!(host = description.host, machines = machines.len(), "a host connected");
            match register::arrived(nova, &description).await {
                Ok(()) => compare::machines(nova, &description.host, &machines, Utc::now(), true).await,
                Err(error) => Err(error),
            }
        }
        HostEvent::Disconnected { host } => {
            tracing::warn!(host, "a host disconnected");
            register::left(nova, &host).await
        }
        HostEvent::Machine { host, id, power } => compare::seen(nova, &host, id, power).await,
    };
    if let Err(error) = outcome {
        tracing::error!(%error, "what a host told could not be recorded");
    }
}

/// Looks at all connected hosts.
async fn survey(nova: &Nova) {
    for description in nova.hosts.connected() {
        let host = description.host.clone();
        if let Err(error) = register::arrived(nova, &description).await {
            tracing::error!(host, %error, "a host could not be registered");
            continue;
        }
        let listed_at = Utc::now();
        match nova.hosts.ask(&host, HostRequest::List).await {
            Ok(HostReply::Machines { machines }) => {
                if let Err(error) = compare::machines(nova, &host, &machines, listed_at, false).await {
                    tracing::error!(host, %error, "the machines of a host could not be compared");
                }
            }
            Ok(_) => tracing::error!(host, "a host answered something else than its machines"),
            Err(error) => tracing::warn!(host, %error, "a host did not tell its machines"),
        }
    }
}
