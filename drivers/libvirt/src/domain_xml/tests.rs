use std::{collections::BTreeMap, path::PathBuf};

use contracts::{
    driver::{Card, Disk, Machine},
    machine::{DiskBus, tap_name},
};
use uuid::Uuid;

use super::*;

fn machine() -> Machine {
    Machine {
        id: Uuid::from_u128(0x1234),
        name: "web".into(),
        vcpus: 2,
        memory_mib: 128,
        disks: vec![a_disk("vda", DiskBus::Virtio)],
        cards: vec![a_card(7)],
        console_log: "/srv/m/console.log".into(),
        vnc_socket: "/srv/m/vnc.sock".into(),
        properties: BTreeMap::new(),
    }
}

fn a_disk(device: &str, bus: DiskBus) -> Disk {
    Disk {
        device: device.into(),
        bus,
        path: PathBuf::from(format!("/srv/disks/{device}")),
        format: "qcow2".into(),
        cdrom: false,
        boot_index: None,
        serial: Some(Uuid::from_u128(9).to_string()),
    }
}

fn a_card(port: u128) -> Card {
    let port = Uuid::from_u128(port << 64);
    Card { port, tap: tap_name(port), mac: "fa:16:3e:00:00:01".into(), mtu: 1442 }
}

fn with(property: &str, value: &str) -> Machine {
    let mut machine = machine();
    machine.properties.insert(property.into(), value.into());
    machine
}

/// The XML, which libvirt's own schema has accepted. (The mock hypervisor in libvirt's library checks the schema
/// first, and may then refuse the domain for other reasons.)
fn valid(machine: &Machine) -> String {
    let xml = describe(machine, Accelerator::Tcg).unwrap();
    if !std::path::Path::new("/usr/share/libvirt/schemas/domain.rng").exists() {
        eprintln!("not validated: libvirt's schemas are not installed");
        return xml;
    }
    let mock = virt::connect::Connect::open(Some("test:///default")).unwrap();
    if let Err(error) = mock.define_domain_xml_flags(&xml, virt::sys::VIR_DOMAIN_DEFINE_VALIDATE) {
        let invalid = virt::error::ErrorNumber::XmlInvalidSchema;
        assert!(!error.code().is(invalid), "{xml}\n{}", error.message());
    }
    xml
}

#[test]
fn the_schema_is_really_checked() {
    if std::path::Path::new("/usr/share/libvirt/schemas/domain.rng").exists() {
        let mock = virt::connect::Connect::open(Some("test:///default")).unwrap();
        let xml = "<domain type='qemu'><name>x</name><nonsense/></domain>";
        let error = mock.define_domain_xml_flags(xml, virt::sys::VIR_DOMAIN_DEFINE_VALIDATE).unwrap_err();
        assert!(error.code().is(virt::error::ErrorNumber::XmlInvalidSchema), "{error}");
    }
}

#[test]
fn a_hostile_name_is_only_ever_the_text_of_the_title() {
    let mut machine = machine();
    machine.name = "</title><devices>\n<disk type='file'/>&amp;]]>\u{0}\u{1b}\u{ffff}\"ü日".into();
    let xml = valid(&machine);
    assert!(xml.contains("<title>&lt;/title&gt;"), "{xml}");
    assert!(!xml.contains("<disk type='file'/>"));
    let read = read::domain(&xml).unwrap();
    assert_eq!(read.devices.len(), 2);
}

#[test]
fn a_name_of_nothing_visible_gives_no_title() {
    let mut machine = machine();
    machine.name = " \n\t".into();
    assert!(!valid(&machine).contains("<title"));
}

#[test]
fn every_bus_is_valid_on_both_families_of_machine_types() {
    for machine_type in ["pc", "q35"] {
        let mut machine = with("hw_machine_type", machine_type);
        machine.disks = vec![
            a_disk("vda", DiskBus::Virtio),
            a_disk("sda", DiskBus::Scsi),
            a_disk("sdb", DiskBus::Sata),
            a_disk("hda", DiskBus::Ide),
        ];
        machine.disks.push(Disk { cdrom: true, format: "raw".into(), ..a_disk("sdc", DiskBus::Sata) });
        let xml = valid(&machine);
        assert_eq!(xml.contains("bus=\"ide\""), machine_type == "pc");
        assert!(xml.contains("model=\"virtio-scsi\""));
    }
}

#[test]
fn a_cdrom_on_virtio_is_a_disk_that_can_not_be_written() {
    let disk = Disk { cdrom: true, ..a_disk("vdb", DiskBus::Virtio) };
    let xml = super::disk(&disk).unwrap();
    assert!(xml.contains("device=\"disk\"") && xml.contains("<readonly/>"), "{xml}");
}

