//! A machine as libvirt is told of it.
//!
//! [`describe`] writes a whole domain, [`disk`] and [`card`] the parts that can be plugged while it runs, and
//! [`read`] finds those parts again in what libvirt answers. Nothing that a user typed gets here unchecked: the
//! title is the only free text, and everything is escaped by the writer.

mod device;
mod element;
mod machine;
pub mod read;

use contracts::driver::{Card, Disk, Machine};

use crate::acceleration::Accelerator;

/// Why a machine can't be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// A property asks for what this driver does not offer.
    #[error("{property} can't be {value:?} on this host")]
    Property {
        /// Its name.
        property: &'static str,
        /// What was asked.
        value: String,
    },
    /// A path that can't be handed to libvirt or QEMU.
    #[error("the path {0:?} can't be used: {1}")]
    Path(String, &'static str),
    /// A part that makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// The writer failed.
    #[error("the description could not be written: {0}")]
    Writer(String),
}

/// The XML of a whole machine.
pub fn describe(machine: &Machine, accelerator: Accelerator) -> Result<String, DescriptionError> {
    render(&machine::domain(machine, accelerator)?)
}

/// The XML of one disk, to be plugged into a machine with that machine type's buses.
pub fn disk(disk: &Disk) -> Result<String, DescriptionError> {
    render(&device::disk(disk, machine::MachineType::Pc)?)
}

/// The XML of what SCSI disks hang on.
pub fn scsi_controller() -> Result<String, DescriptionError> {
    render(&machine::scsi_controller())
}

/// The XML of one network card.
pub fn card(card: &Card) -> Result<String, DescriptionError> {
    render(&device::card(card, "virtio")?)
}

/// The XML of an order to copy one of a running machine's disks into a new qcow2 file.
pub fn backup(device: &str, others: &[String], to: &std::path::Path) -> Result<String, DescriptionError> {
    use element::Element;
    let target = device::path(to)?;
    let copied = Element::new("disk")
        .with("name", device)
        .with("backup", "yes")
        .with("type", "file")
        .child(Element::new("target").with("file", target))
        .child(Element::new("driver").with("type", "qcow2"));
    let left = others.iter().map(|other| Element::new("disk").with("name", other).with("backup", "no"));
    let disks = Element::new("disks").child(copied).children(left);
    render(&Element::new("domainbackup").with("mode", "push").child(disks))
}

fn render(element: &element::Element) -> Result<String, DescriptionError> {
    element.render().map_err(|error| DescriptionError::Writer(error.to_string()))
}

#[cfg(test)]
mod tests;
