//! The in-memory driver.

use contracts::{
    driver::{DriverError, Hypervisor},
    machine::{Power, Urgency},
};
use libvirt_driver::{MemoryCapacity, MemoryHypervisor};

use crate::{bed::Bed, conformance};

#[tokio::test]
async fn the_twin_does_what_a_hypervisor_does() {
    if !std::path::Path::new("/usr/bin/qemu-img").exists() {
        eprintln!("skipped: no qemu-img");
        return;
    }
    conformance::check(&MemoryHypervisor::default(), &Bed::without_network()).await;
}

#[tokio::test]
async fn artificial_failures_come_as_often_as_ordered() {
    let (twin, bed) = (MemoryHypervisor::default(), Bed::without_network());
    let machine = bed.machine();
    twin.fail("start", 2, DriverError::Unavailable("too busy".into()));
    for _ in 0..2 {
        assert!(matches!(twin.start(&machine).await, Err(DriverError::Unavailable(_))));
        assert!(twin.machines().await.unwrap().is_empty());
    }
    twin.start(&machine).await.unwrap();
}

#[tokio::test]
async fn listeners_are_told_what_happens() {
    let (twin, bed) = (MemoryHypervisor::default(), Bed::without_network());
    let machine = bed.machine();
    let mut events = twin.events();
    twin.start(&machine).await.unwrap();
    twin.start(&machine).await.unwrap();
    twin.happen(machine.id, Power::Crashed);
    twin.start(&machine).await.unwrap();
    twin.stop(machine.id, Urgency::Hard).await.unwrap();
    let told: Vec<Power> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.power).collect();
    assert_eq!(told, [Power::Running, Power::Crashed, Power::Running, Power::Off]);
}

#[tokio::test]
async fn a_host_has_the_capacity_it_was_given_and_its_guests_say_a_word() {
    let capacity = MemoryCapacity { vcpus: 7, memory_mib: 99, disk_gib: 3 };
    let (twin, bed) = (MemoryHypervisor::new(capacity), Bed::without_network());
    let host = twin.describe().await.unwrap();
    assert_eq!((host.vcpus, host.memory_mib, host.disk_gib), (7, 99, 3));
    assert_eq!(host.hypervisor_type, "fake");
    let machine = bed.machine();
    twin.start(&machine).await.unwrap();
    assert!(std::fs::read_to_string(&machine.console_log).unwrap().contains(&machine.id.to_string()));
}
