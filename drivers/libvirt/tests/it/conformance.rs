//! What every hypervisor driver must do, for the real one and its twin.

use std::process::Command;

use contracts::{
    driver::{Console, DriverError, Hypervisor},
    machine::{Power, Urgency},
};
use uuid::Uuid;

use crate::bed::Bed;

async fn power(hypervisor: &dyn Hypervisor, id: Uuid) -> Option<Power> {
    let machines = hypervisor.machines().await.unwrap();
    machines.into_iter().find(|machine| machine.id == id).map(|machine| machine.power)
}

/// Goes through a machine's whole life, with every call made twice. The guest need not cooperate.
pub async fn check(hypervisor: &dyn Hypervisor, bed: &Bed) {
    let host = hypervisor.describe().await.unwrap();
    assert!(host.vcpus > 0 && host.memory_mib > 0 && host.disk_gib >= host.disk_free_gib);
    assert!(host.hypervisor_version > 0 && host.traits.contains(&"COMPUTE_NODE".to_owned()));
    assert!(hypervisor.machines().await.unwrap().is_empty());

    let machine = bed.machine();
    let id = machine.id;
    unknown_machines_are_not_found(hypervisor, bed).await;

    for _ in 0..2 {
        hypervisor.start(&machine).await.unwrap();
        assert_eq!(power(hypervisor, id).await, Some(Power::Running));
    }
    assert_eq!(hypervisor.machines().await.unwrap().len(), 1);
    match hypervisor.console(id).await.unwrap() {
        Console::Unix(socket) => assert!(std::os::unix::net::UnixStream::connect(socket).is_ok()),
        Console::Simulated => {}
    }

    for paused in [true, true, false, false] {
        hypervisor.pause(id, paused).await.unwrap();
        let expected = if paused { Power::Paused } else { Power::Running };
        assert_eq!(power(hypervisor, id).await, Some(expected));
    }

    let disk = bed.disk("vdb");
    let card = bed.card();
    for _ in 0..2 {
        hypervisor.attach_disk(id, &disk).await.unwrap();
        hypervisor.attach_card(id, &card).await.unwrap();
    }
    let other = hypervisor.attach_disk(id, &bed.disk("vdb")).await;
    assert!(matches!(other, Err(DriverError::Refused(_))), "{other:?}");

    let copy = bed.path().join("copy.qcow2");
    for _ in 0..2 {
        hypervisor.copy_disk(id, "vda", &copy).await.unwrap();
        self_contained(&copy);
    }
    assert!(matches!(hypervisor.copy_disk(id, "vdx", &copy).await, Err(DriverError::NotFound(_))));

    hypervisor.reboot(&machine, Urgency::Hard).await.unwrap();
    assert_eq!(power(hypervisor, id).await, Some(Power::Running));
    // The firmware does not listen to the power button: force follows.
    hypervisor.reboot(&machine, Urgency::Soft { grace: 1 }).await.unwrap();
    assert_eq!(power(hypervisor, id).await, Some(Power::Running));

    for urgency in [Urgency::Soft { grace: 1 }, Urgency::Soft { grace: 1 }, Urgency::Hard] {
        hypervisor.stop(id, urgency).await.unwrap();
        assert_eq!(power(hypervisor, id).await, Some(Power::Off));
    }
    assert!(matches!(hypervisor.pause(id, true).await, Err(DriverError::Refused(_))));
    assert!(matches!(hypervisor.console(id).await, Err(DriverError::Unavailable(_))));
    what_is_off_can_be_changed(hypervisor, bed, id).await;

    hypervisor.start(&machine).await.unwrap();
    hypervisor.stop(id, Urgency::Hard).await.unwrap();
    hypervisor.start(&machine).await.unwrap();
    for _ in 0..2 {
        hypervisor.remove(id).await.unwrap();
        assert!(hypervisor.machines().await.unwrap().is_empty());
    }
}

async fn unknown_machines_are_not_found(hypervisor: &dyn Hypervisor, bed: &Bed) {
    let id = Uuid::new_v4();
    let (disk, card) = (bed.disk("vdb"), bed.card());
    let answers = [
        hypervisor.stop(id, Urgency::Hard).await,
        hypervisor.stop(id, Urgency::Soft { grace: 1 }).await,
        hypervisor.pause(id, true).await,
        hypervisor.attach_disk(id, &disk).await,
        hypervisor.detach_disk(id, "vdb").await,
        hypervisor.attach_card(id, &card).await,
        hypervisor.detach_card(id, card.port).await,
        hypervisor.copy_disk(id, "vda", &bed.path().join("none")).await,
        hypervisor.console(id).await.map(drop),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(DriverError::NotFound(_))), "{answer:?}");
    }
    hypervisor.remove(id).await.unwrap();
    assert!(!bed.path().join("none").exists());
}

async fn what_is_off_can_be_changed(hypervisor: &dyn Hypervisor, bed: &Bed, id: Uuid) {
    let (disk, card) = (bed.disk("vdc"), bed.card());
    for _ in 0..2 {
        hypervisor.attach_disk(id, &disk).await.unwrap();
        hypervisor.attach_card(id, &card).await.unwrap();
    }
    let copy = bed.path().join("copy-off.qcow2");
    hypervisor.copy_disk(id, "vdc", &copy).await.unwrap();
    self_contained(&copy);
    for _ in 0..2 {
        hypervisor.detach_disk(id, "vdc").await.unwrap();
        hypervisor.detach_card(id, card.port).await.unwrap();
    }
    assert!(matches!(hypervisor.copy_disk(id, "vdc", &copy).await, Err(DriverError::NotFound(_))));
}

/// Whether it is a sound qcow2 image that needs no other.
pub fn self_contained(image: &std::path::Path) {
    if !std::path::Path::new("/usr/bin/qemu-img").exists() {
        eprintln!("not looked at: no qemu-img");
        return;
    }
    let check = Command::new("qemu-img").args(["check", "-q", "-f", "qcow2"]).arg(image).status().unwrap();
    assert!(check.success());
    let info = Command::new("qemu-img").args(["info", "-f", "qcow2"]).arg(image).output().unwrap();
    let info = String::from_utf8_lossy(&info.stdout).into_owned();
    assert!(info.contains("file format: qcow2") && !info.contains("backing file"), "{info}");
}
