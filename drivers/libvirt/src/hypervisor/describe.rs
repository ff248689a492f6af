//! What the host is and has.

use std::path::Path;

use contracts::{
    driver::{DriverError, DriverResult},
    machine::HostDescription,
};
use nix::sys::statvfs::statvfs;
use quick_xml::{Reader, events::Event};
use serde_json::{Value, json};
use virt::connect::Connect;

use crate::{acceleration::Accelerator, domain_xml::read::attribute, error::Context};

const GIB: u64 = 1 << 30;

/// Flags of the processor (as Linux writes them) and the traits of Placement that say the same.
const CPU_TRAITS: [(&str, &str); 33] = [
    ("sse", "HW_CPU_X86_SSE"),
    ("sse2", "HW_CPU_X86_SSE2"),
    ("pni", "HW_CPU_X86_SSE3"),
    ("ssse3", "HW_CPU_X86_SSSE3"),
    ("sse4_1", "HW_CPU_X86_SSE41"),
    ("sse4_2", "HW_CPU_X86_SSE42"),
    ("sse4a", "HW_CPU_X86_SSE4A"),
    ("mmx", "HW_CPU_X86_MMX"),
    ("avx", "HW_CPU_X86_AVX"),
    ("avx2", "HW_CPU_X86_AVX2"),
    ("avx512f", "HW_CPU_X86_AVX512F"),
    ("avx512cd", "HW_CPU_X86_AVX512CD"),
    ("avx512bw", "HW_CPU_X86_AVX512BW"),
    ("avx512dq", "HW_CPU_X86_AVX512DQ"),
    ("avx512vl", "HW_CPU_X86_AVX512VL"),
    ("avx512ifma", "HW_CPU_X86_AVX512IFMA"),
    ("avx512vbmi", "HW_CPU_X86_AVX512VBMI"),
    ("avx512_vbmi2", "HW_CPU_X86_AVX512VBMI2"),
    ("avx512_vnni", "HW_CPU_X86_AVX512VNNI"),
    ("avx512_bitalg", "HW_CPU_X86_AVX512BITALG"),
    ("gfni", "HW_CPU_X86_AVX512GFNI"),
    ("vaes", "HW_CPU_X86_AVX512VAES"),
    ("vpclmulqdq", "HW_CPU_X86_AVX512VPCLMULQDQ"),
    ("avx512_vpopcntdq", "HW_CPU_X86_AVX512VPOPCNTDQ"),
    ("aes", "HW_CPU_X86_AESNI"),
    ("abm", "HW_CPU_X86_ABM"),
    ("bmi1", "HW_CPU_X86_BMI"),
    ("bmi2", "HW_CPU_X86_BMI2"),
    ("fma", "HW_CPU_X86_FMA3"),
    ("f16c", "HW_CPU_X86_F16C"),
    ("pclmulqdq", "HW_CPU_X86_CLMUL"),
    ("vmx", "HW_CPU_X86_VMX"),
    ("svm", "HW_CPU_X86_SVM"),
];

/// What the driver itself offers, whatever the processor.
const COMPUTE_TRAITS: [&str; 23] = [
    "COMPUTE_NODE",
    "COMPUTE_ACCELERATORS",
    "COMPUTE_DEVICE_TAGGING",
    "COMPUTE_FIRMWARE_BIOS",
    "COMPUTE_GRAPHICS_MODEL_BOCHS",
    "COMPUTE_GRAPHICS_MODEL_CIRRUS",
    "COMPUTE_GRAPHICS_MODEL_NONE",
    "COMPUTE_GRAPHICS_MODEL_VGA",
    "COMPUTE_GRAPHICS_MODEL_VIRTIO",
    "COMPUTE_IMAGE_TYPE_QCOW2",
    "COMPUTE_IMAGE_TYPE_RAW",
    "COMPUTE_NET_ATTACH_INTERFACE",
    "COMPUTE_NET_VIF_MODEL_E1000",
    "COMPUTE_NET_VIF_MODEL_E1000E",
    "COMPUTE_NET_VIF_MODEL_RTL8139",
    "COMPUTE_NET_VIF_MODEL_VIRTIO",
    "COMPUTE_RESCUE_BFV",
    "COMPUTE_STORAGE_BUS_IDE",
    "COMPUTE_STORAGE_BUS_SATA",
    "COMPUTE_STORAGE_BUS_SCSI",
    "COMPUTE_STORAGE_BUS_VIRTIO",
    "COMPUTE_VOLUME_ATTACH_WITH_TAG",
    "COMPUTE_VOLUME_EXTEND",
];

