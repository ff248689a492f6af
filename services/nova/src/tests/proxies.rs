//! What belongs to Neutron and Glance, in the API until 2.35.

use serde_json::{Value, json};

use crate::testing::Cloud;

async fn group(cloud: &Cloud, name: &str) -> Value {
    let body = json!({"security_group": {"name": name, "description": "d"}});
    let made = cloud.client("member").post("/v2.1/os-security-groups", body).await;
    assert_eq!(made.status, 200, "{}", made.json);
    made.json["security_group"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn security_groups_are_made_changed_and_deleted() {
    let cloud = Cloud::new().await;
    let member = cloud.client("member");
    let id = group(&cloud, "web").await["id"].as_str().unwrap().to_owned();
    let one = format!("/v2.1/os-security-groups/{id}");
    let shown = member.get(&one).await.json;
    let expected = json!({"id": id, "name": "web", "description": "d", "tenant_id": "p1", "rules": []});
    assert_eq!(shown["security_group"], expected);
    let renamed = json!({"security_group": {"name": "www", "description": ""}});
    assert_eq!(member.put(&one, renamed.clone()).await.json["security_group"]["name"], "www");
    assert_eq!(cloud.client("reader").put(&one, renamed).await.status, 403);
    assert_eq!(member.get("/v2.1/os-security-groups?limit=0").await.json["security_groups"][0]["id"], *id);
    assert_eq!(member.get("/v2.1/os-security-groups?offset=1").await.json, json!({"security_groups": []}));
    assert_eq!(member.get("/v2.1/os-security-groups?limit=x").await.status, 400);
    assert_eq!(member.get("/v2.1/os-security-groups/17").await.status, 400);
    let none = format!("/v2.1/os-security-groups/{}", uuid::Uuid::new_v4());
    assert_eq!(member.get(&none).await.status, 404);
    let default = json!({"security_group": {"name": "default", "description": "d"}});
    assert_eq!(member.post("/v2.1/os-security-groups", default).await.status, 403);
    let used = group(&cloud, "used").await;
    let used = format!("/v2.1/os-security-groups/{}", used["id"].as_str().unwrap());
    assert_eq!(member.delete(&used).await.status, 400);
    assert_eq!(member.delete(&one).await.status, 202);
    assert_eq!(member.delete(&one).await.status, 404);
    assert_eq!(cloud.newest("member").get("/v2.1/os-security-groups").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_say_protocol_ports_and_source() {
    let cloud = Cloud::new().await;
    let member = cloud.client("member");
    let web = group(&cloud, "web").await["id"].clone();
    let post = async |more: Value| {
        let mut rule = json!({"parent_group_id": web});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        member.post("/v2.1/os-security-group-rules", json!({"security_group_rule": rule})).await
    };
    let tcp = json!({"ip_protocol": "tcp", "from_port": 22, "to_port": "22"});
    let made = post(tcp.clone()).await;
    assert_eq!(made.status, 200, "{}", made.json);
    let rule = &made.json["security_group_rule"];
    assert_eq!(rule["ip_range"], json!({"cidr": "0.0.0.0/0"}));
    assert_eq!((&rule["from_port"], &rule["to_port"], &rule["group"]), (&json!(22), &json!(22), &json!({})));
    assert_eq!(post(tcp).await.status, 400);
    let of_group = post(json!({"ip_protocol": "udp", "group_id": web})).await;
    let rule_of_group = &of_group.json["security_group_rule"];
    assert_eq!(rule_of_group["group"], json!({"name": "web", "tenant_id": "p1"}));
    assert_eq!((&rule_of_group["from_port"], &rule_of_group["ip_range"]), (&json!(1), &json!({})));
    for bad in [
        json!({}),
        json!({"ip_protocol": "tcp"}),
        json!({"ip_protocol": "gre", "from_port": 1, "to_port": 2}),
        json!({"ip_protocol": "tcp", "from_port": 0, "to_port": 2}),
        json!({"ip_protocol": "tcp", "from_port": 3, "to_port": 2}),
        json!({"ip_protocol": "tcp", "from_port": 3, "to_port": 65536}),
        json!({"ip_protocol": "tcp", "from_port": "x", "to_port": 2}),
        json!({"ip_protocol": "icmp", "from_port": 256, "to_port": -1}),
        json!({"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.0/33"}),
        json!({"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": "10.0.0.1/0"}),
        json!({"ip_protocol": "tcp", "from_port": 1, "to_port": 2, "cidr": 5}),
        json!({"parent_group_id": "17"}),
    ] {
        assert_eq!(post(bad.clone()).await.status, 400, "{bad}");
    }
    let one = format!("/v2.1/os-security-group-rules/{}", rule["id"].as_str().unwrap());
    assert_eq!(member.delete(&one).await.status, 202);
    assert_eq!(member.delete(&one).await.status, 404);
    assert_eq!(member.delete("/v2.1/os-security-group-rules/17").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_floating_ip_leads_to_a_server_until_it_is_taken_away() {
    let cloud = Cloud::new().await;
    let (member, server) = (cloud.client("member"), cloud.active("s").await);
    let take = async |pool: Value| member.post("/v2.1/os-floating-ips", json!({"pool": pool})).await;
    assert_eq!(take(json!("nowhere")).await.status, 404);
    let made = take(json!("public")).await;
    assert_eq!(made.status, 200, "{}", made.json);
    let ip = made.json["floating_ip"].clone();
    assert_eq!(
        (&ip["pool"], &ip["instance_id"], &ip["fixed_ip"]),
        (&json!("public"), &json!(null), &json!(null))
    );
    let second = take(json!(null)).await.json["floating_ip"].clone();
    assert_eq!(take(json!(null)).await.status, 403);
    let action = format!("/v2.1/servers/{server}/action");
    let old = cloud.client("member").with_header("openstack-api-version", "compute 2.43");
    let add = async |address: &Value| old.post(&action, json!({"addFloatingIp": {"address": address}})).await;
    assert_eq!(add(&ip["ip"]).await.status, 202);
    let one = format!("/v2.1/os-floating-ips/{}", ip["id"].as_str().unwrap());
    assert_eq!(member.get(&one).await.json["floating_ip"]["instance_id"], *server);
    assert_eq!(add(&second["ip"]).await.status, 400);
    assert_eq!(add(&json!("0.0.0.0")).await.status, 404);
    assert_eq!(add(&json!("")).await.status, 400);
    let remove = json!({"removeFloatingIp": {"address": ip["ip"]}});
    assert_eq!(cloud.newest("member").post(&action, remove.clone()).await.status, 400);
    assert_eq!(old.post(&action, remove.clone()).await.status, 202);
    assert_eq!(old.post(&action, remove).await.status, 409);
    assert_eq!(member.delete(&one).await.status, 202);
    assert_eq!(member.delete(&one).await.status, 404);
    assert_eq!(member.get("/v2.1/os-floating-ips/x").await.status, 404);
    assert_eq!(member.get("/v2.1/os-floating-ip-pools").await.json, json!({"floating_ip_pools": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_shown_with_what_is_still_known() {
    let cloud = Cloud::new().await;
    let id = cloud.networks.usual().to_string();
    let member = cloud.client("member");
    let shown = member.get(&format!("/v2.1/os-networks/{id}")).await.json["network"].clone();
    assert_eq!(
        (&shown["label"], shown.get("cidr"), shown.get("vlan")),
        (&json!("net"), Some(&json!(null)), None)
    );
    let short = json!({"id": id, "cidr": "None", "label": "net"});
    assert_eq!(member.get("/v2.1/os-tenant-networks").await.json, json!({"networks": [short]}));
    assert_eq!(member.get("/v2.1/os-networks/x").await.status, 404);
    assert!(cloud.client("admin").get("/v2.1/os-networks").await.json["networks"][0].get("vlan").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn images_and_their_metadata_are_glances() {
    let cloud = Cloud::new().await;
    let (member, id) = (cloud.client("member"), cloud.images.usual().to_string());
    let list = member.get("/v2.1/images?limit=1").await.json;
    assert_eq!(
        (&list["images"][0]["id"], &list["images"][0]["links"][2]["rel"]),
        (&json!(id), &json!("alternate"))
    );
    assert!(list["images_links"][0]["href"].as_str().unwrap().contains(&id));
    assert_eq!(member.get("/v2.1/images/detail?name=other").await.json, json!({"images": []}));
    assert_eq!(member.get("/v2.1/images?changes-since=soon").await.status, 400);
    let shown = member.get(&format!("/v2.1/images/{id}")).await.json["image"].clone();
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("ACTIVE"), &json!(100)));
    assert_eq!(member.get("/v2.1/images/x").await.status, 404);
    let all = format!("/v2.1/images/{id}/metadata");
    let merged = member.post(&all, json!({"metadata": {"os": "a"}})).await.json;
    assert_eq!(merged["metadata"], json!({"hw_disk_bus": "virtio", "os": "a"}));
    assert_eq!(member.put(&all, json!({"metadata": {"os": "b"}})).await.json["metadata"], json!({"os": "b"}));
    let item = format!("{all}/os");
    assert_eq!(member.put(&item, json!({"meta": {"other": "x"}})).await.status, 400);
    assert_eq!(member.put(&item, json!({"meta": {"os": "c"}})).await.json, json!({"meta": {"os": "c"}}));
    assert_eq!(member.get(&item).await.json, json!({"meta": {"os": "c"}}));
    assert_eq!(member.delete(&item).await.status, 204);
    assert_eq!(member.delete(&item).await.status, 404);
    assert_eq!(cloud.newest("member").get("/v2.1/images").await.status, 404);
    assert_eq!(member.delete(&format!("/v2.1/images/{id}")).await.status, 204);
}
