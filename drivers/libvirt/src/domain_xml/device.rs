//! Disks and network cards.

use std::path::Path;

use contracts::{
    driver::{Card, Disk},
    machine::DiskBus,
};

use super::{DescriptionError, element::Element, machine::MachineType};

/// A disk. Caching is `writeback`: QEMU then flushes when the guest does, and it works on file systems without
/// direct I/O. What the guest discards is given back to the host.
pub(super) fn disk(disk: &Disk, machine_type: MachineType) -> Result<Element, DescriptionError> {
    if !matches!(disk.format.as_str(), "raw" | "qcow2") {
        return Err(DescriptionError::Nonsense(format!(
            "disk {} has the format {:?}; only raw and qcow2 are opened",
            disk.device, disk.format
        )));
    }
    if !is_device_name(&disk.device) {
        return Err(DescriptionError::Nonsense(format!("{:?} is not the name of a disk", disk.device)));
    }
    let bus = bus(disk.bus, machine_type);
    // virtio has no CD-ROM: such a disk is one that can't be written.
    let is_drive = disk.cdrom && bus != "virtio";
    let mut element = Element::new("disk")
        .with("type", "file")
        .with("device", if is_drive { "cdrom" } else { "disk" })
        .child(
            Element::new("driver")
                .with("name", "qemu")
                .with("type", &disk.format)
                .with("cache", "writeback")
                .with("discard", "unmap"),
        )
        .child(Element::new("source").with("file", path(&disk.path)?))
        .child(Element::new("target").with("dev", &disk.device).with("bus", bus));
    if disk.cdrom {
        element = element.child(Element::new("readonly"));
    }
    if let Some(serial) = &disk.serial {
        element = element.child(Element::text("serial", serial_number(serial)));
    }
    if let Some(index) = disk.boot_index {
        element = element.child(Element::new("boot").with("order", u64::from(index) + 1));
    }
    Ok(element)
}

/// A network card on a tap that is there already. Every offload is off on both sides, because userspace datapaths
/// of Open vSwitch drop what has no checksum; and there is no boot ROM, which only costs time.
pub(super) fn card(card: &Card, model: &str) -> Result<Element, DescriptionError> {
    if card.tap.is_empty() || card.tap.len() > 15 || !card.tap.chars().all(is_plain) {
        return Err(DescriptionError::Nonsense(format!("{:?} is not the name of a tap", card.tap)));
    }
    let off = |element: Element, names: &[&'static str]| {
        names.iter().fold(element, |element, name| element.with(name, "off"))
    };
    let host = off(Element::new("host"), &["csum", "gso", "tso4", "tso6", "ecn", "ufo"]);
    let guest = off(Element::new("guest"), &["csum", "tso4", "tso6", "ecn", "ufo"]);
    let mut element = Element::new("interface")
        .with("type", "ethernet")
        .child(Element::new("mac").with("address", &card.mac))
        .child(Element::new("target").with("dev", &card.tap).with("managed", "no"))
        .child(Element::new("model").with("type", model));
    if model == "virtio" {
        element = element.child(Element::new("driver").child(host).child(guest));
    }
    Ok(element
        .child(Element::new("mtu").with("size", card.mtu))
        .child(Element::new("rom").with("enabled", "no")))
}

/// A path in the form that libvirt takes.
pub(super) fn path(path: &Path) -> Result<&str, DescriptionError> {
    let wrong = |why| DescriptionError::Path(path.display().to_string(), why);
    let text = path.to_str().ok_or_else(|| wrong("it is not UTF-8"))?;
    if !path.is_absolute() {
        return Err(wrong("it is not absolute"));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong("it has control characters"));
    }
    Ok(text)
}

/// A path of a Unix socket, which the kernel limits in length.
pub(super) fn socket_path(socket: &Path) -> Result<&str, DescriptionError> {
    let text = path(socket)?;
    if text.len() > 107 {
        return Err(DescriptionError::Path(text.to_owned(), "it is too long for a socket"));
    }
    Ok(text)
}

fn bus(bus: DiskBus, machine_type: MachineType) -> &'static str {
    match (bus, machine_type) {
        (DiskBus::Virtio, _) => "virtio",
        (DiskBus::Scsi, _) => "scsi",
        (DiskBus::Ide, MachineType::Pc) => "ide",
        (DiskBus::Sata, _) | (DiskBus::Ide, MachineType::Q35) => "sata",
    }
}

/// The guest sees a serial number of at most 36 letters, digits and a few signs; others are left out.
fn serial_number(serial: &str) -> String {
    serial.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(36).collect()
}

fn is_device_name(name: &str) -> bool {
    ["vd", "sd", "hd", "xvd", "fd"].iter().any(|prefix| {
        name.strip_prefix(prefix).is_some_and(|rest| {
            (1..=3).contains(&rest.len()) && rest.chars().all(|letter| letter.is_ascii_lowercase())
        })
    })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}
