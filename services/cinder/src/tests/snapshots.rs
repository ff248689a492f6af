use serde_json::json;
use uuid::Uuid;

use super::{Cloud, expect};

#[tokio::test]
async fn a_snapshot_is_made_shown_restored_and_deleted() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let snapshot = cloud.snapshot(&volume).await;
    let path = format!("/v3/snapshots/{snapshot}");
    let shown = cloud.member.get(&path).await.json["snapshot"].clone();
    assert_eq!(shown["os-extended-snapshot-attributes:progress"], "100%");
    assert_eq!(shown["os-extended-snapshot-attributes:project_id"], "p1");
    assert_eq!(
        (&shown["volume_id"], &shown["size"], &shown["user_id"]),
        (&json!(volume), &json!(1), &json!("member"))
    );
    expect(&cloud.member.put(&path, json!({"snapshot": {"name": "renamed"}})).await, 200);
    let restored = cloud.volume(json!({"snapshot_id": snapshot, "size": 2})).await;
    assert_eq!(std::fs::metadata(cloud.file(&restored)).unwrap().len(), 2 << 30);
    let smaller = cloud.volume(json!({"size": 3})).await;
    let moment = cloud.snapshot(&smaller).await;
    expect(
        &cloud.member.post("/v3/volumes", json!({"volume": {"snapshot_id": moment, "size": 1}})).await,
        400,
    );

    expect(&cloud.member.delete(&format!("/v3/volumes/{volume}")).await, 400);
    expect(&cloud.member.delete(&path).await, 202);
    cloud.goes(&path).await;
    expect(&cloud.member.delete(&format!("/v3/volumes/{volume}")).await, 202);
    expect(&cloud.member.delete(&format!("/v3/volumes/{smaller}?cascade=True")).await, 202);
    cloud.goes(&format!("/v3/snapshots/{moment}")).await;
    assert_eq!(std::fs::read_dir(cloud.folder.path().join("snapshots")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_volume_that_is_attached_to_what_is_not_a_server_has_no_consistent_snapshot() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    expect(
        &cloud.act(&volume, json!({"os-attach": {"host_name": "h", "mountpoint": "/dev/vdb"}})).await,
        202,
    );
    let body = json!({"snapshot": {"volume_id": volume, "force": true}});
    for client in [&cloud.member, &cloud.at("3.0")] {
        let refused = client.post("/v3/snapshots", body.clone()).await;
        expect(&refused, 400);
        assert!(refused.json["badRequest"]["message"].as_str().unwrap().contains("in-use"));
    }
    expect(
        &cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": Uuid::new_v4()}})).await,
        404,
    );
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": null}})).await, 404);
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": "x"}})).await, 400);
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": 1}})).await, 400);
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {}})).await, 400);
}

#[tokio::test]
async fn a_status_of_a_snapshot_is_set_by_administrators_and_by_who_makes_it() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let snapshot = cloud.snapshot(&volume).await;
    let (path, action) = (format!("/v3/snapshots/{snapshot}"), format!("/v3/snapshots/{snapshot}/action"));
    let status = async || cloud.member.get(&path).await.json["snapshot"].clone();
    let reset = |status: &str| json!({"os-reset_status": {"status": status}});
    expect(&cloud.member.post(&action, reset("error")).await, 403);
    expect(&cloud.admin.post(&action, reset("nonsense")).await, 400);
    for wanted in ["creating", "deleting", "error", "error_deleting", "available"] {
        expect(&cloud.admin.post(&action, reset(wanted)).await, 202);
        cloud.cinder.snapshots.wake(snapshot.parse().unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        assert_eq!(status().await["status"], wanted, "nobody works on what was set by hand");
    }
    let update = |status: &str| json!({"os-update_snapshot_status": {"status": status, "progress": "80%"}});
    expect(&cloud.member.post(&action, update("error")).await, 400);
    expect(&cloud.admin.post(&action, reset("creating")).await, 202);
    expect(&cloud.member.post(&action, update("deleting")).await, 400);
    expect(&cloud.member.post(&action, update("error")).await, 202);
    let shown = status().await;
    assert_eq!(
        (&shown["status"], &shown["os-extended-snapshot-attributes:progress"]),
        (&json!("error"), &json!("80%"))
    );
    expect(&cloud.admin.post(&action, reset("deleting")).await, 202);
    expect(&cloud.admin.post(&action, json!({"os-force_delete": {}})).await, 202);
    cloud.goes(&path).await;
}
