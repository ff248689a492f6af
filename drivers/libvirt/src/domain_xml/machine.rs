//! The domain as a whole.

use contracts::{driver::Machine, machine::DiskBus};
use std::collections::BTreeMap;

use super::{DescriptionError, device, element::Element};
use crate::{acceleration::Accelerator, hypervisor::domain_name};

/// Slots into which disks and cards can be plugged on q35 while the machine runs; `pc` has free slots of itself.
const Q35_PORTS: usize = 24;
/// Free text that is shown to operators is no longer than this.
const TITLE_LIMIT: usize = 255;

/// The two families of machine types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MachineType {
    /// The 1996 chipset: PCI slots that ACPI plugs, which every guest understands, with and without KVM.
    Pc,
    /// The 2009 chipset, with PCI Express.
    Q35,
}

type Properties = BTreeMap<String, String>;

pub(super) fn domain(machine: &Machine, accelerator: Accelerator) -> Result<Element, DescriptionError> {
    let properties = &machine.properties;
    let (machine_type, machine_name) = machine_type(properties)?;
    let bootable = machine.disks.iter().any(|disk| disk.boot_index.is_some());
    Ok(Element::new("domain")
        .with("type", if accelerator == Accelerator::Kvm { "kvm" } else { "qemu" })
        .child(Element::text("name", domain_name(machine.id)))
        .child(Element::text("uuid", machine.id))
        .children(title(&machine.name).map(|title| Element::text("title", title)))
        .child(Element::text("memory", machine.memory_mib).with("unit", "MiB"))
        .child(Element::text("vcpu", machine.vcpus.max(1)).with("placement", "static"))
        .child(sysinfo(machine))
        .child(os(properties, &machine_name, bootable)?)
        .child(Element::new("features").child(Element::new("acpi")).child(Element::new("apic")))
        .child(cpu(machine, accelerator))
        .child(clock())
        .child(Element::text("on_poweroff", "destroy"))
        .child(Element::text("on_reboot", "restart"))
        .child(Element::text("on_crash", "destroy"))
        .child(no_sleep())
        .child(devices(machine, machine_type)?)
        .child(Element::new("seclabel").with("type", "none")))
}

/// The title without what XML or libvirt can't carry.
fn title(name: &str) -> Option<String> {
    let visible = name.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}'));
    let title: String = visible.take(TITLE_LIMIT).collect();
    Some(title.trim().to_owned()).filter(|title| !title.is_empty())
}

fn machine_type(properties: &Properties) -> Result<(MachineType, String), DescriptionError> {
    let name = properties.get("hw_machine_type").map_or("pc", String::as_str);
    let plain = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let family = match name {
        "pc" => Some(MachineType::Pc),
        "q35" => Some(MachineType::Q35),
        _ if name.starts_with("pc-i440fx-") => Some(MachineType::Pc),
        _ if name.starts_with("pc-q35-") => Some(MachineType::Q35),
        _ => None,
    };
    match family {
        Some(family) if plain => Ok((family, name.to_owned())),
        _ => Err(wrong("hw_machine_type", name)),
    }
}

/// Guests know by these words of the firmware's tables that they are on OpenStack, and look for its metadata.
fn sysinfo(machine: &Machine) -> Element {
    let entry = |name, value: String| Element::text("entry", value).with("name", name);
    Element::new("sysinfo").with("type", "smbios").child(
        Element::new("system")
            .child(entry("manufacturer", "OpenStack Foundation".into()))
            .child(entry("product", "OpenStack Nova".into()))
            .child(entry("version", env!("CARGO_PKG_VERSION").into()))
            .child(entry("serial", machine.id.to_string()))
            .child(entry("uuid", machine.id.to_string()))
            .child(entry("family", "Virtual Machine".into())),
    )
}

fn os(properties: &Properties, machine_name: &str, bootable: bool) -> Result<Element, DescriptionError> {
    let mut os = Element::new("os");
    match properties.get("hw_firmware_type").map(String::as_str) {
        None | Some("bios") => {}
        Some("uefi") => os = os.with("firmware", "efi"),
        Some(other) => return Err(wrong("hw_firmware_type", other)),
    }
    os = os.child(Element::text("type", "hvm").with("arch", "x86_64").with("machine", machine_name));
    // Orders on single disks and an order of kinds exclude one another.
    if !bootable {
        os = os.child(Element::new("boot").with("dev", "hd"));
    }
    if is_true(properties, "hw_boot_menu") {
        os = os.child(Element::new("bootmenu").with("enable", "yes"));
    }
    Ok(os.child(Element::new("smbios").with("mode", "sysinfo")))
}

/// With KVM the host's own processor as far as it can be described; without it, the richest that QEMU can play, as
/// today's distributions need x86-64-v2 and later. (Poorer ones boot no faster.)
fn cpu(machine: &Machine, accelerator: Accelerator) -> Element {
    let cpu = match accelerator {
        Accelerator::Kvm => Element::new("cpu").with("mode", "host-model"),
        Accelerator::Tcg => Element::new("cpu").with("mode", "maximum"),
    };
    let number = |name| machine.properties.get(name).and_then(|text| text.parse::<u32>().ok());
    let (sockets, cores, threads) =
        (number("hw_cpu_sockets"), number("hw_cpu_cores"), number("hw_cpu_threads"));
    let asked = sockets.is_some() || cores.is_some() || threads.is_some();
    let (cores, threads) = (cores.unwrap_or(1), threads.unwrap_or(1));
    let sockets = sockets.or_else(|| machine.vcpus.checked_div(cores.checked_mul(threads)?)).unwrap_or(0);
    let product = sockets.checked_mul(cores).and_then(|product| product.checked_mul(threads));
    match product {
        Some(product) if asked && product == machine.vcpus => cpu.child(
            Element::new("topology").with("sockets", sockets).with("cores", cores).with("threads", threads),
        ),
        _ => cpu,
    }
}

