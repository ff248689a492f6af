//! A machine on libvirt and QEMU, from its image to its removal. Skipped, with the reason said, where that can't run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use agent::Storage;
use contracts::{
    driver::Hypervisor,
    hosts::{HostReply, HostRequest, Hosts},
    machine::{DiskSource, MachineStatus, Power, Urgency},
};
use libvirt_driver::{DaemonConfig, HypervisorConfig, LibvirtDaemon, LibvirtHypervisor};
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use crate::world::{World, disk, machine};

const GUEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest/build/pileus-guest.qcow2");

/// A network namespace in which nothing can reach the network of whoever runs the test, and what runs in it.
struct Bed {
    namespace: String,
    folder: PathBuf,
}

impl Bed {
    fn new(folder: &Path) -> Self {
        let namespace = format!("pag-{}", &Uuid::new_v4().simple().to_string()[..8]);
        assert!(Command::new("ip").args(["netns", "add", &namespace]).status().unwrap().success());
        Self { namespace, folder: folder.to_owned() }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // Where the test failed, daemon and machine still run: those that were given this folder are ours.
        let marker = self.folder.to_str().unwrap();
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let pid = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
            let arguments = fs::read(process.path().join("cmdline")).unwrap_or_default();
            if let Some(pid) = pid
                && String::from_utf8_lossy(&arguments).contains(marker)
            {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL);
            }
        }
        let _ = Command::new("ip").args(["netns", "del", &self.namespace]).status();
    }
}

fn unfit() -> Option<&'static str> {
    let has = |path: &str| Path::new(path).exists();
    if !nix::unistd::geteuid().is_root() {
        Some("not root")
    } else if !has("/usr/bin/qemu-system-x86_64") {
        Some("no QEMU")
    } else if !has("/usr/sbin/libvirtd") && !has("/usr/sbin/virtqemud") {
        Some("no libvirt daemon")
    } else {
        None
    }
}

async fn console_says(world: &World, id: Uuid, words: &str) {
    let mut said = String::new();
    for _ in 0..300 {
        match world.ask(HostRequest::ConsoleLog { id, lines: None }).await.unwrap() {
            HostReply::Console { text } if text.contains(words) => return,
            HostReply::Console { text } => said = text,
            other => panic!("{other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the guest never said {words:?}, but {said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_machine_boots_is_seen_copied_started_again_and_removed() {
    if let Some(reason) = unfit() {
        eprintln!("skipped: {reason}");
        return;
    }
    let mut world = World::without_agent(Storage::Real);
    let bed = Bed::new(world.state.path());
    let daemon = LibvirtDaemon::start(DaemonConfig {
        network_namespace: Some(Path::new("/run/netns").join(&bed.namespace)),
        ..DaemonConfig::new(world.state.path())
    })
    .await
    .unwrap();
    let config = HypervisorConfig {
        qemu_logs: Some(daemon.qemu_logs()),
        ..HypervisorConfig::new(daemon.uri(), world.state.path())
    };
    let hypervisor = Arc::new(LibvirtHypervisor::connect(config).await.unwrap());
    world.start_agent(hypervisor.clone()).await;

    // Without the guest of our own an empty disk still shows everything but the boot.
    let guest = fs::read(GUEST).ok();
    let root = match &guest {
        Some(content) => world.image("qcow2", content.clone()),
        None => world.image("raw", vec![0; 1 << 20]),
    };
    let mut spec = machine(vec![root], Vec::new());
    spec.memory_mib = 256;
    spec.config_drive = Some([("openstack/latest/meta_data.json".to_owned(), b"{}".to_vec())].into());
    world.start(&spec).await.unwrap();
    let (id, running) = (spec.id, [MachineStatus { id: spec.id, power: Power::Running }]);
    assert_eq!(world.machines().await, running);
    let mut screen = world.registry.console(crate::world::HOST, id).await.unwrap();
    let mut greeting = [0; 12];
    screen.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"RFB 003.008\n");
    if guest.is_some() {
        console_says(&world, id, "login:").await;
    }

    let attach = disk("vdb", DiskSource::Blank { size_mib: 8 });
    world.ask(HostRequest::AttachDisk { id, disk: attach.clone() }).await.unwrap();
    spec.disks.push(attach);
    let image = Uuid::new_v4();
    world.ask(HostRequest::Snapshot { id, device: "vda".into(), image }).await.unwrap();
    let copy = world.images.content.lock().unwrap()[&image].clone();
    assert!(copy.starts_with(b"QFI\xfb") && copy[8..16] == [0; 8], "qcow2 without a backing file");

    world.ask(HostRequest::Stop { id, urgency: Urgency::Hard }).await.unwrap();
    assert_eq!(world.machines().await, [MachineStatus { id, power: Power::Off }]);
    world.start(&spec).await.unwrap();
    world.start(&spec).await.unwrap();
    assert_eq!(world.machines().await, running);
    world.ask(HostRequest::Remove { id }).await.unwrap();
    assert!(!world.folder(id).exists());
    assert!(hypervisor.machines().await.unwrap().is_empty());
    world.stop_agent().await;
    daemon.stop().await;
}
