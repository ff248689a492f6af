//! The resource classes and traits that every cloud has, by name.

use std::{collections::BTreeSet, sync::LazyLock};

/// The standard resource classes, in their order.
pub const CLASSES: &[&str] = &[
    "VCPU",
    "MEMORY_MB",
    "DISK_GB",
    "PCI_DEVICE",
    "SRIOV_NET_VF",
    "NUMA_SOCKET",
    "NUMA_CORE",
    "NUMA_THREAD",
    "NUMA_MEMORY_MB",
    "IPV4_ADDRESS",
    "VGPU",
    "VGPU_DISPLAY_HEAD",
    "NET_BW_EGR_KILOBIT_PER_SEC",
    "NET_BW_IGR_KILOBIT_PER_SEC",
    "PCPU",
    "MEM_ENCRYPTION_CONTEXT",
    "FPGA",
    "PGPU",
    "NET_PACKET_RATE_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC",
    "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
];

/// The trait of a provider whose resources serve all members of its aggregates.
pub const SHARES: &str = "MISC_SHARES_VIA_AGGREGATE";

/// The standard traits.
pub static TRAITS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("standard_traits.txt").lines().filter(|line| !line.is_empty()).collect());

/// Whether the name is that of a custom class or trait.
pub fn is_custom(name: &str) -> bool {
    name.len() <= 255
        && name.strip_prefix("CUSTOM_").is_some_and(|rest| {
            !rest.is_empty()
                && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_are_standard() {
        assert!(CLASSES.contains(&"VCPU"));
        assert!(
            TRAITS.contains("HW_CPU_X86_AVX2") && TRAITS.contains("COMPUTE_NODE") && TRAITS.contains(SHARES)
        );
    }

    #[test]
    fn custom_names_are_upper_case_with_their_prefix() {
        assert!(is_custom("CUSTOM_GOLD_1"));
        for name in ["CUSTOM_", "GOLD", "CUSTOM_gold", "CUSTOM_A-B", "custom_A"] {
            assert!(!is_custom(name), "{name}");
        }
    }
}
