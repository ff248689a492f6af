use platform::part::Part as _;
use serde_json::{Value, json};

use super::{Cloud, expect};

#[tokio::test]
async fn a_volume_is_made_shown_changed_extended_and_deleted() {
    let cloud = Cloud::running().await;
    let id = cloud.volume(json!({"metadata": {"kind": "work"}})).await;
    assert_eq!(std::fs::metadata(cloud.file(&id)).unwrap().len(), 1 << 30);
    let shown = cloud.shown(&id).await;
    assert_eq!(shown["metadata"], json!({"kind": "work"}));
    assert_eq!(shown["bootable"], "false");
    let changed = cloud
        .member
        .put(&format!("/v3/volumes/{id}"), json!({"volume": {"name": " new ", "description": "d"}}))
        .await;
    expect(&changed, 200);
    assert_eq!(
        (&changed.json["volume"]["name"], &changed.json["volume"]["description"]),
        (&json!("new"), &json!("d"))
    );

    expect(&cloud.act(&id, json!({"os-extend": {"new_size": "2"}})).await, 202);
    cloud.becomes(&format!("/v3/volumes/{id}"), "volume", "available").await;
    assert_eq!(cloud.shown(&id).await["size"], 2);
    assert_eq!(std::fs::metadata(cloud.file(&id)).unwrap().len(), 2 << 30);

    expect(&cloud.member.delete(&format!("/v3/volumes/{id}")).await, 202);
    cloud.goes(&format!("/v3/volumes/{id}")).await;
    assert!(!cloud.file(&id).exists());
}

#[tokio::test]
async fn bad_input_gets_a_precise_refusal() {
    let cloud = Cloud::running().await;
    for (volume, status) in [
        (json!({"size": "#$%"}), 400),
        (json!({"size": ""}), 400),
        (json!({"size": "0"}), 400),
        (json!({"size": 0}), 400),
        (json!({"size": -1}), 400),
        (json!({"size": 1.5}), 400),
        (json!({"size": "99999999999"}), 400),
        (json!({}), 400),
        (json!([]), 400),
        (json!({"size": 1, "name": "x".repeat(256)}), 400),
        (json!({"size": 1, "metadata": {"": "x"}}), 400),
        (json!({"size": 1, "metadata": {"x": "y".repeat(256)}}), 400),
        (json!({"size": 1, "metadata": {"x": 7}}), 400),
        (json!({"size": 1, "volume_type": "no such"}), 404),
        (json!({"size": 1, "snapshot_id": uuid::Uuid::new_v4()}), 404),
        (json!({"size": 1, "source_volid": uuid::Uuid::new_v4()}), 404),
        (json!({"size": 1, "imageRef": uuid::Uuid::new_v4()}), 400),
        (json!({"size": 1, "imageRef": "no id"}), 400),
        (json!({"size": 1, "availability_zone": "elsewhere"}), 400),
        (json!({"size": 1, "multiattach": true}), 400),
    ] {
        let made = cloud.member.post("/v3/volumes", json!({"volume": volume})).await;
        assert_eq!(made.status, status, "{volume}: {}", made.json);
    }
    expect(&cloud.member.post("/v3/volumes", json!(null)).await, 400);
    assert_eq!(cloud.member.get("/v3/volumes").await.json["volumes"], json!([]));

    let id = cloud.volume(json!({})).await;
    for action in [
        json!({"os-extend": {"new_size": 0}}),
        json!({"os-extend": {"new_size": "abc"}}),
        json!({"os-extend": {"new_size": null}}),
        json!({"os-extend": {"new_size": 1}}),
        json!({"os-extend": null}),
        json!({"os-nothing": {}}),
        json!({}),
        json!([]),
        json!({"os-reserve": null, "os-unreserve": null}),
        json!({"os-set_bootable": {"bootable": "maybe"}}),
        json!({"os-set_bootable": {"bootable": null}}),
        json!({"os-attach": {"mountpoint": "/dev/vdb"}}),
        json!({"os-retype": {"new_type": "no such"}}),
        json!({"os-volume_upload_image": {"image_name": ""}}),
    ] {
        let answer = cloud.act(&id, action.clone()).await;
        assert_eq!(answer.status, 400, "{action}: {}", answer.json);
        assert!(answer.json["badRequest"]["message"].is_string());
    }
    assert_eq!(cloud.shown(&id).await["status"], "available");
}

