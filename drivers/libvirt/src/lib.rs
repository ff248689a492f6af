//! Machines on libvirt and QEMU.
//!
//! * [`LibvirtHypervisor`]: the driver. It speaks to a libvirt daemon: the host's own, or a private one.
//! * [`LibvirtDaemon`]: that private daemon, for hosts that run none; all its state is in one directory.
//! * [`MemoryHypervisor`]: the fast twin for tests of scale. It keeps machines in a map.
//! * [`domain_xml`]: how a machine is described to libvirt.
//!
//! What is on the host is the only truth about machines: the driver keeps no record of its own, so that it can be
//! killed at any moment and finds everything again when it starts.

pub mod acceleration;
mod confined;
mod connection;
pub mod daemon;
pub mod domain_xml;
mod error;
mod hypervisor;
mod memory;

pub use acceleration::{Acceleration, Accelerator};
pub use daemon::{DaemonConfig, DaemonError, DaemonStatus, LibvirtDaemon};
pub use hypervisor::{HypervisorConfig, LibvirtHypervisor, domain_name};
pub use memory::{MemoryCapacity, MemoryHypervisor};
