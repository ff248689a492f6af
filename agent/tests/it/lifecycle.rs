//! A machine's life.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use agent::Storage;
use contracts::{
    driver::DriverError,
    hosts::{HostError, HostEvent, HostReply, HostRequest, Hosts},
    machine::{DiskSource, MachineStatus, Power, Urgency},
};
use futures::future::join_all;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use crate::{
    slow::SlowHypervisor,
    world::{HOST, World, disk, eventually, is_refused, machine, nic, qemu_image},
};

#[tokio::test]
async fn a_machine_starts_with_all_that_it_needs() {
    let world = World::new().await;
    let network = Uuid::new_v4();
    let image = world.image("qcow2", qemu_image(&[], "20M"));
    let mut spec = machine(vec![image, disk("vdb", DiskSource::Blank { size_mib: 7 })], vec![nic(network)]);
    spec.config_drive = Some([("openstack/latest/meta_data.json".to_owned(), b"{}".to_vec())].into());
    assert_eq!(world.start(&spec).await, Ok(HostReply::Done));

    let started = world.hypervisor.machine(spec.id).unwrap();
    let devices: Vec<_> =
        started.disks.iter().map(|disk| (&*disk.device, &*disk.format, disk.cdrom)).collect();
    assert_eq!(devices, [("vda", "qcow2", false), ("vdb", "qcow2", false), ("hda", "raw", true)]);
    for disk in &started.disks {
        assert!(
            disk.path.starts_with(world.folder(spec.id)) && disk.path.exists(),
            "{}",
            disk.path.display()
        );
    }
    let info = std::process::Command::new("qemu-img")
        .args(["info", "--output=json"])
        .arg(&started.disks[0].path)
        .output()
        .unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["virtual-size"], 1 << 30);
    assert_eq!(info["backing-filename-format"], "qcow2");
    let base = fs::metadata(info["full-backing-filename"].as_str().unwrap()).unwrap();
    assert_eq!(base.permissions().mode() & 0o777, 0o444);
    assert_eq!(started.cards[0].tap, spec.nics[0].tap());
    assert!(world.wiring.taps.lock().unwrap().contains(&spec.nics[0].port));
    assert!(world.wiring.proxies.lock().unwrap().contains_key(&network));
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Running }]);
}

#[tokio::test]
async fn a_start_that_failed_anywhere_completes_and_never_makes_a_disk_again() {
    let world = World::new().await;
    let spec = machine(vec![world.image("qcow2", qemu_image(&[], "1M"))], vec![nic(Uuid::new_v4())]);
    // The tap, then the proxy, then the hypervisor.
    world.wiring.failures.store(1, Ordering::Relaxed);
    assert!(matches!(world.start(&spec).await, Err(HostError::Failed { .. })));
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Off }]);
    world.hypervisor.fail("start", 1, DriverError::Unavailable("busy".into()));
    assert_eq!(world.start(&spec).await, Err(HostError::Failed { reason: "busy".into() }));
    let disk = world.folder(spec.id).join("disk.vda.qcow2");
    let made = fs::metadata(&disk).unwrap();
    assert_eq!(world.start(&spec).await, Ok(HostReply::Done));
    assert_eq!(world.start(&spec).await, Ok(HostReply::Done));
    let kept = fs::metadata(&disk).unwrap();
    assert_eq!((made.ino(), made.mtime_nsec()), (kept.ino(), kept.mtime_nsec()));
    assert_eq!(world.images.opened.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_machine_stops_and_starts_again_with_its_taps() {
    let world = World::new().await;
    let spec = machine(vec![disk("vda", DiskSource::Blank { size_mib: 1 })], vec![nic(Uuid::new_v4())]);
    world.start(&spec).await.unwrap();
    world.ask(HostRequest::Stop { id: spec.id, urgency: Urgency::Soft { grace: 1 } }).await.unwrap();
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Off }]);
    // The host was started again: taps are gone.
    world.wiring.taps.lock().unwrap().clear();
    world.ask(HostRequest::Reboot { spec: spec.clone(), urgency: Urgency::Hard }).await.unwrap();
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Running }]);
    assert!(world.wiring.taps.lock().unwrap().contains(&spec.nics[0].port));
    world.ask(HostRequest::Pause { id: spec.id, paused: true }).await.unwrap();
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Paused }]);
    let unknown = world.ask(HostRequest::Stop { id: Uuid::new_v4(), urgency: Urgency::Hard }).await;
    assert!(matches!(unknown, Err(HostError::NotFound { .. })));
}

#[tokio::test]
async fn a_removed_machine_leaves_nothing_behind() {
    let world = World::new().await;
    let network = Uuid::new_v4();
    let image = world.image("raw", vec![1; 1 << 20]);
    let first = machine(vec![image.clone()], vec![nic(network), nic(network)]);
    let second = machine(vec![image], vec![nic(network)]);
    world.start(&first).await.unwrap();
    world.start(&second).await.unwrap();
    world.wiring.failures.store(1, Ordering::Relaxed);
    assert!(world.ask(HostRequest::Remove { id: first.id }).await.is_err());
    world.ask(HostRequest::Remove { id: first.id }).await.unwrap();
    assert!(!world.folder(first.id).exists());
    assert_eq!(world.wiring.taps.lock().unwrap().len(), 1);
    assert!(world.wiring.proxies.lock().unwrap().contains_key(&network), "the second machine needs it");
    world.ask(HostRequest::Remove { id: second.id }).await.unwrap();
    world.ask(HostRequest::Remove { id: second.id }).await.unwrap();
    assert!(world.wiring.taps.lock().unwrap().is_empty() && world.wiring.proxies.lock().unwrap().is_empty());
    assert_eq!(fs::read_dir(world.state.path().join("machines")).unwrap().count(), 0);
    assert!(world.machines().await.is_empty());
}

