//! What a test stands on: a directory, a network namespace, a daemon. All of it is gone when the test ends.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use contracts::{
    driver::{Card, Disk, Machine},
    machine::{DiskBus, tap_name},
};
use libvirt_driver::{DaemonConfig, HypervisorConfig, LibvirtDaemon, LibvirtHypervisor, domain_name};
use uuid::Uuid;

/// A directory and a network namespace.
pub struct Bed {
    pub directory: tempfile::TempDir,
    namespace: Option<String>,
}

/// Why the test can't be run here, if it can't.
pub fn unfit() -> Option<&'static str> {
    let has = |path: &str| Path::new(path).exists();
    if !nix::unistd::geteuid().is_root() {
        Some("not root")
    } else if !has("/usr/bin/qemu-system-x86_64") || !has("/usr/bin/qemu-img") {
        Some("no QEMU")
    } else if !has("/usr/sbin/libvirtd") && !has("/usr/sbin/virtqemud") {
        Some("no libvirt daemon")
    } else {
        None
    }
}

impl Bed {
    /// A bed without a network, which the in-memory driver needs none of.
    pub fn without_network() -> Self {
        Self {
            directory: tempfile::Builder::new().prefix("plv").tempdir_in("/tmp").unwrap(),
            namespace: None,
        }
    }

    /// A bed with a namespace; `None`, with the reason printed, where such a test can't run.
    pub fn new() -> Option<Self> {
        if let Some(reason) = unfit() {
            eprintln!("skipped: {reason}");
            return None;
        }
        let mut bed = Self::without_network();
        let namespace = format!("plv-{}", &Uuid::new_v4().simple().to_string()[..8]);
        run("ip", &["netns", "add", &namespace]);
        bed.namespace = Some(namespace);
        Some(bed)
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn daemon_config(&self) -> DaemonConfig {
        DaemonConfig {
            network_namespace: self.namespace.as_ref().map(|name| PathBuf::from("/run/netns").join(name)),
            ..DaemonConfig::new(self.path())
        }
    }

    pub async fn daemon(&self) -> LibvirtDaemon {
        LibvirtDaemon::start(self.daemon_config()).await.unwrap()
    }

    pub async fn hypervisor(&self, daemon: &LibvirtDaemon) -> LibvirtHypervisor {
        let config = HypervisorConfig {
            qemu_logs: Some(daemon.qemu_logs()),
            detach_limit: Duration::from_secs(5),
            ..HypervisorConfig::new(daemon.uri(), self.path())
        };
        LibvirtHypervisor::connect(config).await.unwrap()
    }

    /// A card whose tap is in the namespace, if there is one.
    pub fn card(&self) -> Card {
        let port = Uuid::new_v4();
        let tap = tap_name(port);
        if let Some(namespace) = &self.namespace {
            run("ip", &["-n", namespace, "tuntap", "add", &tap, "mode", "tap"]);
            run("ip", &["-n", namespace, "link", "set", &tap, "up"]);
        }
        let tail = port.as_bytes();
        let mac = format!("fa:16:3e:{:02x}:{:02x}:{:02x}", tail[13], tail[14], tail[15]);
        Card { port, tap, mac, mtu: 1442 }
    }

    /// An empty disk.
    pub fn disk(&self, device: &str) -> Disk {
        let path = self.path().join(format!("{device}-{}.qcow2", Uuid::new_v4().simple()));
        run("qemu-img", &["create", "-q", "-f", "qcow2", path.to_str().unwrap(), "64M"]);
        Disk {
            device: device.into(),
            bus: DiskBus::Virtio,
            path,
            format: "qcow2".into(),
            cdrom: false,
            boot_index: None,
            serial: Some(Uuid::new_v4().to_string()),
        }
    }

    /// A disk with the small guest's system, if that image was built.
    pub fn system_disk(&self) -> Option<Disk> {
        let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest/build/pileus-guest.qcow2");
        if !image.exists() {
            eprintln!("skipped: no guest image (guest/build-image makes it)");
            return None;
        }
        let disk = Disk { boot_index: Some(0), ..self.disk("vda") };
        std::fs::copy(image, &disk.path).unwrap();
        Some(disk)
    }

    /// A machine with one disk and one card, on which only the firmware runs.
    pub fn machine(&self) -> Machine {
        let id = Uuid::new_v4();
        Machine {
            id,
            name: "a <machine> & \"more\"".into(),
            vcpus: 1,
            memory_mib: 128,
            disks: vec![Disk { boot_index: Some(0), ..self.disk("vda") }],
            cards: vec![self.card()],
            console_log: self.path().join(format!("{}.log", id.simple())),
            vnc_socket: self.path().join(format!("{}.vnc", &id.simple().to_string()[..8])),
            properties: BTreeMap::new(),
        }
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        // In a test that failed, machines and the daemon still run: those that know of this bed's directory are ours.
        let marker = self.path().to_str().unwrap_or_default().to_owned();
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = process.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
                continue;
            };
            let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if pid as u32 != std::process::id() && String::from_utf8_lossy(&arguments).contains(&marker) {
                let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGKILL);
            }
        }
        if let Some(namespace) = &self.namespace {
            let _ = Command::new("ip").args(["netns", "del", namespace]).status();
        }
    }
}

/// Runs a command that must succeed.
pub fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The process of a machine's QEMU.
pub fn qemu(id: Uuid) -> Option<i32> {
    let name = format!("guest={}", domain_name(id));
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let arguments = std::fs::read(process.path().join("cmdline")).ok()?;
        String::from_utf8_lossy(&arguments).contains(&name).then_some(pid)
    })
}

/// Waits until `condition` holds.
pub async fn until(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