fn clock() -> Element {
    Element::new("clock")
        .with("offset", "utc")
        .child(Element::new("timer").with("name", "rtc").with("tickpolicy", "catchup"))
        .child(Element::new("timer").with("name", "pit").with("tickpolicy", "delay"))
        .child(Element::new("timer").with("name", "hpet").with("present", "no"))
}

/// A guest that suspended itself could not be told from one that hangs.
fn no_sleep() -> Element {
    Element::new("pm")
        .child(Element::new("suspend-to-mem").with("enabled", "no"))
        .child(Element::new("suspend-to-disk").with("enabled", "no"))
}

fn devices(machine: &Machine, machine_type: MachineType) -> Result<Element, DescriptionError> {
    let properties = &machine.properties;
    let mut devices = Element::new("devices");
    for disk in &machine.disks {
        devices = devices.child(device::disk(disk, machine_type)?);
    }
    devices = devices.children(controllers(machine, machine_type));
    let card_model = one_of(
        properties,
        "hw_vif_model",
        &["virtio", "e1000", "e1000e", "rtl8139", "ne2k_pci", "pcnet", "vmxnet3"],
        "virtio",
    )?;
    for card in &machine.cards {
        devices = devices.child(device::card(card, card_model)?);
    }
    devices = devices.child(serial(machine)?);
    if is_true(properties, "hw_qemu_guest_agent") {
        let target = Element::new("target").with("type", "virtio").with("name", "org.qemu.guest_agent.0");
        devices = devices.child(Element::new("channel").with("type", "unix").child(target));
    }
    if properties.get("hw_pointer_model").is_some_and(|model| model == "usbtablet") {
        devices = devices.child(Element::new("input").with("type", "tablet").with("bus", "usb"));
    }
    let socket = device::socket_path(&machine.vnc_socket)?;
    devices = devices.child(Element::new("graphics").with("type", "vnc").with("socket", socket));
    let video =
        one_of(properties, "hw_video_model", &["vga", "cirrus", "virtio", "qxl", "bochs", "none"], "vga")?;
    devices = devices.child(Element::new("video").child(Element::new("model").with("type", video)));
    if let Some(action) = properties.get("hw_watchdog_action").filter(|action| *action != "disabled") {
        let action = ["none", "pause", "poweroff", "reset"]
            .into_iter()
            .find(|known| known == action)
            .ok_or_else(|| wrong("hw_watchdog_action", action))?;
        devices = devices.child(Element::new("watchdog").with("model", "i6300esb").with("action", action));
    }
    Ok(devices
        .child(entropy())
        .child(Element::new("memballoon").with("model", "virtio").with("freePageReporting", "on")))
}

fn controllers(machine: &Machine, machine_type: MachineType) -> Vec<Element> {
    let controller = |kind| Element::new("controller").with("type", kind);
    let mut controllers = Vec::new();
    if machine.properties.get("hw_pointer_model").is_none_or(|model| model != "usbtablet") {
        controllers.push(controller("usb").with("model", "none"));
    }
    if machine.disks.iter().any(|disk| disk.bus == DiskBus::Scsi) {
        controllers.push(scsi_controller());
    }
    if machine_type == MachineType::Q35 {
        controllers.push(controller("pci").with("index", 0).with("model", "pcie-root"));
        controllers.extend((0..Q35_PORTS).map(|_| controller("pci").with("model", "pcie-root-port")));
    }
    controllers
}

/// What SCSI disks hang on. libvirt by itself would choose one that guests have no driver for.
pub(super) fn scsi_controller() -> Element {
    Element::new("controller").with("type", "scsi").with("index", 0).with("model", "virtio-scsi")
}

/// The serial console: a terminal for whoever attaches to it, and a file that keeps what the guest wrote. QEMU only
/// ever appends to the file, so that it can be cut while the guest runs (see `console_log`).
fn serial(machine: &Machine) -> Result<Element, DescriptionError> {
    let log = device::path(&machine.console_log)?;
    Ok(Element::new("serial")
        .with("type", "pty")
        .child(Element::new("log").with("file", log).with("append", "on"))
        .child(Element::new("target").with("type", "isa-serial").with("port", 0)))
}

fn entropy() -> Element {
    Element::new("rng")
        .with("model", "virtio")
        .child(Element::text("backend", "/dev/urandom").with("model", "random"))
}

fn one_of(
    properties: &Properties,
    name: &'static str,
    known: &[&'static str],
    default: &'static str,
) -> Result<&'static str, DescriptionError> {
    match properties.get(name) {
        None => Ok(default),
        Some(asked) => known.iter().find(|known| *known == asked).copied().ok_or_else(|| wrong(name, asked)),
    }
}

fn is_true(properties: &Properties, name: &str) -> bool {
    properties
        .get(name)
        .is_some_and(|value| ["true", "yes", "1", "on"].contains(&value.to_lowercase().as_str()))
}

fn wrong(property: &'static str, value: &str) -> DescriptionError {
    DescriptionError::Property { property, value: value.chars().take(64).collect() }
}
