//! Finding a machine's disks, cards and screen in the XML that libvirt answers.

use std::path::PathBuf;

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// A disk or card as libvirt has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `disk` or `interface`.
    pub kind: DeviceKind,
    /// The disk's name, or the card's tap.
    pub target: String,
    /// The disk's file.
    pub source: Option<String>,
    /// The disk's format.
    pub format: Option<String>,
    /// Its element, word for word: what libvirt takes to detach it.
    pub xml: String,
}

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    /// A disk.
    Disk,
    /// A network card.
    Card,
}

/// The devices of a domain, and what else is read from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain {
    /// Disks and cards, in order.
    pub devices: Vec<Device>,
    /// The socket of the screen.
    pub vnc_socket: Option<PathBuf>,
    /// Whether there is something for SCSI disks to hang on.
    pub scsi_controller: bool,
    /// The file that keeps what the guest writes to its console.
    pub console_log: Option<PathBuf>,
}

impl Domain {
    /// The disk of that name.
    pub fn disk(&self, name: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.kind == DeviceKind::Disk && device.target == name)
    }

    /// The card on that tap.
    pub fn card(&self, tap: &str) -> Option<&Device> {
        self.devices.iter().find(|device| device.kind == DeviceKind::Card && device.target == tap)
    }
}

/// Reads a domain's XML.
pub fn domain(xml: &str) -> Result<Domain, String> {
    let mut reader = Reader::from_str(xml);
    let mut domain = Domain::default();
    let mut path: Vec<String> = Vec::new();
    let mut open: Option<(usize, Device)> = None;
    loop {
        let before = position(&reader);
        match reader.read_event().map_err(|error| format!("libvirt's XML can't be read: {error}"))? {
            Event::Start(element) => {
                path.push(element.name().as_ref().to_owned());
                note(&path, &element, before, &mut open, &mut domain);
            }
            Event::Empty(element) => {
                path.push(element.name().as_ref().to_owned());
                note(&path, &element, before, &mut open, &mut domain);
                path.pop();
            }
            Event::End(_) => {
                path.pop();
                if path.len() == 2
                    && let Some((start, mut device)) = open.take()
                {
                    device.xml = xml.get(start..position(&reader)).unwrap_or_default().trim().to_owned();
                    domain.devices.push(device);
                }
            }
            Event::Eof => return Ok(domain),
            _ => {}
        }
    }
}

fn note(
    path: &[String],
    element: &BytesStart<'_>,
    start: usize,
    open: &mut Option<(usize, Device)>,
    domain: &mut Domain,
) {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path.as_slice() {
        ["domain", "devices", "disk"] => *open = Some((start, Device::empty(DeviceKind::Disk))),
        ["domain", "devices", "interface"] => *open = Some((start, Device::empty(DeviceKind::Card))),
        ["domain", "devices", "disk" | "interface", part] => {
            if let Some((_, device)) = open {
                match *part {
                    "target" => device.target = attribute(element, "dev").unwrap_or_default(),
                    "source" => device.source = attribute(element, "file"),
                    "driver" => device.format = attribute(element, "type"),
                    _ => {}
                }
            }
        }
        ["domain", "devices", "controller"] => {
            domain.scsi_controller |= attribute(element, "type").is_some_and(|kind| kind == "scsi");
        }
        ["domain", "devices", "graphics"] => {
            domain.vnc_socket =
                attribute(element, "socket").map(PathBuf::from).or_else(|| domain.vnc_socket.take());
        }
        ["domain", "devices", "serial", "log"] => {
            domain.console_log = attribute(element, "file").map(PathBuf::from);
        }
        _ => {}
    }
}

impl Device {
    fn empty(kind: DeviceKind) -> Self {
        Self { kind, target: String::new(), source: None, format: None, xml: String::new() }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    attribute.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}
