//! Cinder, asked as clients ask, with volumes as real files and a Glance that is remembered.

mod attachments;
mod images;
mod lists;
mod policy;
mod quotas;
mod resuming;
mod snapshots;
mod snapshots_in_use;
mod transfers;
mod types;
mod volumes;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use contracts::{
    CallError, CallResult,
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
};
use futures::{StreamExt, stream};
use platform::{
    db::{Database, owned::Inside},
    http::testing::{Answer, Client, KnownTokens, caller},
    part::Part,
};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{Cinder, Config, FileBackend, Needs, model::Migrations};

const TEST: Inside = Inside::because("a test looks at what is recorded");

/// A Glance that remembers.
#[derive(Default)]
pub(super) struct FakeImages {
    images: Mutex<HashMap<Uuid, (Image, Vec<u8>)>>,
}

impl FakeImages {
    pub(super) fn add(&self, format: &str, data: &[u8], min_disk: u64) -> Uuid {
        let id = Uuid::new_v4();
        let image = Image {
            id,
            name: Some("picture".into()),
            status: "active".into(),
            owner: Some("p1".into()),
            visibility: "public".into(),
            disk_format: Some(format.into()),
            container_format: Some("bare".into()),
            size: Some(data.len() as u64),
            virtual_size: None,
            min_disk,
            min_ram: 0,
            sha512: None,
            properties: BTreeMap::from([("os_type".to_owned(), "linux".to_owned())]),
        };
        self.images.lock().unwrap().insert(id, (image, data.to_vec()));
        id
    }

    pub(super) fn get(&self, id: Uuid) -> Option<(Image, Vec<u8>)> {
        self.images.lock().unwrap().get(&id).cloned()
    }
}

#[async_trait]
impl Images for FakeImages {
    async fn image(&self, _: &Caller, id: Uuid) -> CallResult<Image> {
        self.get(id).map(|(image, _)| image).ok_or_else(|| CallError::NotFound("No image found".into()))
    }

    async fn create(&self, caller: &Caller, new: NewImage) -> CallResult<Image> {
        let id = self.add(&new.disk_format, &[], new.min_disk);
        let mut images = self.images.lock().unwrap();
        let (image, _) = images.get_mut(&id).unwrap();
        image.status = "queued".into();
        image.name = Some(new.name);
        image.owner = caller.project_id().map(str::to_owned);
        image.visibility = new.visibility.unwrap_or_else(|| "private".into());
        image.properties = new.properties;
        Ok(image.clone())
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        let (image, data) = self.get(id).ok_or_else(|| CallError::NotFound("No image found".into()))?;
        if image.status != "active" {
            return Err(CallError::Conflict("The image has no content.".into()));
        }
        Ok((image, stream::iter([Ok(data.into())]).boxed()))
    }

    async fn store(&self, id: Uuid, mut data: ImageData) -> CallResult<Image> {
        let mut whole = Vec::new();
        while let Some(piece) = data.next().await {
            whole.extend_from_slice(&piece.map_err(|error| CallError::unavailable("glance", error))?);
        }
        let mut images = self.images.lock().unwrap();
        let (image, kept) =
            images.get_mut(&id).ok_or_else(|| CallError::NotFound("No image found".into()))?;
        if image.status != "queued" {
            return Err(CallError::Conflict("The image has content already.".into()));
        }
        image.status = "active".into();
        image.size = Some(whole.len() as u64);
        *kept = whole;
        Ok(image.clone())
    }

    async fn discard(&self, id: Uuid) -> CallResult<()> {
        self.images.lock().unwrap().remove(&id);
        Ok(())
    }
}

/// A Cinder of its own.
pub(super) struct Cloud {
    pub cinder: Arc<Cinder>,
    pub images: Arc<FakeImages>,
    /// A member of project `p1`, at the newest version.
    pub member: Client,
    pub admin: Client,
    pub folder: tempfile::TempDir,
    _running: Option<DropGuard>,
}

