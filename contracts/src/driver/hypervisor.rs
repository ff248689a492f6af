//! Running machines on one host.

use std::path::PathBuf;

use async_trait::async_trait;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::DriverResult;
use crate::machine::{DiskBus, HostDescription, MachineStatus, Power, Urgency};

/// A machine with everything in place on this host: disks exist, taps are plugged.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The server's id: the domain's UUID; the domain's name follows from it.
    pub id: Uuid,
    /// The user's name for it: a title, escaped by the driver.
    pub name: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Disks, the config drive among them.
    pub disks: Vec<Disk>,
    /// Network cards.
    pub cards: Vec<Card>,
    /// The file that takes what the guest writes to its serial console. The console stays interactive beside it.
    pub console_log: PathBuf,
    /// A Unix socket to be made for VNC.
    pub vnc_socket: PathBuf,
    /// `hw_*` properties (see `MachineSpec::properties`).
    pub properties: std::collections::BTreeMap<String, String>,
}

/// A disk in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// `vda`, `sda`, ...
    pub device: String,
    /// How it is connected.
    pub bus: DiskBus,
    /// The file.
    pub path: PathBuf,
    /// `raw` or `qcow2`.
    pub format: String,
    /// Whether it is a CD-ROM (read only).
    pub cdrom: bool,
    /// The place in the order of booting, from 0.
    pub boot_index: Option<u32>,
    /// The serial number that the guest sees.
    pub serial: Option<String>,
}

/// A network card whose tap is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The port.
    pub port: Uuid,
    /// The tap.
    pub tap: String,
    /// The MAC address.
    pub mac: String,
    /// Largest packet, in bytes.
    pub mtu: u32,
}

/// Where a machine's graphical console can be reached on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Console {
    /// A Unix socket that speaks RFB.
    Unix(PathBuf),
    /// The driver has no real screen: it greets as an RFB server does, and no more.
    Simulated,
}

/// Something happened to a machine by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypervisorEvent {
    /// Which.
    pub id: Uuid,
    /// What it is doing now.
    pub power: Power,
}

/// A hypervisor. Every call is idempotent: asked for what is already so, it does nothing.
#[async_trait]
pub trait Hypervisor: Send + Sync {
    /// What the host is and has (name and address are filled in by the agent).
    async fn describe(&self) -> DriverResult<HostDescription>;

    /// All machines of Pileus on this host, running or not.
    async fn machines(&self) -> DriverResult<Vec<MachineStatus>>;

    /// Defines the machine as given (replacing an earlier definition), and starts it unless it runs.
    async fn start(&self, machine: &Machine) -> DriverResult<()>;

    /// Stops the machine; it stays defined. Returns when it is off.
    async fn stop(&self, id: Uuid, urgency: Urgency) -> DriverResult<()>;

    /// Starts a running machine again. A soft reboot asks the guest and falls back to a hard one.
    async fn reboot(&self, machine: &Machine, urgency: Urgency) -> DriverResult<()>;

    /// Pauses or resumes the machine's processors.
    async fn pause(&self, id: Uuid, paused: bool) -> DriverResult<()>;

    /// Stops the machine at once and forgets it. Leaves disks and taps to the agent.
    async fn remove(&self, id: Uuid) -> DriverResult<()>;

    /// Attaches a disk to a machine, live when it runs.
    async fn attach_disk(&self, id: Uuid, disk: &Disk) -> DriverResult<()>;

    /// Detaches a disk; returns when the guest has let go of it. `Unavailable` when it has not in time: ask again.
    async fn detach_disk(&self, id: Uuid, device: &str) -> DriverResult<()>;

    /// Attaches a card to a machine, live when it runs.
    async fn attach_card(&self, id: Uuid, card: &Card) -> DriverResult<()>;

    /// Detaches a card; returns when the guest has let go of it.
    async fn detach_card(&self, id: Uuid, port: Uuid) -> DriverResult<()>;

    /// Writes a consistent, self-contained copy of a disk into a new qcow2 file, of a running machine as well as of one that is off.
    async fn copy_disk(&self, id: Uuid, device: &str, to: &std::path::Path) -> DriverResult<()>;

    /// Where the screen is.
    async fn console(&self, id: Uuid) -> DriverResult<Console>;

    /// What happens to machines by itself (a guest that powers off, a QEMU that dies).
    fn events(&self) -> broadcast::Receiver<HypervisorEvent>;
}
