//! Services and hosts that do as little as the protocol needs.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use agent_protocol::{AgentLink, Connection, Dialer, Handler, HostIdentity, HostRegistry, InProcessDialer};
use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    CallError, CallResult,
    compute::{Metadata, MetadataAnswer, MetadataRequest},
    hosts::{ConsoleStream, HostError, HostReply, HostRequest, Hosts},
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
    machine::{DiskBus, DiskSource, DiskSpec, HostDescription, MachineStatus},
};
use futures::{StreamExt, TryStreamExt};
use tokio::{io::AsyncWriteExt, sync::mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub fn description(host: &str) -> HostDescription {
    HostDescription {
        host: host.into(),
        hypervisor_type: "fake".into(),
        hypervisor_version: 1,
        vcpus: 4,
        memory_mib: 4096,
        disk_gib: 100,
        disk_free_gib: 50,
        cpu_info: serde_json::json!({"arch": "x86_64"}),
        traits: vec!["COMPUTE_NODE".into()],
        address: "127.0.0.1".into(),
    }
}

pub fn image_disk(image: Uuid) -> DiskSpec {
    DiskSpec {
        device: "vda".into(),
        bus: DiskBus::Virtio,
        source: DiskSource::Image { image, format: "raw".into(), sha512: String::new(), size_gib: 1 },
        boot_index: Some(0),
        serial: None,
    }
}

/// Images in memory.
#[derive(Default)]
pub struct FakeImages {
    pub content: Mutex<HashMap<Uuid, Bytes>>,
}

fn image(id: Uuid, size: usize) -> Image {
    Image {
        id,
        name: None,
        status: "active".into(),
        owner: None,
        visibility: "private".into(),
        disk_format: Some("raw".into()),
        container_format: Some("bare".into()),
        size: Some(size as u64),
        virtual_size: None,
        min_disk: 0,
        min_ram: 0,
        sha512: None,
        properties: Default::default(),
    }
}

#[async_trait]
impl Images for FakeImages {
    async fn image(&self, _: &Caller, _: Uuid) -> CallResult<Image> {
        Err(CallError::NotFound("not asked here".into()))
    }

    async fn create(&self, _: &Caller, _: NewImage) -> CallResult<Image> {
        Err(CallError::NotFound("not asked here".into()))
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        let content = self.content.lock().unwrap().get(&id).cloned();
        let content = content.ok_or_else(|| CallError::NotFound(format!("no image {id}")))?;
        let size = content.len();
        let pieces: Vec<_> =
            content.chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok((image(id, size), futures::stream::iter(pieces).boxed()))
    }

    async fn store(&self, id: Uuid, data: ImageData) -> CallResult<Image> {
        if self.content.lock().unwrap().contains_key(&id) {
            return Err(CallError::Conflict("not queued".into()));
        }
        let pieces: Vec<Bytes> =
            data.try_collect().await.map_err(|error| CallError::unavailable("disk", error))?;
        let content = Bytes::from(pieces.concat());
        let size = content.len();
        self.content.lock().unwrap().insert(id, content);
        Ok(image(id, size))
    }

    async fn discard(&self, _: Uuid) -> CallResult<()> {
        Ok(())
    }
}

/// Repeats what it was asked.
pub struct FakeMetadata;

#[async_trait]
impl Metadata for FakeMetadata {
    async fn answer(&self, host: &str, asked: MetadataRequest) -> CallResult<MetadataAnswer> {
        let MetadataRequest { source, method, path, .. } = asked;
        if path == "/nothing" {
            return Err(CallError::NotFound("nothing here".into()));
        }
        let body = format!("{host} {source} {method} {path}").into_bytes();
        Ok(MetadataAnswer { status: 200, content_type: "text/plain".into(), body })
    }
}

/// A host that answers `List` and `Describe` at once, and `Stop` never.
pub struct FakeHost {
    pub name: String,
    pub stops: Mutex<Option<mpsc::Sender<()>>>,
}

#[async_trait]
impl Handler for FakeHost {
    async fn inventory(&self) -> Result<(HostDescription, Vec<MachineStatus>), HostError> {
        Ok((description(&self.name), Vec::new()))
    }

    async fn handle(&self, request: HostRequest) -> Result<HostReply, HostError> {
        match request {
            HostRequest::List => Ok(HostReply::Machines { machines: Vec::new() }),
            HostRequest::Describe => Ok(HostReply::Description { description: description(&self.name) }),
            HostRequest::Remove { id } => Err(HostError::NotFound { what: id.to_string() }),
            HostRequest::ConsoleLog { .. } => Ok(HostReply::Console { text: "\u{1}".repeat(1 << 20) }),
            _ => {
                let stops = self.stops.lock().unwrap().clone();
                if let Some(stops) = stops {
                    stops.send(()).await.unwrap();
                }
                std::future::pending().await
            }
        }
    }

    async fn console(&self, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
        if id.is_nil() {
            return Err(HostError::NotFound { what: "the machine".into() });
        }
        let (near, far) = tokio::io::duplex(64);
        tokio::spawn(async move {
            let (mut read, mut write) = tokio::io::split(far);
            write.write_all(b"RFB 003.008\n").await.unwrap();
            // An echo, until the viewer goes.
            let _ = tokio::io::copy(&mut read, &mut write).await;
        });
        Ok(Box::new(near))
    }
}

/// A controller with a host in one process.
pub struct World {
    pub registry: HostRegistry,
    pub images: Arc<FakeImages>,
}

pub struct Host {
    pub link: AgentLink,
    pub host: Arc<FakeHost>,
    pub cancel: CancellationToken,
}

impl World {
    pub fn new() -> Self {
        let registry = HostRegistry::new();
        let images = Arc::new(FakeImages::default());
        registry.provide(images.clone(), Arc::new(FakeMetadata));
        Self { registry, images }
    }

    pub fn image(&self, content: impl Into<Bytes>) -> Uuid {
        let id = Uuid::new_v4();
        self.images.content.lock().unwrap().insert(id, content.into());
        id
    }

    /// A host that is connected in-process.
    pub async fn host(&self, name: &str) -> Host {
        let dialer = InProcessDialer::new(self.registry.clone(), HostIdentity(name.into()));
        let host = self.dialled(name, Arc::new(dialer));
        self.connected(name).await;
        host
    }

    pub fn dialled(&self, name: &str, dialer: Arc<dyn Dialer>) -> Host {
        let host = Arc::new(FakeHost { name: name.into(), stops: Mutex::default() });
        let (link, cancel) = (AgentLink::new(dialer), CancellationToken::new());
        let (running, handler, until) = (link.clone(), host.clone(), cancel.clone());
        tokio::spawn(async move { running.run(handler, until).await });
        Host { link, host, cancel }
    }

    pub async fn connected(&self, name: &str) {
        eventually(|| self.registry.connected().iter().any(|host| host.host == name)).await;
    }

    pub async fn disconnected(&self, name: &str) {
        eventually(|| !self.registry.connected().iter().any(|host| host.host == name)).await;
    }
}

impl Host {
    /// Asks for something that never ends, and returns when the host has begun it.
    pub async fn begin(
        &self,
        registry: &HostRegistry,
        request: HostRequest,
    ) -> tokio::task::JoinHandle<Result<HostReply, HostError>> {
        let (begun, mut beginning) = mpsc::channel(1);
        *self.host.stops.lock().unwrap() = Some(begun);
        let (registry, name) = (registry.clone(), self.host.name.clone());
        let asked = tokio::spawn(async move { registry.ask(&name, request).await });
        beginning.recv().await.unwrap();
        asked
    }
}

pub async fn eventually(mut so: impl FnMut() -> bool) {
    for _ in 0..3000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be");
}

/// Dials what was put there: a test holds the far ends.
pub struct ScriptedDialer(pub tokio::sync::Mutex<mpsc::Receiver<Box<dyn Connection>>>);

#[async_trait]
impl Dialer for ScriptedDialer {
    async fn dial(&self) -> io::Result<Box<dyn Connection>> {
        self.0.lock().await.recv().await.ok_or_else(|| io::Error::other("no more connections"))
    }
}
