//! Snapshots of volumes that machines write to, with a Nova that is told what to do.

use std::{
    io::Read,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use contracts::{CallError, CallResult, compute::DiskCopies, volume::Volumes};
use platform::reconcile::{Next, Reconciler};
use serde_json::json;
use uuid::Uuid;

use super::{Cloud, TEST, expect};
use crate::{model::snapshot, snapshot::SnapshotReconciler};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    /// The machine has written this byte everywhere, as far as anybody else sees.
    Copies(u8),
    /// The file names another one, and should not be believed.
    Lies,
    Gone,
    Busy,
}

struct FakeNova {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<(Uuid, Uuid, String)>>,
}

impl FakeNova {
    fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
}

#[async_trait]
impl DiskCopies for FakeNova {
    async fn copy_volume(&self, server: Uuid, volume: Uuid, to: &str) -> CallResult<()> {
        self.asked.lock().unwrap().push((server, volume, to.to_owned()));
        match *self.answer.lock().unwrap() {
            Answer::Copies(byte) => qcow2(Path::new(to), byte),
            Answer::Lies => {
                let arguments =
                    ["create", "-q", "-f", "qcow2", "-u", "-F", "raw", "-b", "/etc/passwd", to, "1G"];
                assert!(Command::new("qemu-img").args(arguments).status().unwrap().success());
            }
            Answer::Gone => return Err(CallError::NotFound("No machine has it.".into())),
            Answer::Busy => return Err(CallError::unavailable("the host", "it is not connected")),
        }
        Ok(())
    }
}

fn qcow2(to: &Path, byte: u8) {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("raw");
    std::fs::write(&raw, [byte; 4096]).unwrap();
    std::fs::OpenOptions::new().write(true).open(&raw).unwrap().set_len(1 << 30).unwrap();
    let made =
        Command::new("qemu-img").args(["convert", "-f", "raw", "-O", "qcow2"]).arg(&raw).arg(to).status();
    assert!(made.unwrap().success());
}

struct World {
    cloud: Cloud,
    nova: Arc<FakeNova>,
    volume: Uuid,
    server: Uuid,
    attachment: Uuid,
}

impl World {
    /// A volume that a server has. Snapshots are worked on when the test says so.
    async fn new() -> Self {
        let cloud = Cloud::idle().await;
        let nova = Arc::new(FakeNova { answer: Mutex::new(Answer::Copies(7)), asked: Mutex::default() });
        cloud.cinder.set_disk_copies(nova.clone());
        let volume: Uuid = cloud.begin(json!({})).await.parse().unwrap();
        let volumes = crate::volume::VolumeReconciler::new(cloud.cinder.clone());
        while volumes.step(volume, 0).await.unwrap() != Next::Done {}
        let world = Self { cloud, nova, volume, server: Uuid::new_v4(), attachment: Uuid::new_v4() };
        world.cloud.cinder.reserve(&Cloud::caller(), world.attachment, volume, world.server).await.unwrap();
        world.cloud.cinder.connect(world.attachment, "h1").await.unwrap();
        world.cloud.cinder.complete(world.attachment, "/dev/vdb").await.unwrap();
        world
    }

    async fn snapshot(&self) -> Uuid {
        let body = json!({"snapshot": {"volume_id": self.volume}});
        let made = self.cloud.member.post("/v3/snapshots", body).await;
        expect(&made, 202);
        made.json["snapshot"]["id"].as_str().unwrap().parse().unwrap()
    }

    fn reconciler(&self) -> SnapshotReconciler {
        SnapshotReconciler::new(self.cloud.cinder.clone())
    }

    async fn status(&self, id: Uuid) -> String {
        let found = snapshot::find(self.cloud.cinder.db.read(), id).await.unwrap();
        found.inside(&TEST).unwrap().status
    }

    fn first_byte(&self, id: Uuid) -> u8 {
        let path = self.cloud.folder.path().join("snapshots").join(format!("snapshot-{id}"));
        let (mut file, mut first) = (std::fs::File::open(path).unwrap(), [0]);
        assert_eq!(file.metadata().unwrap().len(), 1 << 30);
        file.read_exact(&mut first).unwrap();
        first[0]
    }

    fn staged(&self) -> usize {
        std::fs::read_dir(self.cloud.folder.path().join("staging")).unwrap().count()
    }
}

