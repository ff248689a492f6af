use serde_json::json;
use uuid::Uuid;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_attached_and_detached() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let volume = cloud.volumes.add(false);
    let client = cloud.newest("member");
    let path = format!("/v2.1/servers/{id}/os-volume_attachments");
    let answer = client.post(&path, json!({"volumeAttachment": {"volumeId": volume.to_string()}})).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(answer.json["volumeAttachment"]["device"], "/dev/vdb");
    cloud.until("it is in use", async || cloud.volumes.status(volume).unwrap() == "in-use").await;
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.disks[1].device, "vdb");
    let twice = client.post(&path, json!({"volumeAttachment": {"volumeId": volume.to_string()}})).await;
    assert_eq!(twice.status, 400);
    assert_eq!(client.get(&path).await.json["volumeAttachments"].as_array().unwrap().len(), 1);
    assert_eq!(client.delete(&format!("{path}/{volume}")).await.status, 202);
    cloud.until("it is free", async || cloud.volumes.status(volume).unwrap() == "available").await;
    cloud
        .until("it is gone", async || {
            client.get(&path).await.json["volumeAttachments"].as_array().unwrap().is_empty()
        })
        .await;
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.disks.len(), 1);
    assert_eq!(client.get(&format!("{path}/{}", Uuid::new_v4())).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2023_003_a_server_can_not_have_a_volume_that_another_has() {
    let cloud = Cloud::new().await;
    let (one, two) = (cloud.active("one").await, cloud.active("two").await);
    let volume = cloud.volumes.add(false);
    let body = json!({"volumeAttachment": {"volumeId": volume.to_string()}});
    let client = cloud.newest("member");
    assert_eq!(
        client.post(&format!("/v2.1/servers/{one}/os-volume_attachments"), body.clone()).await.status,
        200
    );
    assert_eq!(client.post(&format!("/v2.1/servers/{two}/os-volume_attachments"), body).await.status, 400);
    // Nor can it be detached by way of another server.
    assert_eq!(
        client.delete(&format!("/v2.1/servers/{two}/os-volume_attachments/{volume}")).await.status,
        404
    );
    assert_eq!(cloud.hosts.machine(&two).unwrap().1.disks.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_boots_from_a_new_volume_that_goes_with_it() {
    let cloud = Cloud::new().await;
    let mut body = cloud.server("bfv");
    body["server"].as_object_mut().unwrap().remove("imageRef");
    body["server"]["block_device_mapping_v2"] = json!([{
        "boot_index": 0, "uuid": cloud.images.usual().to_string(), "source_type": "image",
        "destination_type": "volume", "volume_size": 2, "delete_on_termination": true,
    }]);
    let made = cloud.newest("member").post("/v2.1/servers", body).await;
    assert_eq!(made.status, 202, "{}", made.json);
    let id = made.json["server"]["id"].as_str().unwrap().to_owned();
    let server = cloud.wait(&id, "ACTIVE").await;
    assert_eq!(server["image"], "");
    assert_eq!(server["os-extended-volumes:volumes_attached"].as_array().unwrap().len(), 1);
    assert_eq!(cloud.volumes.number(), 1);
    assert!(!cloud.placement.allocation(&id).unwrap().contains_key("DISK_GB"));
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert_eq!(cloud.volumes.number(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_a_user_made_stays_when_the_server_goes() {
    let cloud = Cloud::new().await;
    let volume = cloud.volumes.add(true);
    let mut body = cloud.server("bfv");
    body["server"].as_object_mut().unwrap().remove("imageRef");
    body["server"]["block_device_mapping_v2"] = json!([{
        "boot_index": 0, "uuid": volume.to_string(), "source_type": "volume", "destination_type": "volume",
    }]);
    let made = cloud.newest("member").post("/v2.1/servers", body).await;
    let id = made.json["server"]["id"].as_str().unwrap().to_owned();
    cloud.wait(&id, "ACTIVE").await;
    assert_eq!(cloud.volumes.status(volume).unwrap(), "in-use");
    let root =
        cloud.newest("member").delete(&format!("/v2.1/servers/{id}/os-volume_attachments/{volume}")).await;
    assert_eq!(root.status, 403);
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert_eq!(cloud.volumes.status(volume).unwrap(), "available");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_plugged_in_and_pulled_out() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let client = cloud.newest("member");
    let path = format!("/v2.1/servers/{id}/os-interface");
    let network = cloud.networks.usual().to_string();
    let answer = client.post(&path, json!({"interfaceAttachment": {"net_id": network}})).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let port = answer.json["interfaceAttachment"]["port_id"].as_str().unwrap().to_owned();
    cloud.until("it has two cards", async || cloud.hosts.machine(&id).unwrap().1.nics.len() == 2).await;
    assert_eq!(client.get(&path).await.json["interfaceAttachments"].as_array().unwrap().len(), 2);
    assert_eq!(client.delete(&format!("{path}/{port}")).await.status, 202);
    cloud.until("it has one card", async || cloud.networks.ports().len() == 1).await;
    assert_eq!(client.get(&format!("{path}/{port}")).await.status, 404);

    let own = cloud.networks.add();
    let answer = client.post(&path, json!({"interfaceAttachment": {"port_id": own.to_string()}})).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    cloud.until("the machine has it", async || cloud.hosts.machine(&id).unwrap().1.nics.len() == 2).await;
    client.delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    let left = cloud.networks.ports();
    assert_eq!((left.len(), left[0].id, left[0].device_id.as_str()), (1, own, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_attached_on_behalf_of_who_asks_not_of_who_made_the_server() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let volume = cloud.volumes.add_to("p9", false);
    let path = format!("/v2.1/servers/{id}/os-volume_attachments");
    let body = json!({"volumeAttachment": {"volumeId": volume.to_string()}});
    assert_eq!(cloud.newest("member").post(&path, body.clone()).await.status, 404);
    assert_eq!(cloud.newest("admin").post(&path, body).await.status, 200);
    cloud.until("the volume is attached", async || cloud.volumes.status(volume).unwrap() == "in-use").await;
    let listed = cloud.newest("member").get(&path).await;
    assert_eq!(listed.json["volumeAttachments"][0]["volumeId"], json!(volume.to_string()));
}
