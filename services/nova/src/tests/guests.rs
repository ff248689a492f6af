use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use contracts::compute::{Metadata, MetadataRequest, ServerEvents};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::Cloud;

async fn ask(cloud: &Cloud, host: &str, address: &str, path: &str) -> (u16, String) {
    let source: IpAddr = address.parse().unwrap();
    let network = cloud.networks.usual();
    let asked = question(network, source, "GET", path, b"");
    let answer = cloud.nova.answer(host, asked).await.unwrap();
    (answer.status, String::from_utf8(answer.body).unwrap())
}

fn question(network: Uuid, source: IpAddr, method: &str, path: &str, body: &[u8]) -> MetadataRequest {
    MetadataRequest { network, source, method: method.into(), path: path.into(), body: body.to_vec() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_tells_its_password_once_and_its_owner_reads_and_clears_it() {
    let cloud = Cloud::new().await;
    let id = talkative(&cloud).await;
    let (host, _, _) = cloud.hosts.machine(&id).unwrap();
    let (network, source) = (cloud.networks.usual(), "10.0.0.10".parse().unwrap());
    let path = "/openstack/latest/password";
    let told = async |body: &[u8]| {
        cloud.nova.answer(&host, question(network, source, "POST", path, body)).await.unwrap().status
    };
    assert_eq!(told(&[b'x'; 2000]).await, 400);
    assert_eq!(told(b"sealed").await, 200);
    assert_eq!(told(b"again").await, 409);
    let address = format!("/v2.1/servers/{id}/os-server-password");
    assert_eq!(cloud.client("member").get(&address).await.json["password"], "sealed");
    assert_eq!(cloud.client("member").delete(&address).await.status, 204);
    assert_eq!(cloud.client("member").get(&address).await.json["password"], "");
}

async fn talkative(cloud: &Cloud) -> String {
    let key = json!({"keypair": {"name": "k"}});
    cloud.client("member").post("/v2.1/os-keypairs", key).await;
    let mut body = cloud.server("Guest One");
    body["server"]["key_name"] = json!("k");
    body["server"]["user_data"] = json!(BASE64_STANDARD.encode("#!/bin/sh"));
    body["server"]["metadata"] = json!({"role": "web"});
    body["server"]["config_drive"] = json!(true);
    let made = cloud.newest("member").post("/v2.1/servers", body).await;
    let id = made.json["server"]["id"].as_str().unwrap().to_owned();
    cloud.wait(&id, "ACTIVE").await;
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_of_itself_in_both_forms() {
    let cloud = Cloud::new().await;
    let id = talkative(&cloud).await;
    let get = async |path: &str| ask(&cloud, "h1", "10.0.0.10", path).await;
    let (status, text) = get("/openstack/latest/meta_data.json").await;
    let data: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &data["uuid"], &data["hostname"]), (200, &json!(id), &json!("guest-one")));
    assert_eq!(data["meta"]["role"], "web");
    assert!(data["public_keys"]["k"].as_str().unwrap().starts_with("ecdsa-sha2-nistp256"));
    assert_eq!(get("/openstack/latest/user_data").await, (200, "#!/bin/sh".into()));
    let (_, network) = get("/openstack/2018-08-27/network_data.json").await;
    let network: Value = serde_json::from_str(&network).unwrap();
    assert_eq!(network["networks"][0]["type"], "ipv4_dhcp");
    assert_eq!(get("/latest/meta-data/local-ipv4").await, (200, "10.0.0.10".into()));
    assert_eq!(get("/2009-04-04/meta-data/hostname").await, (200, "guest-one".into()));
    assert_eq!(get("/latest/meta-data/public-keys/").await, (200, "0=k".into()));
    assert!(get("/latest/meta-data/public-keys/0/openssh-key").await.1.starts_with("ecdsa-"));
    assert!(get("/latest/meta-data/").await.1.contains("placement/"));
    assert_eq!(get("/latest/user-data").await.1, "#!/bin/sh");
    for path in [
        "/nothing",
        "/latest/meta-data/none",
        "/openstack/latest/none",
        "/openstack/1999-01-01/meta_data.json",
    ] {
        assert_eq!(get(path).await.0, 404, "{path}");
    }
    let drive = cloud.hosts.machine(&id).unwrap().1.config_drive.unwrap();
    assert_eq!(drive["openstack/latest/user_data"], b"#!/bin/sh");
    let data: Value = serde_json::from_slice(&drive["openstack/latest/meta_data.json"]).unwrap();
    assert_eq!(data["uuid"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn ossn_0074_who_a_guest_is_follows_from_its_address_and_host_alone() {
    let cloud = Cloud::with(crate::Config::default(), &["h1", "h2"]).await;
    let id = talkative(&cloud).await;
    let (host, _, _) = cloud.hosts.machine(&id).unwrap();
    let other = if host == "h1" { "h2" } else { "h1" };
    assert_eq!(ask(&cloud, &host, "10.0.0.10", "/latest/meta-data/hostname").await.0, 200);
    // A host that does not run the server is told nothing, and neither is an address that nobody has.
    assert_eq!(ask(&cloud, other, "10.0.0.10", "/latest/meta-data/hostname").await.0, 404);
    assert_eq!(ask(&cloud, &host, "10.0.0.99", "/latest/meta-data/hostname").await.0, 404);
    let asked = question(Uuid::new_v4(), "10.0.0.10".parse().unwrap(), "GET", "/", b"");
    let elsewhere = cloud.nova.answer(&host, asked).await;
    assert_eq!(elsewhere.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floating_address_is_shown_once_neutron_tells() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.networks.float(&id, "192.0.2.7".parse().unwrap());
    cloud.nova.network_changed(Uuid::parse_str(&id).unwrap()).await;
    cloud
        .until("it is shown", async || {
            let server = cloud.wait(&id, "ACTIVE").await;
            server["addresses"]["net"][1]["OS-EXT-IPS:type"] == "floating"
        })
        .await;
    let ips = cloud.client("member").get(&format!("/v2.1/servers/{id}/ips/net")).await;
    assert_eq!(ips.json["net"][1]["addr"], "192.0.2.7");
    let by_ip = cloud.client("member").get("/v2.1/servers?ip=192.0.2").await;
    assert_eq!(by_ip.json["servers"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_s_last_lines_are_read() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let read = async |length: Value| {
        let answer = cloud.act("member", &id, json!({"os-getConsoleOutput": {"length": length}})).await;
        answer.json["output"].clone()
    };
    assert_eq!(read(json!(1)).await, "three");
    assert_eq!(read(json!("2")).await, "two\nthree");
    assert_eq!(read(Value::Null).await, "one\ntwo\nthree");
}
