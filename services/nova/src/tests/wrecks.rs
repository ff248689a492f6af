//! What breaks half-way ends well.

use contracts::hosts::{HostError, HostRequest};
use serde_json::json;

use crate::{Config, testing::Cloud};

fn refused() -> HostError {
    HostError::Refused { reason: "QEMU at /secret/path says no".into() }
}

async fn ask_for(cloud: &Cloud, name: &str) -> String {
    let made = cloud.newest("member").post("/v2.1/servers", cloud.server(name)).await;
    assert_eq!(made.status, 202, "{}", made.json);
    made.json["server"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_is_taken_when_one_fails() {
    let cloud = Cloud::with(Config::default(), &["h1", "h2"]).await;
    cloud.hosts.fail([refused()]);
    let id = ask_for(&cloud, "one").await;
    cloud.wait(&id, "ACTIVE").await;
    let starts: Vec<String> = cloud
        .hosts
        .asked()
        .into_iter()
        .filter(|(_, request)| matches!(request, HostRequest::Start { .. }))
        .map(|(host, _)| host)
        .collect();
    assert_eq!(starts.len(), 2);
    assert_ne!(starts[0], starts[1]);
    assert_eq!((cloud.placement.allocations(), cloud.networks.ports().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2019_003_a_fault_tells_the_owner_no_internals() {
    let cloud = Cloud::new().await;
    cloud.hosts.fail([refused()]);
    let id = ask_for(&cloud, "one").await;
    let seen_by_admin = cloud.wait(&id, "ERROR").await;
    assert_eq!(seen_by_admin["fault"]["code"], 500);
    let own = cloud.newest("member").get(&format!("/v2.1/servers/{id}")).await;
    assert!(own.json["server"]["fault"]["message"].as_str().unwrap().contains("retries"));
    assert!(own.json["server"]["fault"].get("details").is_none());
    assert!(!own.json.to_string().contains("/secret/path"));
    // Nothing is left of it but its row, which can be deleted.
    assert_eq!((cloud.placement.allocations(), cloud.networks.ports().len()), (0, 0));
    assert_eq!(cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await.status, 204);
    cloud.gone(&id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2026_022_no_room_means_no_server_and_no_allocation() {
    let cloud = Cloud::new().await;
    let admin = cloud.newest("admin");
    let flavor = json!({"flavor": {"name": "huge", "ram": 1_000_000, "vcpus": 1, "disk": 1, "id": "huge"}});
    admin.post("/v2.1/flavors", flavor).await;
    admin.put("/v2.1/os-quota-sets/p1", json!({"quota_set": {"ram": -1}})).await;
    let mut body = cloud.server("one");
    body["server"]["flavorRef"] = json!("huge");
    body["os:scheduler_hints"] = json!({"_nova_check_type": ["rebuild"]});
    let made = cloud.newest("member").post("/v2.1/servers", body).await;
    let id = made.json["server"]["id"].as_str().unwrap().to_owned();
    let server = cloud.wait(&id, "ERROR").await;
    assert_eq!(server["scheduler_hints"], json!({}));
    assert_eq!(server["fault"]["message"], "No valid host was found. There are not enough hosts available.");
    assert_eq!((cloud.placement.allocations(), cloud.hosts.machines()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_resumes_a_build_and_makes_nothing_twice() {
    let cloud = Cloud::new().await;
    cloud.hosts.stall(true);
    let id = ask_for(&cloud, "one").await;
    cloud.until("the host has begun", async || cloud.hosts.machines() == 1).await;
    cloud.hosts.stall(false);
    let next = cloud.again(Config::default()).await;
    drop(cloud);
    next.wait(&id, "ACTIVE").await;
    assert_eq!((next.hosts.machines(), next.placement.allocations(), next.networks.ports().len()), (1, 1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_resumes_an_action() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.hosts.leave("h1");
    assert_eq!(cloud.act("member", &id, json!({"os-stop": null})).await.status, 202);
    let hosts = cloud.hosts.clone();
    let next = cloud.again(Config::default()).await;
    drop(cloud);
    hosts.come_back("h1");
    next.wait(&id, "SHUTOFF").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_for_a_while_is_taken_again() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud
        .hosts
        .fail([HostError::Failed { reason: "busy".into() }, HostError::Failed { reason: "busy".into() }]);
    cloud.act("member", &id, json!({"os-stop": null})).await;
    cloud.wait(&id, "SHUTOFF").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_host_refuses_leaves_the_server_as_it_was() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.hosts.fail([refused()]);
    cloud.act("member", &id, json!({"pause": null})).await;
    cloud.wait(&id, "ACTIVE").await;
    let actions = cloud.newest("member").get(&format!("/v2.1/servers/{id}/os-instance-actions")).await;
    assert_eq!(actions.json["instanceActions"][0]["message"], "Error");
    assert!(!actions.json.to_string().contains("/secret/path"));
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2015_017_deleting_wins_in_any_state_and_leaves_nothing() {
    let cloud = Cloud::new().await;
    for action in [
        json!({"resize": {"flavorRef": "2"}}),
        json!({"reboot": {"type": "HARD"}}),
        json!({"os-stop": null}),
        json!({"createImage": {"name": "x"}}),
        json!({"shelve": null}),
        json!({"rescue": null}),
    ] {
        let id = cloud.active("one").await;
        let volume = cloud.volumes.add(false);
        let body = json!({"volumeAttachment": {"volumeId": volume.to_string()}});
        let path = format!("/v2.1/servers/{id}");
        cloud.newest("member").post(&format!("{path}/os-volume_attachments"), body).await;
        assert!(cloud.act("member", &id, action.clone()).await.status.is_success(), "{action}");
        assert_eq!(cloud.newest("member").delete(&path).await.status, 204, "{action}");
        cloud.gone(&id).await;
        assert_eq!(cloud.hosts.machines(), 0, "{action}");
        assert_eq!(cloud.placement.allocations(), 0, "{action}");
        assert!(cloud.networks.ports().is_empty(), "{action}");
        assert_eq!(cloud.volumes.status(volume).unwrap(), "available", "{action}");
    }
    // Just asked for, and at once deleted.
    let id = ask_for(&cloud, "two").await;
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert_eq!((cloud.hosts.machines(), cloud.placement.allocations()), (0, 0));
    assert!(cloud.networks.ports().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_servers_is_built() {
    let cloud = Cloud::with(Config::default(), &["h1", "h2", "h3"]).await;
    let unlimited = json!({"quota_set": {"instances": -1, "cores": -1, "ram": -1}});
    cloud.newest("admin").put("/v2.1/os-quota-sets/p1", unlimited).await;
    let began = std::time::Instant::now();
    let mut body = cloud.server("b");
    body["server"]["min_count"] = json!(50);
    assert_eq!(cloud.newest("member").post("/v2.1/servers", body).await.status, 202);
    let client = cloud.newest("member");
    cloud
        .until("all are ACTIVE", async || {
            client.get("/v2.1/servers?status=ACTIVE").await.json["servers"].as_array().unwrap().len() == 50
        })
        .await;
    println!("50 servers in {:?}", began.elapsed());
    assert_eq!((cloud.hosts.machines(), cloud.placement.allocations()), (50, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_unshelved_stays_shelved_with_its_ports() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.act("member", &id, json!({"shelve": null})).await;
    cloud.wait(&id, "SHELVED_OFFLOADED").await;
    cloud.hosts.fail([refused()]);
    cloud.act("member", &id, json!({"unshelve": null})).await;
    cloud.wait(&id, "SHELVED_OFFLOADED").await;
    assert_eq!((cloud.networks.ports().len(), cloud.placement.allocations()), (1, 0));
    cloud.act("member", &id, json!({"unshelve": null})).await;
    cloud.wait(&id, "ACTIVE").await;
}