#[test]
fn the_order_of_booting_is_on_the_disks_or_nowhere() {
    let mut machine = machine();
    assert!(valid(&machine).contains("<boot dev=\"hd\"/>"));
    machine.disks[0].boot_index = Some(1);
    machine.disks.push(Disk { boot_index: Some(0), ..a_disk("vdb", DiskBus::Virtio) });
    let xml = valid(&machine);
    assert!(!xml.contains("<boot dev"));
    let (first, second) =
        (xml.find("<boot order=\"2\"/>").unwrap(), xml.find("<boot order=\"1\"/>").unwrap());
    assert!(first < second, "{xml}");
}

#[test]
fn offloads_are_off_on_both_sides_of_a_card_and_its_tap_is_left_alone() {
    let xml = card(&a_card(3)).unwrap();
    assert!(xml.contains("managed=\"no\"") && xml.contains("<mtu size=\"1442\"/>"), "{xml}");
    for offload in ["csum", "tso4", "tso6", "ecn", "ufo"] {
        assert_eq!(xml.matches(&format!("{offload}=\"off\"")).count(), 2, "{xml}");
    }
    assert_eq!(xml.matches("gso=\"off\"").count(), 1);
}

#[test]
fn kvm_and_emulation_differ_in_type_and_processor() {
    let xml = describe(&machine(), Accelerator::Kvm).unwrap();
    assert!(xml.contains("<domain type=\"kvm\">") && xml.contains("<cpu mode=\"host-model\"/>"));
    let xml = valid(&machine());
    assert!(xml.contains("<domain type=\"qemu\">") && xml.contains("<cpu mode=\"maximum\"/>"));
}

#[test]
fn properties_that_the_driver_honours_are_valid() {
    for (property, value) in [
        ("hw_machine_type", "pc-q35-8.0"),
        ("hw_firmware_type", "uefi"),
        ("hw_video_model", "virtio"),
        ("hw_video_model", "none"),
        ("hw_vif_model", "e1000"),
        ("hw_watchdog_action", "reset"),
        ("hw_qemu_guest_agent", "yes"),
        ("hw_pointer_model", "usbtablet"),
        ("hw_boot_menu", "true"),
        ("hw_cpu_sockets", "2"),
    ] {
        valid(&with(property, value));
    }
}

#[test]
fn properties_that_make_no_sense_are_refused_by_name() {
    for (property, value) in [
        ("hw_machine_type", "virt\"/><evil"),
        ("hw_machine_type", "pc-i440fx-<x>"),
        ("hw_firmware_type", "coreboot"),
        ("hw_video_model", "gop"),
        ("hw_vif_model", "../x"),
        ("hw_watchdog_action", "explode"),
    ] {
        let refusal = describe(&with(property, value), Accelerator::Tcg).unwrap_err().to_string();
        assert!(refusal.starts_with(property), "{refusal}");
    }
}

#[test]
fn a_topology_that_does_not_fit_is_left_out() {
    assert!(!valid(&with("hw_cpu_cores", "3")).contains("topology"));
    assert!(!valid(&with("hw_cpu_threads", "0")).contains("topology"));
    assert!(!valid(&with("hw_cpu_threads", "4294967295")).contains("topology"));
    let xml = valid(&with("hw_cpu_cores", "2"));
    assert!(xml.contains("<topology sockets=\"1\" cores=\"2\" threads=\"1\"/>"), "{xml}");
}

#[test]
fn disks_of_other_formats_and_odd_names_are_refused() {
    assert!(disk(&Disk { format: "vmdk".into(), ..a_disk("vda", DiskBus::Virtio) }).is_err());
    assert!(disk(&a_disk("../vda", DiskBus::Virtio)).is_err());
    assert!(disk(&Disk { path: "relative".into(), ..a_disk("vda", DiskBus::Virtio) }).is_err());
    assert!(disk(&Disk { path: "/a\nb".into(), ..a_disk("vda", DiskBus::Virtio) }).is_err());
    assert!(card(&Card { tap: "tap'; reboot".into(), ..a_card(1) }).is_err());
}

#[test]
fn a_socket_with_a_path_that_the_kernel_can_not_take_is_refused() {
    let mut machine = machine();
    machine.vnc_socket = format!("/{}/vnc", "d".repeat(120)).into();
    assert!(describe(&machine, Accelerator::Tcg).is_err());
}

#[test]
fn what_is_written_is_found_again() {
    let mut machine = machine();
    machine.disks[0].path = "/srv/a&b'<c>.qcow2".into();
    let read = read::domain(&valid(&machine)).unwrap();
    let disk = read.disk("vda").unwrap();
    assert_eq!(disk.source.as_deref(), Some("/srv/a&b'<c>.qcow2"));
    assert_eq!(disk.format.as_deref(), Some("qcow2"));
    assert!(disk.xml.starts_with("<disk") && disk.xml.ends_with("</disk>"), "{}", disk.xml);
    let card = read.card(&machine.cards[0].tap).unwrap();
    assert!(card.xml.starts_with("<interface") && card.xml.ends_with("</interface>"));
    assert_eq!(read.vnc_socket, Some("/srv/m/vnc.sock".into()));
    assert_eq!(read.console_log, Some("/srv/m/console.log".into()));
}