/// Describes the host that `connect` leads to.
pub(super) fn host(
    connect: &Connect,
    accelerator: Accelerator,
    disks: &Path,
) -> DriverResult<HostDescription> {
    let node = connect.node_info().context("reading the host's size")?;
    let version = connect.hyp_version().context("reading QEMU's version")?;
    let capabilities = connect.capabilities().context("reading the host's capabilities")?;
    let space = statvfs(disks).map_err(|error| {
        DriverError::Unavailable(format!("{} can't be measured: {error}", disks.display()))
    })?;
    let flags = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    Ok(HostDescription {
        host: String::new(),
        hypervisor_type: if accelerator == Accelerator::Kvm { "KVM" } else { "QEMU" }.into(),
        hypervisor_version: version.into(),
        vcpus: node.cpus,
        memory_mib: node.memory / 1024,
        disk_gib: space.blocks() * space.fragment_size() / GIB,
        disk_free_gib: space.blocks_available() * space.fragment_size() / GIB,
        cpu_info: cpu_info(&capabilities).map_err(DriverError::Unavailable)?,
        traits: traits(&flags),
        address: String::new(),
    })
}

/// The traits of a host whose processors are these (in the form of `/proc/cpuinfo`).
fn traits(cpuinfo: &str) -> Vec<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    let flags: Vec<&str> = line.split_whitespace().collect();
    let of_cpu = CPU_TRAITS.iter().filter(|(flag, _)| flags.contains(flag)).map(|(_, name)| *name);
    COMPUTE_TRAITS.iter().copied().chain(of_cpu).map(String::from).collect()
}

/// The processor in the form that the Compute API shows, from libvirt's capabilities.
fn cpu_info(capabilities: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(capabilities);
    let (mut arch, mut model, mut vendor) = (String::new(), String::new(), String::new());
    let (mut topology, mut features) = (json!({}), Vec::new());
    let mut path: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| format!("libvirt's capabilities: {error}"))?;
        let element = match &event {
            Event::Start(element) | Event::Empty(element) => Some(element),
            Event::Text(text) => {
                match path.join("/").as_str() {
                    "capabilities/host/cpu/arch" => arch.push_str(text),
                    "capabilities/host/cpu/model" => model.push_str(text),
                    "capabilities/host/cpu/vendor" => vendor.push_str(text),
                    _ => {}
                }
                None
            }
            Event::End(_) => {
                path.pop();
                None
            }
            Event::Eof => break,
            _ => None,
        };
        let Some(element) = element else { continue };
        path.push(element.name().as_ref().to_owned());
        match path.join("/").as_str() {
            "capabilities/host/cpu/feature" => features.extend(attribute(element, "name")),
            "capabilities/host/cpu/topology" => {
                let number =
                    |name| attribute(element, name).and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
                topology = json!({
                    "cells": 1, "sockets": number("sockets"), "cores": number("cores"), "threads": number("threads"),
                });
            }
            _ => {}
        }
        if matches!(event, Event::Empty(_)) {
            path.pop();
        }
    }
    Ok(json!({
        "arch": arch, "model": model, "vendor": vendor, "topology": topology, "features": features,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_read_from_the_host_part_of_the_capabilities() {
        let xml = "<capabilities><host><cpu><arch>x86_64</arch><model>Skylake</model><vendor>Intel</vendor>\
                   <topology sockets='1' dies='1' cores='2' threads='2'/><feature name='vme'/><feature name='ss'/>\
                   </cpu></host><guest><arch name='i686'/></guest></capabilities>";
        let info = cpu_info(xml).unwrap();
        assert_eq!(info["model"], "Skylake");
        assert_eq!(info["arch"], "x86_64");
        assert_eq!(info["topology"]["threads"], 2);
        assert_eq!(info["features"], json!(["vme", "ss"]));
    }

    #[test]
    fn flags_of_the_processor_become_traits() {
        let traits = traits("processor : 0\nflags : fpu sse sse2 avx2\n");
        assert!(traits.contains(&"HW_CPU_X86_SSE2".to_owned()));
        assert!(traits.contains(&"COMPUTE_NODE".to_owned()));
        assert!(!traits.contains(&"HW_CPU_X86_AVX".to_owned()));
    }
}
