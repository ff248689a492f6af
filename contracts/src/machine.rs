//! What a hypervisor host is told to run, and what it reports.
//!
//! All names on the host (domain, tap, files) follow from ids, so that nothing that a user typed can reach a path or a
//! command line.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::network::MetadataPort;

/// A machine as it should be. The same specification given twice makes one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineSpec {
    /// The server's id: also the domain's UUID.
    pub id: Uuid,
    /// The server's name as the user gave it, for the domain's title only.
    pub name: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Disks in the order in which the guest sees them.
    pub disks: Vec<DiskSpec>,
    /// Network cards in the order in which the guest sees them.
    pub nics: Vec<NicSpec>,
    /// Files of the config drive (path within it to content), or none.
    pub config_drive: Option<BTreeMap<String, Vec<u8>>>,
    /// `hw_*` properties of image and flavor that the driver honours (`hw_machine_type`, `hw_firmware_type`, ...).
    pub properties: BTreeMap<String, String>,
}

/// A disk of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiskSpec {
    /// The name the guest is likely to give it: `vda`, `vdb`, ... Unique in the machine.
    pub device: String,
    /// How it is connected.
    pub bus: DiskBus,
    /// Where its content is.
    pub source: DiskSource,
    /// The place in the order of booting, from 0.
    pub boot_index: Option<u32>,
    /// The serial number that the guest sees: the volume's id.
    pub serial: Option<String>,
}

/// How a disk is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskBus {
    /// virtio-blk.
    Virtio,
    /// virtio-scsi.
    Scsi,
    /// SATA (or IDE on machine types that have it).
    Sata,
    /// IDE.
    Ide,
}

/// Where a disk's content is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DiskSource {
    /// The host's own copy-on-write disk upon a cached image.
    Image {
        /// The image.
        image: Uuid,
        /// The image's format: recorded, never detected.
        format: String,
        /// SHA-512 of the image's content: a cached copy is trusted only with it.
        sha512: String,
        /// Size that the guest sees, in GiB; 0 means the image's own.
        size_gib: u64,
    },
    /// An empty disk of the host's own (ephemeral, swap).
    Blank {
        /// In MiB.
        size_mib: u64,
    },
    /// A volume in a file.
    File {
        /// Absolute path.
        path: String,
        /// `raw` or `qcow2`: recorded, never detected.
        format: String,
    },
}

/// A network card of a machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NicSpec {
    /// The port: the network engine knows the card by it.
    pub port: Uuid,
    /// The MAC address.
    pub mac: String,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// The metadata proxy that this host must run for the port's network.
    pub metadata: Option<MetadataPort>,
}

impl NicSpec {
    /// The name of the card's tap on the host: `tap` and eleven digits of the port's id, as OpenStack names it.
    pub fn tap(&self) -> String {
        tap_name(self.port)
    }
}

/// The name of a port's tap on its host.
pub fn tap_name(port: Uuid) -> String {
    let id = port.to_string();
    format!("tap{}", &id[..11])
}

/// What a machine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It runs.
    Running,
    /// It is paused.
    Paused,
    /// It is defined and off.
    Off,
    /// It stopped by a failure (QEMU died, the guest panicked).
    Crashed,
}

/// A machine as a host has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineStatus {
    /// The server's id.
    pub id: Uuid,
    /// What it is doing.
    pub power: Power,
}

/// How a machine is stopped or started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Urgency {
    /// By the power button; by force when the guest has not obeyed within this many seconds.
    Soft {
        /// Seconds the guest is given.
        grace: u32,
    },
    /// At once.
    Hard,
}

/// What a host is and has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostDescription {
    /// The host's name, unique among hosts.
    pub host: String,
    /// `QEMU`, `KVM` or `fake`.
    pub hypervisor_type: String,
    /// As the API shows it: 10.0.2 is 10000002.
    pub hypervisor_version: u64,
    /// Processors.
    pub vcpus: u32,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Disk for machines: all, in GiB.
    pub disk_gib: u64,
    /// Disk for machines: free, in GiB.
    pub disk_free_gib: u64,
    /// The processor, as libvirt describes it: JSON of `arch`, `model`, `vendor`, `topology`, `features`.
    pub cpu_info: serde_json::Value,
    /// Placement's names of what the host can do (`HW_CPU_X86_SSE2`, `COMPUTE_NODE`, ...).
    pub traits: Vec<String>,
    /// The host's address for tunnels and consoles.
    pub address: String,
}
