//! Starting, stopping, and starting again.

use std::time::Duration;

use contracts::{
    hosts::{HostError, HostReply},
    machine::{MachineSpec, Urgency},
};
use uuid::Uuid;

use super::{ENGINE, Machines};
use crate::fault::within;

/// The longest that a guest is given, whatever is asked for.
const MOST_PATIENCE: u32 = 3600;

impl Machines {
    pub(crate) async fn start(&self, spec: MachineSpec) -> Result<HostReply, HostError> {
        let turn = self.turns.take(spec.id).await;
        let (machine, _slot) = self.prepare(&turn, &spec).await?;
        within(ENGINE, "starting the machine", self.hypervisor.start(&machine)).await?;
        Ok(HostReply::Done)
    }

    pub(crate) async fn reboot(&self, spec: MachineSpec, urgency: Urgency) -> Result<HostReply, HostError> {
        let turn = match urgency {
            Urgency::Hard => self.turns.take_at_once(spec.id).await,
            Urgency::Soft { .. } => self.turns.take(spec.id).await,
        };
        // The slot is given back: the guest may take its time.
        let (machine, _) = self.prepare(&turn, &spec).await?;
        let (urgency, limit) = patience(urgency);
        let rebooted = tokio::select! {
            rebooted = within(limit, "rebooting the machine", self.hypervisor.reboot(&machine, urgency)) => rebooted,
            () = turn.hurried() => {
                within(ENGINE, "rebooting the machine", self.hypervisor.reboot(&machine, Urgency::Hard)).await
            }
        };
        match rebooted {
            // The folder was there and the domain was not: what is wanted is that it runs.
            Err(HostError::NotFound { .. }) => {
                within(ENGINE, "starting the machine", self.hypervisor.start(&machine)).await?;
            }
            other => other?,
        }
        Ok(HostReply::Done)
    }

    pub(crate) async fn stop(&self, id: Uuid, urgency: Urgency) -> Result<HostReply, HostError> {
        let turn = match urgency {
            Urgency::Hard => self.turns.take_at_once(id).await,
            Urgency::Soft { .. } => self.turns.take(id).await,
        };
        let (urgency, limit) = patience(urgency);
        tokio::select! {
            stopped = within(limit, "stopping the machine", self.hypervisor.stop(id, urgency)) => stopped?,
            () = turn.hurried() => {
                within(ENGINE, "stopping the machine", self.hypervisor.stop(id, Urgency::Hard)).await?;
            }
        }
        Ok(HostReply::Done)
    }

    pub(crate) async fn pause(&self, id: Uuid, paused: bool) -> Result<HostReply, HostError> {
        let _turn = self.turns.take(id).await;
        within(ENGINE, "pausing the machine", self.hypervisor.pause(id, paused)).await?;
        Ok(HostReply::Done)
    }

    /// Closes a network's proxy if nobody needs it. What fails is done by the upkeep: no request is about it.
    pub(super) async fn release_later_on_failure(&self, network: Uuid) {
        if let Err(error) = self.proxies.release(network, &self.journal).await {
            tracing::warn!(%network, %error, "the metadata proxy could not be closed; it will be tried again");
        }
    }
}

fn patience(urgency: Urgency) -> (Urgency, Duration) {
    match urgency {
        Urgency::Hard => (Urgency::Hard, ENGINE),
        Urgency::Soft { grace } => {
            let grace = grace.min(MOST_PATIENCE);
            (Urgency::Soft { grace }, ENGINE + Duration::from_secs(grace.into()))
        }
    }
}
