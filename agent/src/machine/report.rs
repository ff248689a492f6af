//! What the host says of itself and of its machines.

use std::collections::BTreeMap;

use contracts::{
    hosts::{ConsoleStream, HostError, HostReply},
    machine::{HostDescription, MachineStatus, Power},
};
use uuid::Uuid;

use super::{ENGINE, Machines};
use crate::{console, console_log, description, fault::within, file::blocking};

impl Machines {
    pub(crate) async fn describe(&self) -> Result<HostDescription, HostError> {
        description::describe(&self.config, &*self.hypervisor).await
    }

    /// Machines that the hypervisor has, and those of which only a folder is here: they are off, and can be started or
    /// removed like others.
    pub(crate) async fn list(&self) -> Result<Vec<MachineStatus>, HostError> {
        // The journal first: a machine that is removed meanwhile is not brought back as one that is off.
        let mut machines: BTreeMap<Uuid, Power> =
            self.journal.machines().into_iter().map(|id| (id, Power::Off)).collect();
        let running = within(ENGINE, "listing machines", self.hypervisor.machines()).await?;
        machines.extend(running.into_iter().map(|machine| (machine.id, machine.power)));
        Ok(machines.into_iter().map(|(id, power)| MachineStatus { id, power }).collect())
    }

    pub(crate) async fn console_log(&self, id: Uuid, lines: Option<u32>) -> Result<HostReply, HostError> {
        let path = self.layout.console_log(id);
        let text = blocking("reading the console's log", move || console_log::tail(&path, lines)).await?;
        match text {
            Some(text) => Ok(HostReply::Console { text }),
            None if self.journal.knows(id) => Ok(HostReply::Console { text: String::new() }),
            None => Err(HostError::NotFound { what: format!("machine {id}") }),
        }
    }

    pub(crate) async fn console(&self, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
        console::open(&*self.hypervisor, id).await
    }
}
