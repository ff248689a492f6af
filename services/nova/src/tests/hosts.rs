use contracts::machine::Power;
use serde_json::json;

use crate::{Config, testing::Cloud};

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_powers_itself_off_is_shown_as_shutoff() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.hosts.becomes(&id, Power::Off);
    let server = cloud.wait(&id, "SHUTOFF").await;
    assert_eq!(server["OS-EXT-STS:power_state"], 4);
    cloud.hosts.becomes(&id, Power::Running);
    cloud.wait(&id, "ACTIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_away_loses_nothing() {
    let cloud = Cloud::new().await;
    let (kept, deleted) = (cloud.active("kept").await, cloud.active("deleted").await);
    cloud.hosts.leave("h1");
    let admin = cloud.newest("admin");
    cloud
        .until("the service is down", async || {
            admin.get("/v2.1/os-services").await.json["services"][0]["state"] == "down"
        })
        .await;
    // A server can be deleted while its host is away; its machine goes when the host is back.
    admin.delete(&format!("/v2.1/servers/{deleted}")).await;
    cloud.gone(&deleted).await;
    assert!(cloud.hosts.machine(&deleted).is_some());
    cloud.hosts.come_back("h1");
    cloud.until("the machine is gone", async || cloud.hosts.machine(&deleted).is_none()).await;
    assert_eq!(cloud.wait(&kept, "ACTIVE").await["host_status"], "UP");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_its_host_forgot_is_made_again() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.hosts.leave("h1");
    cloud.hosts.forget_machines();
    cloud.hosts.come_back("h1");
    cloud.until("it is there again", async || cloud.hosts.machine(&id).is_some()).await;
    cloud.wait(&id, "ACTIVE").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_an_anti_affinity_group_are_on_different_hosts() {
    let cloud = Cloud::with(Config::default(), &["h1", "h2"]).await;
    let client = cloud.newest("member");
    let group = json!({"server_group": {"name": "g", "policy": "anti-affinity"}});
    let group = client.post("/v2.1/os-server-groups", group).await;
    assert_eq!(group.status, 200, "{}", group.json);
    let group = group.json["server_group"]["id"].clone();
    let mut body = cloud.server("g");
    body["os:scheduler_hints"] = json!({"group": group});
    body["server"]["min_count"] = json!(3);
    assert_eq!(client.post("/v2.1/servers", body).await.status, 202);
    let settled = async || {
        let list = client.get("/v2.1/servers/detail").await;
        let servers = list.json["servers"].as_array().unwrap().clone();
        servers.iter().all(|server| server["status"] != "BUILD")
    };
    cloud.until("all are settled", settled).await;
    let list = cloud.newest("admin").get("/v2.1/servers/detail?all_tenants=1").await;
    let mut hosts: Vec<_> = list.json["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|server| server["OS-EXT-SRV-ATTR:host"].to_string())
        .collect();
    hosts.sort();
    assert_eq!(hosts, ["\"h1\"", "\"h2\"", "null"]);
}
