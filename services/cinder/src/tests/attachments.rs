use contracts::volume::{Connection, Volumes};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Cloud, expect};

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

#[tokio::test]
async fn nova_reserves_connects_completes_and_detaches_and_twice_is_as_once() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let (attachment, server) = (Uuid::new_v4(), Uuid::new_v4());
    let nova = &cloud.cinder;
    for _ in 0..2 {
        nova.reserve(&Cloud::caller(), attachment, id(&volume), server).await.unwrap();
    }
    assert_eq!(cloud.shown(&volume).await["status"], "reserved");
    for _ in 0..2 {
        let Connection::File { path, format } = nova.connect(attachment, "host-1").await.unwrap();
        assert_eq!((path, format.as_str()), (cloud.file(&volume).display().to_string(), "raw"));
    }
    for _ in 0..2 {
        nova.complete(attachment, "/dev/vdb").await.unwrap();
    }
    let shown = cloud.shown(&volume).await;
    assert_eq!(shown["status"], "in-use");
    let held = &shown["attachments"][0];
    assert_eq!((&held["server_id"], &held["device"]), (&json!(server), &json!("/dev/vdb")));
    assert_eq!((&held["id"], &held["attachment_id"]), (&json!(volume), &json!(attachment)));
    expect(&cloud.member.delete(&format!("/v3/volumes/{volume}")).await, 400);
    for _ in 0..2 {
        nova.detach(attachment).await.unwrap();
    }
    let shown = cloud.shown(&volume).await;
    assert_eq!((&shown["status"], &shown["attachments"]), (&json!("available"), &json!([])));
}

#[tokio::test]
async fn of_two_that_reserve_a_volume_at_once_one_wins() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let tries = (0..8).map(|_| {
        let (cinder, volume) = (cloud.cinder.clone(), id(&volume));
        tokio::spawn(async move {
            cinder.reserve(&Cloud::caller(), Uuid::new_v4(), volume, Uuid::new_v4()).await.is_ok()
        })
    });
    let won = futures::future::join_all(tries).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1);

    let volume = cloud.volume(json!({})).await;
    let tries = (0..8).map(|_| cloud.act(&volume, json!({"os-reserve": null})));
    let answers = futures::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 202 || answer.status == 400));
}

#[tokio::test]
async fn ossa_2023_003_a_user_cannot_take_away_a_volume_that_a_server_holds() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let (attachment, server) = (Uuid::new_v4(), Uuid::new_v4());
    cloud.cinder.reserve(&Cloud::caller(), attachment, id(&volume), server).await.unwrap();
    cloud.cinder.connect(attachment, "host-1").await.unwrap();
    cloud.cinder.complete(attachment, "/dev/vdb").await.unwrap();

    let path = format!("/v3/attachments/{attachment}");
    let action = format!("/v3/volumes/{volume}/action");
    let refused = cloud.member.delete(&path).await;
    expect(&refused, 409);
    let message = format!("Detach volume from instance {server} using the Compute API");
    assert_eq!(refused.json["conflictingRequest"]["message"], message);
    expect(&cloud.admin.delete(&path).await, 409);
    expect(&cloud.member.put(&path, json!({"attachment": {"connector": {"host": "mine"}}})).await, 409);
    expect(&cloud.member.post(&action, json!({"os-detach": {}})).await, 409);
    expect(&cloud.member.post(&action, json!({"os-detach": {"attachment_id": attachment}})).await, 409);
    expect(&cloud.admin.post(&action, json!({"os-force_detach": {"attachment_id": attachment}})).await, 409);
    let reset = json!({"os-reset_status": {"status": "available", "attach_status": "detached"}});
    expect(&cloud.admin.post(&action, reset).await, 409);
    expect(&cloud.admin.post(&action, json!({"os-force_delete": {}})).await, 400);
    assert_eq!(cloud.shown(&volume).await["status"], "in-use");
    assert!(cloud.file(&volume).exists());

    expect(&cloud.member.with_token("nova").delete(&path).await, 200);
    assert_eq!(cloud.shown(&volume).await["status"], "available");
}

