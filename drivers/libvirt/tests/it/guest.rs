//! The libvirt driver with a guest that cooperates: the small guest image of this repository.

use std::time::{Duration, Instant};

use contracts::{
    driver::{Disk, Hypervisor, Machine},
    machine::{DiskBus, Power, Urgency},
};
use libvirt_driver::{HypervisorConfig, LibvirtDaemon, LibvirtHypervisor};

use crate::{
    bed::{Bed, qemu, until},
    conformance::self_contained,
};

/// What the guest writes to its console when it is ready.
const READY: &str = "login:";
const BOOT_LIMIT: Duration = Duration::from_secs(180);

struct Guest {
    bed: Bed,
    daemon: LibvirtDaemon,
    hypervisor: LibvirtHypervisor,
    machine: Machine,
}

impl Guest {
    /// A guest that has booted.
    async fn boot(machine_type: &str) -> Option<Self> {
        let bed = Bed::new()?;
        let system = bed.system_disk()?;
        let daemon = bed.daemon().await;
        let config = HypervisorConfig {
            detach_limit: Duration::from_secs(30),
            ..HypervisorConfig::new(daemon.uri(), bed.path())
        };
        let hypervisor = LibvirtHypervisor::connect(config).await.unwrap();
        let mut machine = Machine { disks: vec![system], ..bed.machine() };
        machine.properties.insert("hw_machine_type".into(), machine_type.into());
        let guest = Self { bed, daemon, hypervisor, machine };
        let began = Instant::now();
        guest.hypervisor.start(&guest.machine).await.unwrap();
        guest.ready().await;
        eprintln!("the guest was up on {machine_type} after {:?}", began.elapsed());
        Some(guest)
    }

    fn console(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.machine.console_log).unwrap_or_default()).into_owned()
    }

    async fn ready(&self) {
        until(BOOT_LIMIT, "the guest's prompt", || self.console().contains(READY)).await;
    }

    async fn power(&self) -> Power {
        self.hypervisor.machines().await.unwrap()[0].power
    }

    async fn end(self) {
        self.hypervisor.remove(self.machine.id).await.unwrap();
        self.daemon.stop().await;
    }
}

async fn disks_and_cards_come_and_go(guest: &Guest) {
    let (hypervisor, id) = (&guest.hypervisor, guest.machine.id);
    for round in 0..2 {
        let (disk, card) = (guest.bed.disk("vdb"), guest.bed.card());
        hypervisor.attach_disk(id, &disk).await.unwrap();
        hypervisor.attach_card(id, &card).await.unwrap();
        // The guest needs a moment to find them.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let began = Instant::now();
        hypervisor.detach_disk(id, "vdb").await.unwrap();
        hypervisor.detach_card(id, card.port).await.unwrap();
        eprintln!("round {round}: disk and card were gone after {:?}", began.elapsed());
        hypervisor.detach_disk(id, "vdb").await.unwrap();
        hypervisor.detach_card(id, card.port).await.unwrap();
    }
    let pid = qemu(id).unwrap();
    let open: Vec<_> = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten().collect();
    let disks = open.iter().filter_map(|fd| std::fs::read_link(fd.path()).ok());
    assert!(
        !disks.into_iter().any(|path| path.to_string_lossy().contains("/vdb-")),
        "QEMU holds a detached disk"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_on_pc_lets_go_of_disks_and_cards_and_obeys_the_power_button() {
    let Some(guest) = Guest::boot("pc").await else { return };
    disks_and_cards_come_and_go(&guest).await;

    let (hypervisor, id) = (&guest.hypervisor, guest.machine.id);
    let copy = guest.bed.path().join("live.qcow2");
    let began = Instant::now();
    hypervisor.copy_disk(id, "vda", &copy).await.unwrap();
    eprintln!("the live copy took {:?}", began.elapsed());
    self_contained(&copy);
    assert_eq!(guest.power().await, Power::Running);

    let before = qemu(id).unwrap();
    let began = Instant::now();
    hypervisor.reboot(&guest.machine, Urgency::Soft { grace: 60 }).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(60), "the guest did not obey");
    assert_ne!(qemu(id), Some(before));
    guest.ready().await;

    let mut events = hypervisor.events();
    let began = Instant::now();
    hypervisor.stop(id, Urgency::Soft { grace: 60 }).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(60), "the guest did not obey");
    eprintln!("the guest was off after {:?}", began.elapsed());
    assert_eq!(guest.power().await, Power::Off);
    let told = tokio::time::timeout(Duration::from_secs(5), events.recv()).await.unwrap().unwrap();
    assert_eq!(told.power, Power::Off);

    // The copy boots by itself.
    let copied = Machine {
        disks: vec![Disk { path: copy, ..guest.machine.disks[0].clone() }],
        ..guest.machine.clone()
    };
    hypervisor.start(&copied).await.unwrap();
    guest.ready().await;
    guest.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_on_q35_lets_go_of_disks_and_cards() {
    let Some(guest) = Guest::boot("q35").await else { return };
    disks_and_cards_come_and_go(&guest).await;
    guest.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_still_boots_lets_go_in_the_end() {
    let Some(bed) = Bed::new() else { return };
    let Some(system) = bed.system_disk() else { return };
    let daemon = bed.daemon().await;
    let config = HypervisorConfig {
        detach_limit: Duration::from_secs(60),
        ..HypervisorConfig::new(daemon.uri(), bed.path())
    };
    let hypervisor = LibvirtHypervisor::connect(config).await.unwrap();
    let machine = Machine { disks: vec![system], ..bed.machine() };
    hypervisor.start(&machine).await.unwrap();
    let scsi = Disk { bus: DiskBus::Scsi, ..bed.disk("sda") };
    hypervisor.attach_disk(machine.id, &bed.disk("vdb")).await.unwrap();
    hypervisor.attach_disk(machine.id, &scsi).await.unwrap();
    hypervisor.detach_disk(machine.id, "vdb").await.unwrap();
    // The system's own disk is on virtio: SCSI needs its controller first, and a driver that the guest has.
    hypervisor.detach_disk(machine.id, "sda").await.unwrap();
    hypervisor.remove(machine.id).await.unwrap();
    daemon.stop().await;
}
