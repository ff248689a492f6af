//! A controller and a host with its agent.

use std::{path::PathBuf, process::Command, sync::Arc, time::Duration};

use agent::{Agent, AgentConfig, Storage};
use agent_protocol::{Connection, Dialer, HostIdentity, HostRegistry};
use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    driver::Hypervisor,
    hosts::{HostError, HostReply, HostRequest, Hosts},
    machine::{DiskBus, DiskSource, DiskSpec, MachineSpec, MachineStatus, NicSpec},
    network::MetadataPort,
};
use libvirt_driver::MemoryHypervisor;
use sha2::{Digest, Sha512};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    services::{EchoMetadata, MemoryImages},
    wiring::LoopbackWiring,
};

pub const HOST: &str = "node1";

pub struct World {
    pub registry: HostRegistry,
    pub images: Arc<MemoryImages>,
    pub hypervisor: Arc<MemoryHypervisor>,
    pub wiring: Arc<LoopbackWiring>,
    pub state: TempDir,
    pub storage: Storage,
    /// Cancelled, there is no way to the controller any longer.
    pub cut: CancellationToken,
    running: Option<(CancellationToken, tokio::task::JoinHandle<()>)>,
}

impl World {
    /// A host whose agent runs.
    pub async fn new() -> Self {
        Self::stored(Storage::Real).await
    }

    pub async fn stored(storage: Storage) -> Self {
        let mut world = Self::without_agent(storage);
        let hypervisor = world.hypervisor.clone();
        world.start_agent(hypervisor).await;
        world
    }

    pub fn without_agent(storage: Storage) -> Self {
        let registry = HostRegistry::new();
        let images = Arc::new(MemoryImages::default());
        registry.provide(images.clone(), Arc::new(EchoMetadata));
        Self {
            registry,
            images,
            hypervisor: Arc::default(),
            wiring: Arc::default(),
            state: tempfile::tempdir().unwrap(),
            storage,
            cut: CancellationToken::new(),
            running: None,
        }
    }

    pub async fn start_agent(&mut self, hypervisor: Arc<dyn Hypervisor>) {
        let mut config = AgentConfig::new(HOST, "127.0.0.1", self.state.path());
        config.storage = self.storage;
        let dialer = Line { registry: self.registry.clone(), cut: self.cut.clone() };
        let agent = Agent::new(config, hypervisor, self.wiring.clone(), Arc::new(dialer)).unwrap();
        let cancel = CancellationToken::new();
        let until = cancel.clone();
        self.running = Some((cancel, tokio::spawn(async move { agent.run(until).await })));
        eventually(|| !self.registry.connected().is_empty()).await;
    }

    pub async fn stop_agent(&mut self) {
        let (cancel, running) = self.running.take().unwrap();
        cancel.cancel();
        running.await.unwrap();
        eventually(|| self.registry.connected().is_empty()).await;
    }

    pub async fn ask(&self, request: HostRequest) -> Result<HostReply, HostError> {
        self.registry.ask(HOST, request).await
    }

    pub async fn start(&self, spec: &MachineSpec) -> Result<HostReply, HostError> {
        self.ask(HostRequest::Start { spec: spec.clone() }).await
    }

    pub async fn machines(&self) -> Vec<MachineStatus> {
        match self.ask(HostRequest::List).await.unwrap() {
            HostReply::Machines { machines } => machines,
            other => panic!("{other:?}"),
        }
    }

    pub fn folder(&self, id: Uuid) -> PathBuf {
        self.state.path().join("machines").join(id.to_string())
    }

    /// An image with that content, and a disk upon it.
    pub fn image(&self, format: &str, content: impl Into<Bytes>) -> DiskSpec {
        let (image, content) = (Uuid::new_v4(), content.into());
        let sha512 = Sha512::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
        self.images.content.lock().unwrap().insert(image, content);
        disk("vda", DiskSource::Image { image, format: format.into(), sha512, size_gib: 1 })
    }
}

/// The way to the controller, until it is cut.
struct Line {
    registry: HostRegistry,
    cut: CancellationToken,
}

#[async_trait]
impl Dialer for Line {
    async fn dial(&self) -> std::io::Result<Box<dyn Connection>> {
        if self.cut.is_cancelled() {
            return Err(std::io::Error::other("the line is cut"));
        }
        let (near, far) = tokio::io::duplex(1 << 16);
        let (registry, cut) = (self.registry.clone(), self.cut.clone());
        let serving = async move { registry.serve_connection(far, HostIdentity(HOST.into())).await };
        tokio::spawn(cut.run_until_cancelled_owned(serving));
        Ok(Box::new(near))
    }
}

pub fn disk(device: &str, source: DiskSource) -> DiskSpec {
    let boot_index = (device == "vda").then_some(0);
    DiskSpec { device: device.into(), bus: DiskBus::Virtio, source, boot_index, serial: None }
}

/// What `qemu-img` makes of these arguments and the file's name. The folder has a file `base`.
pub fn qemu_image(arguments: &[&str], size: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base"), vec![0; 1 << 20]).unwrap();
    let mut command = Command::new("qemu-img");
    command
        .current_dir(folder.path())
        .args(["create", "-q", "-f", "qcow2"])
        .args(arguments)
        .args(["image", size]);
    assert!(command.status().unwrap().success());
    std::fs::read(folder.path().join("image")).unwrap()
}

pub fn machine(disks: Vec<DiskSpec>, nics: Vec<NicSpec>) -> MachineSpec {
    MachineSpec {
        id: Uuid::new_v4(),
        name: "a machine".into(),
        vcpus: 1,
        memory_mib: 64,
        disks,
        nics,
        config_drive: None,
        properties: Default::default(),
    }
}

pub fn nic(network: Uuid) -> NicSpec {
    let metadata = MetadataPort {
        network_id: network,
        port_id: network,
        mac: "fa:16:3e:00:00:02".into(),
        addresses: vec![("10.0.0.2".parse().unwrap(), 24)],
        mtu: 1442,
    };
    NicSpec { port: Uuid::new_v4(), mac: "fa:16:3e:00:00:01".into(), mtu: 1442, metadata: Some(metadata) }
}

pub async fn eventually(mut so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come to be");
}

pub fn is_refused<T: std::fmt::Debug>(outcome: Result<T, HostError>) -> String {
    match outcome {
        Err(HostError::Refused { reason }) => reason,
        other => panic!("{other:?}"),
    }
}