#[tokio::test]
async fn a_volume_of_another_project_is_not_there() {
    let cloud = Cloud::running().await;
    let id = cloud.volume(json!({})).await;
    let stranger = cloud.member.with_token("stranger");
    let path = format!("/v3/volumes/{id}");
    expect(&stranger.get(&path).await, 404);
    expect(&stranger.delete(&path).await, 404);
    expect(&stranger.put(&path, json!({"volume": {"name": "mine"}})).await, 404);
    expect(&stranger.post(&format!("{path}/action"), json!({"os-reserve": null})).await, 404);
    expect(&stranger.get(&format!("{path}/metadata")).await, 404);
    expect(&stranger.post("/v3/snapshots", json!({"snapshot": {"volume_id": id}})).await, 404);
    expect(&stranger.post("/v3/volumes", json!({"volume": {"source_volid": id}})).await, 404);
    expect(&stranger.post("/v3/attachments", json!({"attachment": {"volume_uuid": id}})).await, 404);
    expect(&cloud.member.with_token("reader").delete(&path).await, 403);
    expect(&cloud.act(&id, json!({"os-reset_status": {"status": "error"}})).await, 403);
}

#[tokio::test]
async fn the_project_in_the_address_must_be_that_of_the_token() {
    let cloud = Cloud::running().await;
    let id = cloud.volume(json!({})).await;
    expect(&cloud.member.get(&format!("/v3/p1/volumes/{id}")).await, 200);
    let foreign = cloud.member.get("/v3/p2/volumes").await;
    expect(&foreign, 400);
    assert_eq!(foreign.json["badRequest"]["message"], "Malformed request url");
    expect(&cloud.member.delete(&format!("/v3/p2/volumes/{id}")).await, 400);
    expect(&cloud.admin.get(&format!("/v3/p1/volumes/{id}")).await, 400);
    expect(&cloud.member.with_token("").get("/v3/p1/volumes").await, 401);
    expect(&cloud.member.get("/v3/p1/nowhere").await, 404);
    expect(&cloud.member.get("/v3/p1/volumes/").await, 404);
    // As the composition mounts it.
    let nested = axum::Router::new().nest("/volume", cloud.cinder.clone().router());
    let nested = platform::http::testing::Client::new(nested, "member");
    expect(&nested.get(&format!("/volume/v3/p1/volumes/{id}")).await, 200);
    expect(&nested.get(&format!("/volume/v3/volumes/{id}")).await, 200);
    expect(&nested.with_token("").get("/volume/v3/").await, 200);
}

#[tokio::test]
async fn fields_appear_with_their_microversion() {
    let cloud = Cloud::running().await;
    let id = cloud.volume(json!({})).await;
    let at = async |version: &str| {
        cloud.at(version).get(&format!("/v3/volumes/{id}")).await.json["volume"].clone()
    };
    let has = |volume: &Value, field: &str| volume.get(field).is_some();
    for (field, before, since) in [
        ("group_id", "3.12", "3.13"),
        ("shared_targets", "3.47", "3.48"),
        ("volume_type_id", "3.62", "3.63"),
        ("consumes_quota", "3.64", "3.65"),
    ] {
        assert!(!has(&at(before).await, field), "{field} before {since}");
        assert!(has(&at(since).await, field), "{field} at {since}");
    }
    expect(&cloud.at("3.26").get("/v3/attachments").await, 404);
    expect(&cloud.at("3.27").get("/v3/attachments").await, 200);
    expect(&cloud.at("3.2").get("/v3/messages").await, 404);
    expect(&cloud.at("3.72").get("/v3/volumes").await, 406);
}

#[tokio::test]
async fn what_extensions_add_is_shown_and_not_told_when_a_volume_is_made() {
    let cloud = Cloud::running().await;
    let made = cloud.admin.post("/v3/volumes", json!({"volume": {"size": 1}})).await;
    expect(&made, 202);
    let extended = ["os-vol-tenant-attr:tenant_id", "os-vol-host-attr:host", "volume_image_metadata"];
    for name in extended {
        assert!(made.json["volume"].get(name).is_none(), "{name}");
    }
    let shown = cloud.shown(made.json["volume"]["id"].as_str().unwrap()).await;
    assert_eq!(shown["os-vol-tenant-attr:tenant_id"], "admin");
    assert_eq!(shown["os-vol-host-attr:host"], "pileus@file#file");
    let id = cloud.volume(json!({})).await;
    let own = cloud.member.get(&format!("/v3/volumes/{id}")).await.json["volume"].clone();
    assert!(own.get("os-vol-host-attr:host").is_none());
    assert_eq!(own["os-vol-tenant-attr:tenant_id"], "p1");
}

#[tokio::test]
async fn flags_are_set_and_shown() {
    let cloud = Cloud::running().await;
    let id = cloud.volume(json!({})).await;
    for (flag, text, lower) in [(json!(true), "True", "true"), (json!("false"), "False", "false")] {
        expect(&cloud.act(&id, json!({"os-set_bootable": {"bootable": flag}})).await, 200);
        expect(&cloud.act(&id, json!({"os-update_readonly_flag": {"readonly": flag}})).await, 202);
        let shown = cloud.shown(&id).await;
        assert_eq!((&shown["bootable"], &shown["metadata"]["readonly"]), (&json!(lower), &json!(text)));
    }
}

