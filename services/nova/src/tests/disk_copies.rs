use contracts::{
    CallError,
    compute::DiskCopies,
    hosts::{HostError, HostRequest},
};
use serde_json::json;
use uuid::Uuid;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn the_host_of_the_server_that_has_a_volume_copies_it() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let volume = cloud.volumes.add(false);
    let path = format!("/v2.1/servers/{id}/os-volume_attachments");
    let body = json!({"volumeAttachment": {"volumeId": volume.to_string()}});
    assert_eq!(cloud.newest("member").post(&path, body).await.status, 200);
    cloud.until("it is in use", async || cloud.volumes.status(volume).unwrap() == "in-use").await;

    let server = Uuid::parse_str(&id).unwrap();
    let copy = async || cloud.nova.copy_volume(server, volume, "/shared/copy").await;
    copy().await.unwrap();
    let wanted = HostRequest::CopyDisk { id: server, device: "vdb".into(), to: "/shared/copy".into() };
    assert_eq!(cloud.hosts.asked().last(), Some(&("h1".to_owned(), wanted)));

    cloud.hosts.fail([
        HostError::Failed { reason: "busy".into() },
        HostError::Refused { reason: "/secret/place is full".into() },
        HostError::NotFound { what: "disk vdb".into() },
    ]);
    assert!(matches!(copy().await, Err(CallError::Unavailable { .. })));
    match copy().await {
        Err(CallError::Conflict(text)) => assert!(!text.contains("secret"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(copy().await, Err(CallError::NotFound(_))));
    cloud.hosts.leave("h1");
    assert!(matches!(copy().await, Err(CallError::Unavailable { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_that_no_machine_has_is_nobodys_to_copy() {
    let cloud = Cloud::new().await;
    let id = Uuid::parse_str(&cloud.active("one").await).unwrap();
    for server in [id, Uuid::new_v4()] {
        let answer = cloud.nova.copy_volume(server, Uuid::new_v4(), "/shared/copy").await;
        assert!(matches!(answer, Err(CallError::NotFound(_))));
    }
    assert!(cloud.hosts.asked().iter().all(|(_, asked)| !matches!(asked, HostRequest::CopyDisk { .. })));
}
