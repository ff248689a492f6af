use super::*;

fn judged(bytes: Vec<u8>, disk_format: &str) -> Result<Option<u64>, Refusal> {
    let expected = Expectation { disk_format, container_format: "bare", strict: true, largest: 1 << 44 };
    judge(&bytes, expected)
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

/// A qcow2 of version 3 with 1 MiB.
fn qcow2() -> Vec<u8> {
    let mut bytes = vec![0; 5 << 16];
    put(&mut bytes, 0, b"QFI\xfb");
    put(&mut bytes, 4, &3u32.to_be_bytes());
    put(&mut bytes, 20, &16u32.to_be_bytes());
    put(&mut bytes, 24, &(1u64 << 20).to_be_bytes());
    put(&mut bytes, 36, &1u32.to_be_bytes());
    put(&mut bytes, 40, &(3u64 << 16).to_be_bytes());
    put(&mut bytes, 48, &(1u64 << 16).to_be_bytes());
    put(&mut bytes, 56, &1u32.to_be_bytes());
    put(&mut bytes, 96, &4u32.to_be_bytes());
    put(&mut bytes, 100, &104u32.to_be_bytes());
    bytes
}

fn vmdk(descriptor: &str) -> Vec<u8> {
    let mut bytes = vec![0; 1 << 16];
    put(&mut bytes, 0, b"KDMV");
    put(&mut bytes, 4, &1u32.to_le_bytes());
    put(&mut bytes, 12, &2048u64.to_le_bytes());
    put(&mut bytes, 28, &1u64.to_le_bytes());
    put(&mut bytes, 36, &20u64.to_le_bytes());
    put(&mut bytes, 512, descriptor.as_bytes());
    bytes
}

const DESCRIPTOR: &str = "# Disk DescriptorFile\nversion=1\nCID=5b0e1234\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n\n# Extent description\nRW 2048 SPARSE \"disk.vmdk\"\n\n# The Disk Data Base\n#DDB\nddb.virtualHWVersion = \"4\"\n";

fn iso() -> Vec<u8> {
    let mut bytes = vec![0; 40 << 10];
    put(&mut bytes, 32 << 10, b"\x01CD001");
    put(&mut bytes, (32 << 10) + 80, &20u32.to_le_bytes());
    put(&mut bytes, (32 << 10) + 128, &2048u16.to_le_bytes());
    bytes
}

fn is_unsafe(outcome: Result<Option<u64>, Refusal>) -> bool {
    matches!(outcome, Err(Refusal::Unsafe { .. }))
}

fn is_mismatch(outcome: Result<Option<u64>, Refusal>) -> bool {
    matches!(outcome, Err(Refusal::Mismatch { .. }))
}

#[test]
fn what_is_what_it_says_is_accepted_with_its_virtual_size() {
    assert_eq!(judged(qcow2(), "qcow2").unwrap(), Some(1 << 20));
    assert_eq!(judged(vmdk(DESCRIPTOR), "vmdk").unwrap(), Some(1 << 20));
    assert_eq!(judged(iso(), "iso").unwrap(), Some(40 << 10));
    assert_eq!(judged(vec![7; 1000], "raw").unwrap(), Some(1000));
    assert_eq!(judged(Vec::new(), "raw").unwrap(), Some(0));
}

#[test]
fn ossa_2024_001_qcow2_with_an_external_data_file_is_refused() {
    let mut flagged = qcow2();
    put(&mut flagged, 72, &4u64.to_be_bytes());
    assert!(is_unsafe(judged(flagged, "qcow2")));
    // Named in an extension, without the flag.
    let mut named = qcow2();
    put(&mut named, 104, &0x4441_5441u32.to_be_bytes());
    put(&mut named, 108, &11u32.to_be_bytes());
    put(&mut named, 112, b"/etc/shadow");
    assert!(is_unsafe(judged(named, "qcow2")));
}

#[test]
fn a_qcow2_with_a_backing_file_is_refused() {
    for (at, value) in [(8, 1u64 << 32), (16, 11 << 32)] {
        let mut backed = qcow2();
        put(&mut backed, at, &value.to_be_bytes());
        assert!(judged(backed, "qcow2").is_err(), "{at}");
    }
}

#[test]
fn unknown_features_and_versions_of_qcow2_are_refused() {
    let mut unknown = qcow2();
    put(&mut unknown, 72, &(1u64 << 5).to_be_bytes());
    assert!(is_unsafe(judged(unknown, "qcow2")));
    let mut corrupt = qcow2();
    put(&mut corrupt, 72, &2u64.to_be_bytes());
    assert!(is_unsafe(judged(corrupt, "qcow2")));
    for version in [0u32, 1, 4] {
        let mut other = qcow2();
        put(&mut other, 4, &version.to_be_bytes());
        assert!(is_unsafe(judged(other, "qcow2")), "{version}");
    }
}

#[test]
fn a_qcow2_that_declares_more_than_it_can_hold_is_refused() {
    let mut over = qcow2();
    put(&mut over, 24, &(1u64 << 62).to_be_bytes());
    assert!(matches!(judged(over, "qcow2"), Err(Refusal::Broken { .. })));
    let mut many = qcow2();
    put(&mut many, 36, &u32::MAX.to_be_bytes());
    assert!(matches!(judged(many, "qcow2"), Err(Refusal::Broken { .. })));
    assert!(matches!(judged(qcow2()[..200].to_vec(), "qcow2"), Err(Refusal::Broken { .. })));
    let expected =
        Expectation { disk_format: "qcow2", container_format: "bare", strict: true, largest: 1000 };
    assert!(matches!(judge(&qcow2(), expected), Err(Refusal::TooLarge(..))));
}

#[test]
fn ossa_2023_002_vmdk_with_a_flat_or_other_descriptor_is_refused() {
    for kind in ["monolithicFlat", "twoGbMaxExtentFlat", "vmfs", "custom", "fullDevice"] {
        let descriptor = DESCRIPTOR.replace("monolithicSparse", kind);
        assert!(is_unsafe(judged(vmdk(&descriptor), "vmdk")), "{kind}");
    }
    for (from, to) in [
        ("SPARSE \"disk.vmdk\"", "FLAT \"/etc/passwd\" 0"),
        ("\"disk.vmdk\"", "\"/etc/passwd\""),
        ("RW 2048 SPARSE \"disk.vmdk\"", ""),
        ("RW 2048", "RW 4096"),
        ("RW 2048 SPARSE \"disk.vmdk\"", "RW 2048 SPARSE \"a\"\nRW 2048 SPARSE \"b\""),
        ("parentCID=ffffffff", "parentCID=12345678"),
        ("version=1", "parentFileNameHint=\"/etc/passwd\""),
        ("version=1", "something else"),
        ("createType=\"monolithicSparse\"", ""),
    ] {
        let descriptor = DESCRIPTOR.replace(from, to);
        assert!(is_unsafe(judged(vmdk(&descriptor), "vmdk")), "{to}");
    }
    // A descriptor alone names other files, whatever they are.
    assert!(is_unsafe(judged(DESCRIPTOR.as_bytes().to_vec(), "vmdk")));
}

#[test]
fn a_vmdk_whose_footer_says_something_else_is_refused() {
    let streamed = DESCRIPTOR.replace("monolithicSparse", "streamOptimized");
    let mut bytes = vmdk(&streamed);
    let header = bytes[..512].to_vec();
    put(&mut bytes, 56, &u64::MAX.to_le_bytes());
    assert!(is_unsafe(judged(bytes.clone(), "vmdk")));
    let mut marker = vec![0; 512];
    put(&mut marker, 12, &3u32.to_le_bytes());
    let whole = |footer: &[u8]| [&bytes[..], &marker[..], footer, &[0; 512]].concat();
    assert_eq!(judged(whole(&header), "vmdk").unwrap(), Some(1 << 20));
    let mut other = header.clone();
    put(&mut other, 28, &5u64.to_le_bytes());
    assert!(is_unsafe(judged(whole(&other), "vmdk")));
}

#[test]
fn ossa_2024_002_raw_that_is_really_something_else_is_refused() {
    let mut vdi = vec![0; 512];
    put(&mut vdi, 0x40, &0xbeda_107fu32.to_le_bytes());
    for bytes in [
        qcow2(),
        vmdk(DESCRIPTOR),
        DESCRIPTOR.as_bytes().to_vec(),
        b"\n# comment\nversion=1\n".to_vec(),
        b"COWD".to_vec(),
        b"conectix".to_vec(),
        b"vhdxfile".to_vec(),
        b"QED\0".to_vec(),
        b"WithoutFreeSpace".to_vec(),
        vdi,
    ] {
        for declared in ["raw", "ami", "aki", "ari", "iso"] {
            assert!(is_mismatch(judged(bytes.clone(), declared)), "{declared} {:?}", &bytes[..4]);
        }
    }
}

#[test]
fn raw_disks_may_hold_partitions_file_systems_and_encrypted_volumes() {
    let mut partitioned = vec![0; 1024];
    put(&mut partitioned, 510, &[0x55, 0xaa]);
    assert_eq!(judged(partitioned, "raw").unwrap(), Some(1024));
    assert!(judged(b"LUKS\xba\xbe".to_vec(), "raw").is_ok());
    assert!(judged(iso(), "raw").is_ok());
    assert!(judged(b"#!/bin/sh\necho hello\n".to_vec(), "raw").is_ok());
}

#[test]
fn what_is_several_things_at_once_is_refused() {
    // In the first 32 KiB of a CD there is room for a whole header.
    let mut polyglot = iso();
    put(&mut polyglot, 0, &qcow2()[..512]);
    for declared in ["iso", "qcow2", "raw"] {
        assert!(matches!(judged(polyglot.clone(), declared), Err(Refusal::Ambiguous(_))), "{declared}");
    }
    let mut signed = qcow2();
    put(&mut signed, 510, &[0x55, 0xaa]);
    assert!(matches!(judged(signed, "qcow2"), Err(Refusal::Ambiguous(_))));
    // A CD that boots from a stick has a partition table.
    let mut hybrid = iso();
    put(&mut hybrid, 510, &[0x55, 0xaa]);
    assert!(judged(hybrid, "iso").is_ok());
}

#[test]
fn content_that_is_nothing_known_is_no_disk_image() {
    for declared in ["qcow2", "vmdk", "vhd", "vhdx", "vdi", "iso", "ploop"] {
        assert!(is_mismatch(judged(vec![7; 4096], declared)), "{declared}");
        let lenient =
            Expectation { disk_format: declared, container_format: "bare", strict: false, largest: 1 << 44 };
        assert_eq!(judge(&vec![7; 4096], lenient).unwrap(), None, "{declared}");
        // What is known to be something else stays refused.
        assert!(judge(&b"QED\0".to_vec(), lenient).is_err(), "{declared}");
    }
}

#[test]
fn differences_to_another_image_are_refused() {
    let mut vhd = vec![0; 512];
    put(&mut vhd, 0, b"conectix");
    put(&mut vhd, 48, &4096u64.to_be_bytes());
    put(&mut vhd, 60, &3u32.to_be_bytes());
    assert_eq!(judged(vhd.clone(), "vhd").unwrap(), Some(4096));
    put(&mut vhd, 60, &4u32.to_be_bytes());
    assert!(is_unsafe(judged(vhd, "vhd")));

    let mut vdi = vec![0; 512];
    put(&mut vdi, 0x40, &0xbeda_107fu32.to_le_bytes());
    put(&mut vdi, 0x4c, &1u32.to_le_bytes());
    put(&mut vdi, 0x170, &4096u64.to_le_bytes());
    assert_eq!(judged(vdi.clone(), "vdi").unwrap(), Some(4096));
    put(&mut vdi, 0x1b8, &[1]);
    assert!(is_unsafe(judged(vdi, "vdi")));
}

/// What QEMU itself makes is recognised, and never taken for anything else.
#[test]
fn images_that_qemu_makes_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format, options) in [
        ("qcow2", "qcow2", ""),
        ("qcow2", "qcow2", "compat=0.10"),
        ("qcow2", "qcow2", "extended_l2=on,compression_type=zstd"),
        ("vmdk", "vmdk", ""),
        ("vmdk", "vmdk", "subformat=streamOptimized"),
        ("vpc", "vhd", ""),
        ("vpc", "vhd", "subformat=fixed"),
        ("vhdx", "vhdx", ""),
        ("vdi", "vdi", ""),
    ] {
        let file = folder.path().join("image");
        let mut command = std::process::Command::new("qemu-img");
        command.args(["create", "-q", "-f", name]).arg(&file).arg("8M");
        if !options.is_empty() {
            command.args(["-o", options]);
        }
        assert!(command.status().unwrap().success());
        let expected =
            Expectation { disk_format: format, container_format: "bare", strict: true, largest: 1 << 44 };
        let content = Content::new(std::fs::File::open(&file).unwrap()).unwrap();
        let size = judge(&content, expected).unwrap_or_else(|error| panic!("{format} {options}: {error}"));
        // VHD rounds up to whole cylinders.
        assert!((8 << 20..9 << 20).contains(&size.unwrap()), "{format} {options} {size:?}");
        if options != "subformat=fixed" {
            let raw = Expectation { disk_format: "raw", ..expected };
            assert!(is_mismatch(judge(&content, raw)), "{format} {options}");
        }
    }
}
