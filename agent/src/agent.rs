//! The role as a whole: the link to the controller, and what it asks for.

use std::{io, sync::Arc};

use agent_protocol::{AgentLink, Dialer, Handler};
use async_trait::async_trait;
use contracts::{
    driver::{Hypervisor, HypervisorEvent, Wiring},
    hosts::{ConsoleStream, HostError, HostReply, HostRequest},
    machine::{HostDescription, MachineStatus},
};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{config::AgentConfig, machine::Machines};

/// A hypervisor host's agent.
pub struct Agent {
    machines: Arc<Machines>,
    link: AgentLink,
}

impl Agent {
    /// An agent of that host, which reads what it kept there. It does nothing until it is [`run`](Self::run).
    pub fn new(
        config: AgentConfig,
        hypervisor: Arc<dyn Hypervisor>,
        wiring: Arc<dyn Wiring>,
        dialer: Arc<dyn Dialer>,
    ) -> io::Result<Self> {
        let link = AgentLink::new(dialer);
        let machines = Arc::new(Machines::open(config, hypervisor, wiring, link.clone())?);
        Ok(Self { machines, link })
    }

    /// Keeps the connection, does what the controller asks, and reports what happens, until cancelled. Machines run on.
    pub async fn run(&self, cancel: CancellationToken) {
        let handler = Arc::new(Requests(self.machines.clone()));
        let events = self.machines.hypervisor.events();
        tokio::join!(
            self.link.run(handler, cancel.clone()),
            self.report(events, cancel.clone()),
            self.machines.keep_up(cancel.clone()),
        );
    }

    async fn report(&self, mut events: Receiver<HypervisorEvent>, cancel: CancellationToken) {
        loop {
            let event = tokio::select! {
                () = cancel.cancelled() => return,
                event = events.recv() => event,
            };
            match event {
                Ok(HypervisorEvent { id, power }) => self.link.report(id, power).await,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "events of the hypervisor were missed; all machines are reported");
                    match Requests(self.machines.clone()).inventory().await {
                        Ok((description, machines)) => self.link.report_all(description, machines).await,
                        Err(error) => tracing::error!(%error, "the machines can't be reported"),
                    }
                }
                Err(RecvError::Closed) => {
                    tracing::error!("the hypervisor reports no more events");
                    return;
                }
            }
        }
    }
}

/// What the controller asks for, by who does it.
struct Requests(Arc<Machines>);

#[async_trait]
impl Handler for Requests {
    async fn inventory(&self) -> Result<(HostDescription, Vec<MachineStatus>), HostError> {
        Ok((self.0.describe().await?, self.0.list().await?))
    }

    async fn handle(&self, request: HostRequest) -> Result<HostReply, HostError> {
        let machines = &self.0;
        match request {
            HostRequest::Describe => Ok(HostReply::Description { description: machines.describe().await? }),
            HostRequest::List => Ok(HostReply::Machines { machines: machines.list().await? }),
            HostRequest::Start { spec } => machines.start(spec).await,
            HostRequest::Stop { id, urgency } => machines.stop(id, urgency).await,
            HostRequest::Reboot { spec, urgency } => machines.reboot(spec, urgency).await,
            HostRequest::Pause { id, paused } => machines.pause(id, paused).await,
            HostRequest::Remove { id } => machines.remove(id).await,
            HostRequest::AttachDisk { id, disk } => machines.attach_disk(id, disk).await,
            HostRequest::DetachDisk { id, device } => machines.detach_disk(id, &device).await,
            HostRequest::AttachNic { id, nic } => machines.attach_nic(id, nic).await,
            HostRequest::DetachNic { id, port } => machines.detach_nic(id, port).await,
            HostRequest::ConsoleLog { id, lines } => machines.console_log(id, lines).await,
            HostRequest::Snapshot { id, device, image } => machines.snapshot(id, &device, image).await,
            HostRequest::CopyDisk { id, device, to } => machines.copy_disk(id, &device, &to).await,
        }
    }

    async fn console(&self, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
        self.0.console(id).await
    }
}