#[tokio::test]
async fn an_attachment_of_the_user_is_made_connected_completed_and_removed() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let made = cloud
        .member
        .post("/v3/attachments", json!({"attachment": {"volume_uuid": volume, "mode": "ro"}}))
        .await;
    expect(&made, 200);
    let path = format!("/v3/attachments/{}", made.json["attachment"]["id"].as_str().unwrap());
    assert_eq!(made.json["attachment"]["status"], "reserved");
    assert_eq!(made.json["attachment"]["connection_info"], json!({}));
    assert_eq!(cloud.shown(&volume).await["status"], "reserved");
    expect(&cloud.member.post(&format!("{path}/action"), json!({"os-complete": {}})).await, 400);
    let twice = cloud.member.post("/v3/attachments", json!({"attachment": {"volume_uuid": volume}})).await;
    expect(&twice, 400);

    let connector = json!({"attachment": {"connector": {"host": "my-host", "mountpoint": "/dev/vdc"}}});
    let updated = cloud.member.put(&path, connector).await;
    expect(&updated, 200);
    assert_eq!(updated.json["attachment"]["connection_info"]["driver_volume_type"], "local");
    assert_eq!(cloud.shown(&volume).await["status"], "attaching");
    expect(&cloud.member.post(&format!("{path}/action"), json!({"os-complete": null})).await, 204);
    assert_eq!(cloud.shown(&volume).await["status"], "in-use");
    let list = cloud.member.get(&format!("/v3/attachments?volume_id={volume}")).await;
    assert_eq!(list.json["attachments"].as_array().map(Vec::len), Some(1));
    let stranger = cloud.member.with_token("stranger");
    expect(&stranger.get(&path).await, 404);
    expect(&stranger.delete(&path).await, 404);
    assert_eq!(stranger.get("/v3/attachments/detail").await.json["attachments"], json!([]));
    for body in [
        json!({"attachment": {}}),
        json!({"attachment": {"connector": {}}}),
        json!({"attachment": {"connector": {"mode": "x"}}}),
    ] {
        expect(&cloud.member.put(&path, body).await, 400);
    }

    let gone = cloud.member.delete(&path).await;
    assert_eq!((gone.status.as_u16(), gone.json), (200, json!({"attachments": []})));
    expect(&cloud.member.get(&path).await, 404);
    assert_eq!(cloud.shown(&volume).await["status"], "available");
}

#[tokio::test]
async fn a_volume_is_attached_and_detached_as_in_former_times() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let status = async || cloud.shown(&volume).await["status"].clone();
    expect(&cloud.act(&volume, json!({"os-reserve": null})).await, 202);
    assert_eq!(status().await, "attaching");
    expect(&cloud.act(&volume, json!({"os-reserve": null})).await, 400);
    expect(&cloud.act(&volume, json!({"os-unreserve": null})).await, 202);
    assert_eq!(status().await, "available");
    let info = cloud.act(&volume, json!({"os-initialize_connection": {"connector": {"host": "h"}}})).await;
    expect(&info, 200);
    assert_eq!(info.json["connection_info"]["data"]["format"], "raw");
    let attach = json!({"os-attach": {"instance_uuid": Uuid::new_v4(), "mountpoint": "/dev/vdb"}});
    expect(&cloud.act(&volume, attach.clone()).await, 202);
    assert_eq!(status().await, "in-use");
    expect(&cloud.act(&volume, attach).await, 400);
    expect(&cloud.act(&volume, json!({"os-extend": {"new_size": 2}})).await, 400);
    expect(&cloud.act(&volume, json!({"os-begin_detaching": null})).await, 202);
    assert_eq!(status().await, "detaching");
    expect(&cloud.act(&volume, json!({"os-roll_detaching": null})).await, 202);
    assert_eq!(status().await, "in-use");
    expect(&cloud.act(&volume, json!({"os-detach": {"attachment_id": Uuid::new_v4()}})).await, 404);
    expect(&cloud.act(&volume, json!({"os-detach": {}})).await, 202);
    assert_eq!(status().await, "available");
    expect(&cloud.act(&volume, json!({"os-terminate_connection": {"connector": {}}})).await, 202);
}

#[tokio::test]
async fn several_servers_may_have_a_volume_of_a_type_that_says_so() {
    let cloud = Cloud::running().await;
    let kind = json!({"volume_type": {"name": "many", "extra_specs": {"multiattach": "<is> True"}}});
    expect(&cloud.admin.post("/v3/types", kind).await, 200);
    let volume = cloud.volume(json!({"volume_type": "many"})).await;
    let attachments = [Uuid::new_v4(), Uuid::new_v4()];
    for attachment in attachments {
        cloud.cinder.reserve(&Cloud::caller(), attachment, id(&volume), Uuid::new_v4()).await.unwrap();
        cloud.cinder.connect(attachment, "h").await.unwrap();
        cloud.cinder.complete(attachment, "/dev/vdb").await.unwrap();
    }
    assert_eq!(cloud.shown(&volume).await["attachments"].as_array().map(Vec::len), Some(2));
    cloud.cinder.detach(attachments[0]).await.unwrap();
    assert_eq!(cloud.shown(&volume).await["status"], "in-use");
    cloud.cinder.detach(attachments[1]).await.unwrap();
    assert_eq!(cloud.shown(&volume).await["status"], Value::from("available"));
}