#[tokio::test]
async fn metadata_is_added_replaced_and_removed() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let snapshot = cloud.snapshot(&volume).await;
    for place in [format!("/v3/volumes/{volume}/metadata"), format!("/v3/snapshots/{snapshot}/metadata")] {
        let made = cloud.member.post(&place, json!({"metadata": {"a": "1", "b": "2"}})).await;
        assert_eq!((made.status.as_u16(), &made.json["metadata"]), (200, &json!({"a": "1", "b": "2"})));
        let replaced = cloud.member.put(&place, json!({"metadata": {"b": "3", "c": "<&>"}})).await;
        assert_eq!(replaced.json, json!({"metadata": {"b": "3", "c": "<&>"}}));
        let set = cloud.member.put(&format!("{place}/b"), json!({"meta": {"b": "4"}})).await;
        assert_eq!(set.json, json!({"meta": {"b": "4"}}));
        assert_eq!(cloud.member.get(&format!("{place}/b")).await.json, json!({"meta": {"b": "4"}}));
        expect(&cloud.member.put(&format!("{place}/b"), json!({"meta": {"c": "4"}})).await, 400);
        expect(&cloud.member.put(&format!("{place}/b"), json!({"meta": {"b": "4", "c": "5"}})).await, 400);
        expect(&cloud.member.delete(&format!("{place}/b")).await, 200);
        expect(&cloud.member.delete(&format!("{place}/b")).await, 404);
        expect(&cloud.member.get(&format!("{place}/b")).await, 404);
        assert_eq!(cloud.member.get(&place).await.json, json!({"metadata": {"c": "<&>"}}));
        expect(&cloud.member.with_token("reader").post(&place, json!({"metadata": {}})).await, 403);
        expect(&cloud.member.post(&place, json!({"metadata": {"x": null}})).await, 400);
    }
}

#[tokio::test]
async fn a_status_set_by_hand_stays_and_a_volume_can_be_deleted_from_any() {
    let cloud = Cloud::running().await;
    for status in ["creating", "attaching", "error", "maintenance", "uploading"] {
        let id = cloud.volume(json!({})).await;
        let action = format!("/v3/volumes/{id}/action");
        expect(&cloud.admin.post(&action, json!({"os-reset_status": {"status": status}})).await, 202);
        cloud.cinder.volumes.wake(id.parse().unwrap());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        assert_eq!(cloud.shown(&id).await["status"], status);
        expect(&cloud.admin.post(&action, json!({"os-force_delete": {}})).await, 202);
        cloud.goes(&format!("/v3/volumes/{id}")).await;
    }
    let id = cloud.volume(json!({})).await;
    for reset in
        [json!({"status": "in-use"}), json!({"status": "deleting"}), json!({"status": "nonsense"}), json!({})]
    {
        let answer =
            cloud.admin.post(&format!("/v3/volumes/{id}/action"), json!({"os-reset_status": reset})).await;
        expect(&answer, 400);
    }
}

#[tokio::test]
async fn a_copy_holds_what_its_source_held() {
    let cloud = Cloud::running().await;
    let source = cloud.volume(json!({})).await;
    std::fs::OpenOptions::new()
        .write(true)
        .open(cloud.file(&source))
        .map(|file| {
            use std::os::unix::fs::FileExt;
            file.write_all_at(b"hello", 1 << 20).unwrap();
        })
        .unwrap();
    let copy = cloud.volume(json!({"size": 2, "source_volid": source})).await;
    let read = |volume: &str| {
        use std::os::unix::fs::FileExt;
        let mut bytes = [0; 5];
        std::fs::File::open(cloud.file(volume)).unwrap().read_exact_at(&mut bytes, 1 << 20).unwrap();
        bytes
    };
    assert_eq!(&read(&copy), b"hello");
    assert_eq!(std::fs::metadata(cloud.file(&copy)).unwrap().len(), 2 << 30);
    assert_eq!(cloud.shown(&copy).await["source_volid"], source.as_str());
}

#[tokio::test]
async fn version_documents_are_open_and_complete() {
    let cloud = Cloud::idle().await;
    let anyone = cloud.member.with_token("");
    let choices = anyone.get("/").await;
    expect(&choices, 300);
    for answer in [choices, anyone.get("/v3/").await, anyone.get("/v3").await] {
        let version = &answer.json["versions"][0];
        assert_eq!((&version["id"], &version["version"]), (&json!("v3.0"), &json!("3.71")));
        let own = version["links"].as_array().unwrap().iter().find(|link| link["rel"] == "self").unwrap();
        assert_eq!(own["href"], "http://127.0.0.1:1/volume/v3/");
    }
}
