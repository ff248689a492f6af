//! The process may end at any instruction: a step that was taken and not recorded is taken again.

use platform::{
    db::opened,
    reconcile::{Next, Reconciler},
};
use serde_json::json;
use uuid::Uuid;

use super::{Cloud, TEST, expect};
use crate::{
    model::{snapshot, volume},
    snapshot::SnapshotReconciler,
    volume::VolumeReconciler,
};

/// Takes steps until there is none.
async fn finish(reconciler: &impl Reconciler, id: Uuid) {
    for _ in 0..10 {
        if reconciler.step(id, 0).await.unwrap() == Next::Done {
            return;
        }
    }
    panic!("it never ends");
}

async fn row(cloud: &Cloud, id: Uuid) -> volume::Model {
    volume::find(cloud.cinder.db.read(), id).await.unwrap().inside(&TEST).unwrap()
}

/// As if the last step had not been recorded.
async fn forget(cloud: &Cloud, id: Uuid, status: &str) {
    let row = row(cloud, id).await;
    let tx = cloud.cinder.db.write().await.unwrap();
    assert!(volume::transition(&tx, &row, &[&row.status], status).await.unwrap());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_volume_is_made_once_though_its_steps_are_taken_twice() {
    let cloud = Cloud::idle().await;
    let image = cloud.images.add("raw", &[3; 1024], 0);
    for asked in [json!({}), json!({"imageRef": image})] {
        let id = cloud.begin(asked).await;
        let uuid: Uuid = id.parse().unwrap();
        let reconciler = VolumeReconciler::new(cloud.cinder.clone());
        assert_eq!(reconciler.pending().await.unwrap(), [uuid]);
        finish(&reconciler, uuid).await;
        let first = std::fs::read(cloud.file(&id)).unwrap().len();
        for status in ["creating", "downloading"] {
            forget(&cloud, uuid, status).await;
            finish(&VolumeReconciler::new(cloud.cinder.clone()), uuid).await;
            assert_eq!(cloud.shown(&id).await["status"], "available");
            assert_eq!(std::fs::metadata(cloud.file(&id)).unwrap().len() as usize, first);
        }
        assert!(reconciler.pending().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_upload_that_was_not_recorded_leaves_the_image_whole() {
    let cloud = Cloud::idle().await;
    let id = cloud.begin(json!({})).await;
    let uuid: Uuid = id.parse().unwrap();
    let reconciler = VolumeReconciler::new(cloud.cinder.clone());
    finish(&reconciler, uuid).await;
    let upload = json!({"os-volume_upload_image": {"image_name": "mine", "disk_format": "qcow2"}});
    let asked = cloud.act(&id, upload).await;
    expect(&asked, 202);
    let image: Uuid = asked.json["os-volume_upload_image"]["image_id"].as_str().unwrap().parse().unwrap();
    let row = row(&cloud, uuid).await;
    finish(&reconciler, uuid).await;
    let stored = cloud.images.get(image).unwrap().1;
    // The row as it was before that.
    let tx = cloud.cinder.db.write().await.unwrap();
    volume::delete(&tx, &row).await.unwrap();
    opened::insert(&tx, &row).await.unwrap();
    tx.commit().await.unwrap();
    finish(&reconciler, uuid).await;
    let (about, data) = cloud.images.get(image).unwrap();
    assert_eq!((about.status.as_str(), data), ("active", stored));
    assert_eq!(cloud.shown(&id).await["status"], "available");
}

#[tokio::test]
async fn extending_snapshotting_and_deleting_twice_is_as_once() {
    let cloud = Cloud::idle().await;
    let id = cloud.begin(json!({})).await;
    let uuid: Uuid = id.parse().unwrap();
    let volumes = VolumeReconciler::new(cloud.cinder.clone());
    finish(&volumes, uuid).await;
    expect(&cloud.act(&id, json!({"os-extend": {"new_size": 2}})).await, 202);
    finish(&volumes, uuid).await;
    forget(&cloud, uuid, "extending").await;
    finish(&volumes, uuid).await;
    assert_eq!(cloud.shown(&id).await["size"], 2);
    assert_eq!(std::fs::metadata(cloud.file(&id)).unwrap().len(), 2 << 30);

    let made = cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": id}})).await;
    expect(&made, 202);
    let moment: Uuid = made.json["snapshot"]["id"].as_str().unwrap().parse().unwrap();
    let snapshots = SnapshotReconciler::new(cloud.cinder.clone());
    assert_eq!(snapshots.pending().await.unwrap(), [moment]);
    // The data was copied, and that was not recorded.
    cloud.cinder.backend.snapshot(uuid, moment).await.unwrap();
    finish(&snapshots, moment).await;
    let row = snapshot::find(cloud.cinder.db.read(), moment).await.unwrap().inside(&TEST).unwrap();
    assert_eq!(row.status, "available");

    expect(&cloud.member.delete(&format!("/v3/snapshots/{moment}")).await, 202);
    cloud.cinder.backend.delete_snapshot(moment).await.unwrap();
    finish(&snapshots, moment).await;
    expect(&cloud.member.delete(&format!("/v3/volumes/{id}")).await, 202);
    cloud.cinder.backend.delete(uuid).await.unwrap();
    finish(&volumes, uuid).await;
    finish(&volumes, uuid).await;
    expect(&cloud.member.get(&format!("/v3/volumes/{id}")).await, 404);
}

#[tokio::test]
async fn what_fails_again_and_again_ends_in_an_error_that_is_told() {
    let cloud = Cloud::idle().await;
    let id = cloud.begin(json!({})).await;
    let uuid: Uuid = id.parse().unwrap();
    let reconciler = VolumeReconciler::new(cloud.cinder.clone());
    finish(&reconciler, uuid).await;
    std::fs::remove_file(cloud.file(&id)).unwrap();
    expect(&cloud.act(&id, json!({"os-extend": {"new_size": 2}})).await, 202);
    assert!(reconciler.step(uuid, 0).await.is_err(), "it may go better the next time");
    assert_eq!(reconciler.step(uuid, 9).await.unwrap(), Next::Done);
    let shown = cloud.shown(&id).await;
    assert_eq!((&shown["status"], &shown["size"]), (&json!("error_extending"), &json!(1)));
    let told = cloud.member.get("/v3/messages").await;
    let message = &told.json["messages"][0];
    assert_eq!((&message["resource_uuid"], &message["message_level"]), (&json!(id), &json!("ERROR")));
    assert!(
        !message.to_string().contains(cloud.folder.path().to_str().unwrap()),
        "nothing of the inside is told"
    );
    let path = format!("/v3/messages/{}", message["id"].as_str().unwrap());
    expect(&cloud.member.with_token("stranger").get(&path).await, 404);
    expect(&cloud.member.get(&path).await, 200);
    expect(&cloud.member.delete(&path).await, 204);
    expect(&cloud.member.get(&path).await, 404);
}