/// Begins what does not end by itself, removes the machine, and returns what came of the first.
async fn removed_during(request: impl FnOnce(Uuid) -> HostRequest) -> Result<HostReply, HostError> {
    let mut world = World::without_agent(Storage::Real);
    let hypervisor = std::sync::Arc::new(SlowHypervisor::new(world.hypervisor.clone()));
    world.start_agent(hypervisor.clone()).await;
    let spec = machine(Vec::new(), Vec::new());
    world.start(&spec).await.unwrap();
    let (registry, request) = (world.registry.clone(), request(spec.id));
    let asked = tokio::spawn(async move { registry.ask(HOST, request).await });
    eventually(|| hypervisor.patient.load(Ordering::Relaxed)).await;
    let began = Instant::now();
    world.ask(HostRequest::Remove { id: spec.id }).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(!world.folder(spec.id).exists());
    asked.await.unwrap()
}

#[tokio::test]
async fn a_remove_does_not_wait_for_a_guest_that_is_asked_to_stop() {
    let stopped = removed_during(|id| HostRequest::Stop { id, urgency: Urgency::Soft { grace: 600 } }).await;
    assert_eq!(stopped, Ok(HostReply::Done));
}

#[tokio::test]
async fn a_remove_does_not_wait_for_a_snapshot() {
    let snapshot = |id| HostRequest::Snapshot { id, device: "vda".into(), image: Uuid::new_v4() };
    assert!(matches!(removed_during(snapshot).await, Err(HostError::Failed { .. })));
    let to = std::env::temp_dir().join(Uuid::new_v4().to_string()).display().to_string();
    let copy = |id| HostRequest::CopyDisk { id, device: "vda".into(), to };
    assert!(matches!(removed_during(copy).await, Err(HostError::Failed { .. })));
}

#[tokio::test]
async fn what_happens_to_machines_by_itself_is_reported() {
    let world = World::new().await;
    let spec = machine(Vec::new(), Vec::new());
    world.start(&spec).await.unwrap();
    let mut events = world.registry.events();
    world.hypervisor.happen(spec.id, Power::Crashed);
    let crashed = HostEvent::Machine { host: HOST.into(), id: spec.id, power: Power::Crashed };
    while events.recv().await.unwrap() != crashed {}
}

#[tokio::test]
async fn names_that_are_not_devices_reach_no_path() {
    let world = World::new().await;
    for device in ["../../x", "", "vd/a", "VDA"] {
        let spec = machine(vec![disk(device, DiskSource::Blank { size_mib: 1 })], Vec::new());
        is_refused(world.start(&spec).await);
        assert!(!world.folder(spec.id).exists());
    }
    let blank = || disk("vda", DiskSource::Blank { size_mib: 1 });
    assert_eq!(
        is_refused(world.start(&machine(vec![blank(), blank()], Vec::new())).await),
        "two disks are called vda"
    );
}

#[tokio::test]
async fn a_console_is_read_and_seen() {
    let world = World::new().await;
    let spec = machine(Vec::new(), Vec::new());
    let unknown = world.ask(HostRequest::ConsoleLog { id: spec.id, lines: None }).await;
    assert!(matches!(unknown, Err(HostError::NotFound { .. })));
    world.start(&spec).await.unwrap();
    fs::write(world.folder(spec.id).join("console.log"), "one\ntwo\nthree\n").unwrap();
    let text = world.ask(HostRequest::ConsoleLog { id: spec.id, lines: Some(2) }).await.unwrap();
    assert_eq!(text, HostReply::Console { text: "two\nthree\n".into() });
    let mut screen = world.registry.console(HOST, spec.id).await.unwrap();
    let mut greeting = [0; 12];
    screen.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"RFB 003.008\n");
}

#[tokio::test]
async fn a_snapshot_is_handed_over_and_leaves_no_copy() {
    let world = World::new().await;
    let spec = machine(vec![disk("vda", DiskSource::Blank { size_mib: 1 })], Vec::new());
    world.start(&spec).await.unwrap();
    let image = Uuid::new_v4();
    let snapshot = HostRequest::Snapshot { id: spec.id, device: "vda".into(), image };
    world.ask(snapshot.clone()).await.unwrap();
    assert!(world.images.content.lock().unwrap()[&image].starts_with(b"QFI\xfb"));
    let copies = || {
        fs::read_dir(world.folder(spec.id))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("snapshot"))
    };
    assert_eq!(copies().count(), 0);
    world.hypervisor.fail("copy_disk", 1, DriverError::Unavailable("busy".into()));
    assert!(matches!(world.ask(snapshot).await, Err(HostError::Failed { .. })));
    assert_eq!(copies().count(), 0);
}

#[tokio::test]
async fn five_hundred_simulated_machines_start_within_seconds() {
    let world = World::stored(Storage::Simulated).await;
    let image = world.image("qcow2", "never fetched");
    let specs: Vec<_> = (0..500).map(|_| machine(vec![image.clone()], vec![nic(Uuid::nil())])).collect();
    let began = Instant::now();
    for some in specs.chunks(200) {
        for started in join_all(some.iter().map(|spec| world.start(spec))).await {
            started.unwrap();
        }
    }
    println!("500 simulated machines started in {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(world.machines().await.len(), 500);
    assert_eq!(world.images.opened.load(Ordering::Relaxed), 0);
}
