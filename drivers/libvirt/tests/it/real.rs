//! The libvirt driver, with machines on which only the firmware runs.

use std::time::Duration;

use contracts::{
    driver::{DriverError, Hypervisor, HypervisorEvent},
    machine::{Power, Urgency},
};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::sync::broadcast::Receiver;

use crate::{
    bed::{Bed, qemu},
    conformance,
};

async fn next(events: &mut Receiver<HypervisorEvent>) -> HypervisorEvent {
    tokio::time::timeout(Duration::from_secs(10), events.recv()).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn libvirt_does_what_a_hypervisor_does() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    conformance::check(&bed.hypervisor(&daemon).await, &bed).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_qemu_that_dies_is_told_as_a_crash_and_a_reboot_is_not_told_as_a_stop() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let hypervisor = bed.hypervisor(&daemon).await;
    let mut events = hypervisor.events();
    let machine = bed.machine();
    let id = machine.id;
    hypervisor.start(&machine).await.unwrap();
    assert_eq!(next(&mut events).await, HypervisorEvent { id, power: Power::Running });
    hypervisor.reboot(&machine, Urgency::Hard).await.unwrap();

    kill(Pid::from_raw(qemu(id).unwrap()), Signal::SIGKILL).unwrap();
    assert_eq!(next(&mut events).await, HypervisorEvent { id, power: Power::Crashed });
    assert_eq!(hypervisor.machines().await.unwrap()[0].power, Power::Crashed);
    hypervisor.start(&machine).await.unwrap();
    assert_eq!(next(&mut events).await, HypervisorEvent { id, power: Power::Running });
    hypervisor.remove(id).await.unwrap();
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_again_after_the_daemon_was_restarted() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let hypervisor = bed.hypervisor(&daemon).await;
    let machine = bed.machine();
    hypervisor.start(&machine).await.unwrap();
    let mut events = hypervisor.events();
    kill(Pid::from_raw(daemon.status().pid.unwrap() as i32), Signal::SIGKILL).unwrap();
    crate::bed::until(Duration::from_secs(10), "a new daemon", || daemon.status().restarts == 1).await;
    // No call is made meanwhile: the driver connects again by itself.
    tokio::time::sleep(Duration::from_secs(3)).await;
    kill(Pid::from_raw(qemu(machine.id).unwrap()), Signal::SIGKILL).unwrap();
    loop {
        if next(&mut events).await.power == Power::Crashed {
            break;
        }
    }
    hypervisor.remove(machine.id).await.unwrap();
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_whose_disk_is_missing_is_refused_and_stays_off() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let hypervisor = bed.hypervisor(&daemon).await;
    let mut machine = bed.machine();
    machine.disks[0].path = bed.path().join("missing.qcow2");
    let outcome = hypervisor.start(&machine).await;
    assert!(matches!(outcome, Err(DriverError::Refused(_))), "{outcome:?}");
    assert_eq!(hypervisor.machines().await.unwrap()[0].power, Power::Off);
    hypervisor.remove(machine.id).await.unwrap();
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_does_not_let_go_of_a_disk_can_be_asked_again() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let hypervisor = bed.hypervisor(&daemon).await;
    let machine = bed.machine();
    hypervisor.start(&machine).await.unwrap();
    let disk = bed.disk("vdb");
    hypervisor.attach_disk(machine.id, &disk).await.unwrap();
    // The firmware has no driver for this.
    let outcome = hypervisor.detach_disk(machine.id, "vdb").await;
    assert!(matches!(outcome, Err(DriverError::Unavailable(_))), "{outcome:?}");
    // Once it is off, nothing holds on to the disk.
    hypervisor.stop(machine.id, Urgency::Hard).await.unwrap();
    hypervisor.detach_disk(machine.id, "vdb").await.unwrap();
    hypervisor.remove(machine.id).await.unwrap();
    daemon.stop().await;
}