impl Cloud {
    /// With its reconcilers at work.
    pub(super) async fn running() -> Self {
        let mut cloud = Self::idle().await;
        let cancel = CancellationToken::new();
        cloud.cinder.clone().spawn(cancel.clone());
        cloud._running = Some(cancel.drop_guard());
        cloud
    }

    /// Nothing works on anything unless the test says so.
    pub(super) async fn idle() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let images = Arc::new(FakeImages::default());
        let mut tokens = KnownTokens::default();
        tokens.add("admin", caller("admin", "admin", &["admin", "manager", "member", "reader"]));
        tokens.add("member", caller("member", "p1", &["member", "reader"]));
        tokens.add("reader", caller("reader", "p1", &["reader"]));
        tokens.add("stranger", caller("stranger", "p2", &["member", "reader"]));
        tokens.add("nova", caller("nova", "service", &["admin", "service", "member", "reader"]));
        let cinder = Cinder::new(Needs {
            config: Config::default(),
            db: Database::temporary::<Migrations>("cinder").await.unwrap(),
            tokens: Arc::new(tokens),
            endpoint: "http://127.0.0.1:1/volume".into(),
            images: images.clone(),
            backend: Arc::new(FileBackend::open(folder.path()).await.unwrap()),
        })
        .await
        .unwrap();
        let client = Client::new(cinder.clone().router(), "member");
        let member = client.with_header("OpenStack-API-Version", "volume 3.71");
        let admin = member.with_token("admin");
        Self { cinder, images, member, admin, folder, _running: None }
    }

    /// The member's client at another version.
    pub(super) fn at(&self, version: &str) -> Client {
        let client = Client::new(self.cinder.clone().router(), "member");
        client.with_header("OpenStack-API-Version", &format!("volume {version}"))
    }

    /// Makes a volume and waits until it is there.
    pub(super) async fn volume(&self, more: Value) -> String {
        let id = self.begin(more).await;
        self.becomes(&format!("/v3/volumes/{id}"), "volume", "available").await;
        id
    }

    /// Asks for a volume of 1 GiB, or what `more` says.
    pub(super) async fn begin(&self, more: Value) -> String {
        let mut asked = json!({"size": 1, "name": "disk"});
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.member.post("/v3/volumes", json!({"volume": asked})).await;
        expect(&made, 202);
        made.json["volume"]["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn snapshot(&self, volume: &str) -> String {
        let made = self
            .member
            .post("/v3/snapshots", json!({"snapshot": {"volume_id": volume, "name": "moment"}}))
            .await;
        expect(&made, 202);
        let id = made.json["snapshot"]["id"].as_str().unwrap().to_owned();
        self.becomes(&format!("/v3/snapshots/{id}"), "snapshot", "available").await;
        id
    }

    /// Waits for a status.
    pub(super) async fn becomes(&self, path: &str, what: &str, status: &str) {
        for _ in 0..600 {
            let seen = self.admin.get(path).await;
            if seen.json[what]["status"] == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never became {status}: {}", self.admin.get(path).await.json);
    }

    /// Waits until it is there no more.
    pub(super) async fn goes(&self, path: &str) {
        for _ in 0..600 {
            if self.admin.get(path).await.status == 404 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{path} never went");
    }

    pub(super) async fn act(&self, volume: &str, action: Value) -> Answer {
        self.member.post(&format!("/v3/volumes/{volume}/action"), action).await
    }

    pub(super) async fn shown(&self, volume: &str) -> Value {
        self.admin.get(&format!("/v3/volumes/{volume}")).await.json["volume"].clone()
    }

    pub(super) fn caller() -> Caller {
        caller("member", "p1", &["member", "reader"])
    }

    /// The file of a volume.
    pub(super) fn file(&self, volume: &str) -> std::path::PathBuf {
        self.folder.path().join("data").join(format!("volume-{volume}"))
    }
}

#[track_caller]
pub(super) fn expect(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.bytes));
}
