//! The hypervisor hosts, as controllers see them: requests that an agent carries out, and what agents report.
//!
//! The requests are the messages of the agent protocol: an agent is never given more than what its own host should run.
//! Every request is idempotent, so that a controller that lost the answer asks again.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::broadcast,
};
use uuid::Uuid;

use crate::machine::{DiskSpec, HostDescription, MachineSpec, MachineStatus, NicSpec, Power, Urgency};

/// What a host is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum HostRequest {
    /// Say again what the host is and has.
    Describe,
    /// Say which machines it has.
    List,
    /// Make the machine as specified, with disks and cards, and start it. Done when it runs.
    Start {
        /// The machine.
        spec: MachineSpec,
    },
    /// Stop it; it stays on the host. Done when it is off.
    Stop {
        /// Which.
        id: Uuid,
        /// How.
        urgency: Urgency,
    },
    /// Start a running machine again.
    Reboot {
        /// The machine as it should be.
        spec: MachineSpec,
        /// How.
        urgency: Urgency,
    },
    /// Pause or resume its processors.
    Pause {
        /// Which.
        id: Uuid,
        /// Whether it is to be paused.
        paused: bool,
    },
    /// Remove it with all that the host holds for it: domain, disks, taps, logs.
    Remove {
        /// Which.
        id: Uuid,
    },
    /// Attach a disk.
    AttachDisk {
        /// To which machine.
        id: Uuid,
        /// The disk.
        disk: DiskSpec,
    },
    /// Detach a disk. Done when the guest has let go of it.
    DetachDisk {
        /// From which machine.
        id: Uuid,
        /// The disk's name there.
        device: String,
    },
    /// Plug a card in.
    AttachNic {
        /// Into which machine.
        id: Uuid,
        /// The card.
        nic: NicSpec,
    },
    /// Pull a card out. Done when the guest has let go of it.
    DetachNic {
        /// From which machine.
        id: Uuid,
        /// The card's port.
        port: Uuid,
    },
    /// Say what the guest wrote to its serial console.
    ConsoleLog {
        /// Which machine.
        id: Uuid,
        /// At most so many of its last lines.
        lines: Option<u32>,
    },
    /// Copy a disk of the machine's and hand the content over as the content of an image.
    Snapshot {
        /// Which machine.
        id: Uuid,
        /// Which disk.
        device: String,
        /// The image, which the controller has in status `queued`.
        image: Uuid,
    },
    /// Copy a disk of the machine's into a file that the controller sees too. Done when the copy is whole.
    CopyDisk {
        /// Which machine.
        id: Uuid,
        /// Which disk.
        device: String,
        /// Absolute path of the copy, a qcow2 file that needs no other. An earlier copy there is replaced.
        to: String,
    },
}

/// What a host answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum HostReply {
    /// It is done.
    Done,
    /// What the host is and has.
    Description {
        /// That.
        description: HostDescription,
    },
    /// The machines of the host.
    Machines {
        /// Each with what it is doing.
        machines: Vec<MachineStatus>,
    },
    /// A console's text.
    Console {
        /// UTF-8; what was not is replaced.
        text: String,
    },
}

/// Why a host did not do it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum HostError {
    /// The host is not connected, or the connection broke: nobody knows whether it was done. Ask again.
    #[error("host {host} is not connected")]
    Away {
        /// Which host.
        host: String,
    },
    /// The host does not have that machine or device.
    #[error("{what} is not on the host")]
    NotFound {
        /// What.
        what: String,
    },
    /// It can't be done, and would not be the next time.
    #[error("{reason}")]
    Refused {
        /// Fit for an administrator.
        reason: String,
    },
    /// It could not be done now. Ask again.
    #[error("{reason}")]
    Failed {
        /// Fit for an administrator.
        reason: String,
    },
}

/// What controllers are told of hosts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HostEvent {
    /// A host has connected (again): with all it has, so that what changed meanwhile is noticed.
    Connected {
        /// What it is.
        description: HostDescription,
        /// What it runs.
        machines: Vec<MachineStatus>,
    },
    /// A host's connection is gone.
    Disconnected {
        /// Which.
        host: String,
    },
    /// A machine changed by itself.
    Machine {
        /// On which host.
        host: String,
        /// Which machine.
        id: Uuid,
        /// What it is doing now.
        power: Power,
    },
}

/// A console's bytes, both ways.
pub trait ConsoleStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ConsoleStream for T {}

/// The hosts that are connected to this controller.
#[async_trait]
pub trait Hosts: Send + Sync {
    /// Those connected now.
    fn connected(&self) -> Vec<HostDescription>;

    /// Asks a host, and waits for its answer. `Away` at once when it is not connected.
    async fn ask(&self, host: &str, request: HostRequest) -> Result<HostReply, HostError>;

    /// Opens the graphical console of a machine (RFB).
    async fn console(&self, host: &str, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError>;

    /// What happens to hosts and their machines.
    fn events(&self) -> broadcast::Receiver<HostEvent>;
}