#[tokio::test]
async fn the_host_copies_a_volume_in_use_and_the_volume_stays_in_use() {
    let world = World::new().await;
    let id = world.snapshot().await;
    assert_eq!(world.reconciler().step(id, 0).await.unwrap(), Next::Done);
    assert_eq!((world.status(id).await.as_str(), world.first_byte(id), world.staged()), ("available", 7, 0));
    assert_eq!(world.cloud.shown(&world.volume.to_string()).await["status"], "in-use");
    let asked = world.nova.asked.lock().unwrap().clone();
    let (server, volume, to) = &asked[0];
    assert_eq!((*server, *volume, asked.len()), (world.server, world.volume, 1));
    assert!(Path::new(to).is_absolute());
    expect(&world.cloud.member.delete(&format!("/v3/snapshots/{id}")).await, 202);
    assert_eq!(world.reconciler().step(id, 0).await.unwrap(), Next::Done);
    assert_eq!(std::fs::read_dir(world.cloud.folder.path().join("snapshots")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_copy_that_was_made_and_not_recorded_is_made_again() {
    let world = World::new().await;
    let id = world.snapshot().await;
    // The process ended while the file was there, and once more when the snapshot was.
    qcow2(&world.cloud.folder.path().join("staging").join(format!("copy-for-{id}")), 3);
    let copy = world.cloud.folder.path().join("copy");
    qcow2(&copy, 3);
    world.cloud.cinder.backend.snapshot_from(world.volume, id, &copy).await.unwrap();
    assert_eq!(world.reconciler().step(id, 0).await.unwrap(), Next::Done);
    assert_eq!((world.status(id).await.as_str(), world.first_byte(id), world.staged()), ("available", 3, 0));
}

#[tokio::test]
async fn a_volume_that_is_detached_meanwhile_is_copied_as_it_is() {
    let world = World::new().await;
    let (before, after) = (world.snapshot().await, world.snapshot().await);
    world.nova.answer(Answer::Gone);
    world.reconciler().step(before, 0).await.unwrap();
    assert_eq!((world.status(before).await.as_str(), world.first_byte(before)), ("available", 0));
    world.cloud.cinder.detach(world.attachment).await.unwrap();
    world.reconciler().step(after, 0).await.unwrap();
    assert_eq!((world.status(after).await.as_str(), world.first_byte(after)), ("available", 0));
    assert_eq!(world.nova.asked.lock().unwrap().len(), 1, "nobody is asked for what nobody has");
}

#[tokio::test]
async fn a_host_that_is_away_is_asked_again_and_not_for_ever() {
    let world = World::new().await;
    let id = world.snapshot().await;
    world.nova.answer(Answer::Busy);
    assert!(world.reconciler().step(id, 0).await.is_err());
    assert_eq!(world.status(id).await, "creating");
    world.nova.answer(Answer::Copies(7));
    assert_eq!(world.reconciler().step(id, 1).await.unwrap(), Next::Done);
    assert_eq!(world.status(id).await, "available");
    world.nova.answer(Answer::Busy);
    let id = world.snapshot().await;
    assert_eq!(world.reconciler().step(id, 9).await.unwrap(), Next::Done);
    assert_eq!(world.status(id).await, "error");
}

#[tokio::test]
async fn a_copy_that_reaches_for_another_file_is_not_believed() {
    let world = World::new().await;
    let id = world.snapshot().await;
    world.nova.answer(Answer::Lies);
    assert_eq!(world.reconciler().step(id, 0).await.unwrap(), Next::Done);
    assert_eq!((world.status(id).await.as_str(), world.staged()), ("error", 0));
}

#[tokio::test]
async fn a_machine_that_is_about_to_have_the_volume_is_waited_for() {
    let world = World::new().await;
    world.cloud.cinder.detach(world.attachment).await.unwrap();
    let id = world.snapshot().await;
    let attachment = Uuid::new_v4();
    world.cloud.cinder.reserve(&Cloud::caller(), attachment, world.volume, world.server).await.unwrap();
    world.cloud.cinder.connect(attachment, "h1").await.unwrap();
    assert!(matches!(world.reconciler().step(id, 0).await.unwrap(), Next::After(_)));
    world.cloud.cinder.complete(attachment, "/dev/vdb").await.unwrap();
    assert_eq!(world.reconciler().step(id, 0).await.unwrap(), Next::Done);
    assert_eq!((world.status(id).await.as_str(), world.first_byte(id)), ("available", 7));
}

#[tokio::test]
async fn force_is_needed_before_3_66_and_not_known_since() {
    let world = World::new().await;
    let volume = world.volume;
    let post = async |version: &str, force: serde_json::Value| {
        let body = json!({"snapshot": {"volume_id": volume, "force": force}});
        world.cloud.at(version).post("/v3/snapshots", body).await
    };
    let refused = post("3.65", json!(false)).await;
    expect(&refused, 400);
    assert_eq!(
        refused.json["badRequest"]["message"],
        format!("Invalid volume: Volume {volume} status must be available, but current status is: in-use.")
    );
    expect(&post("3.65", json!(null)).await, 400);
    expect(&post("3.65", json!("true")).await, 202);
    let refused = post("3.66", json!(false)).await;
    expect(&refused, 400);
    assert!(refused.json["badRequest"]["message"].as_str().unwrap().starts_with("Since microversion 3.66"));
    expect(&post("3.66", json!(true)).await, 202);
    expect(&post("3.66", json!(null)).await, 202);
}

#[tokio::test]
async fn a_volume_of_several_servers_has_no_consistent_snapshot() {
    let cloud = Cloud::running().await;
    let kind = json!({"volume_type": {"name": "many", "extra_specs": {"multiattach": "<is> True"}}});
    expect(&cloud.admin.post("/v3/types", kind).await, 200);
    let volume = cloud.volume(json!({"volume_type": "many"})).await;
    for attachment in [Uuid::new_v4(), Uuid::new_v4()] {
        let id = volume.parse().unwrap();
        cloud.cinder.reserve(&Cloud::caller(), attachment, id, Uuid::new_v4()).await.unwrap();
        cloud.cinder.connect(attachment, "h").await.unwrap();
        cloud.cinder.complete(attachment, "/dev/vdb").await.unwrap();
    }
    let refused = cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": volume}})).await;
    expect(&refused, 400);
    assert!(refused.json["badRequest"]["message"].as_str().unwrap().contains("one server alone"));
}
