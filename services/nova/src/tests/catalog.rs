use serde_json::json;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn versions_tell_the_range_of_microversions() {
    let cloud = Cloud::new().await;
    let all = cloud.client("").get("/").await;
    assert_eq!(all.json["versions"][1]["version"], "2.104");
    let one = cloud.client("").get("/v2.1/").await;
    assert_eq!(one.json["version"]["min_version"], "2.1");
    assert_eq!(one.json["version"]["links"][0]["href"], "http://127.0.0.1:8780/compute/v2.1/");
    assert_eq!(cloud.client("").get("/v2/").await.json["version"]["id"], "v2.0");
    let refused = cloud.client("member").with_header("openstack-api-version", "compute 2.200");
    assert_eq!(refused.get("/v2.1/flavors").await.status, 406);
    // A path may name the project, which must be the token's.
    let project = "0123456789abcdef0123456789abcdef";
    let foreign = cloud.client("member").get(&format!("/v2.1/{project}/flavors")).await;
    assert_eq!(foreign.status, 400);
    assert!(foreign.json["badRequest"]["message"].as_str().unwrap().contains(project), "{}", foreign.json);
}

#[tokio::test(flavor = "multi_thread")]
async fn flavors_are_made_listed_restricted_and_deleted() {
    let cloud = Cloud::new().await;
    let (admin, member) = (cloud.newest("admin"), cloud.newest("member"));
    assert_eq!(member.get("/v2.1/flavors").await.json["flavors"].as_array().unwrap().len(), 7);
    let new = json!({"flavor": {"name": "own", "ram": "64", "vcpus": 1, "disk": 0, "id": "own",
        "os-flavor-access:is_public": false}});
    assert_eq!(member.post("/v2.1/flavors", new.clone()).await.status, 403);
    let made = admin.post("/v2.1/flavors", new.clone()).await;
    assert_eq!(made.status, 200, "{}", made.json);
    assert_eq!(made.json["flavor"]["ram"], 64);
    assert_eq!(admin.post("/v2.1/flavors", new).await.status, 409);
    assert_eq!(member.get("/v2.1/flavors/own").await.status, 404);
    let access = json!({"addTenantAccess": {"tenant": "p1"}});
    assert_eq!(admin.post("/v2.1/flavors/own/action", access).await.status, 200);
    assert_eq!(member.get("/v2.1/flavors/own").await.status, 200);
    assert_eq!(member.get("/v2.1/flavors").await.json["flavors"].as_array().unwrap().len(), 8);
    let specs = "/v2.1/flavors/own/os-extra_specs";
    assert_eq!(admin.post(specs, json!({"extra_specs": {"hw:cpu": "x"}})).await.status, 200);
    assert_eq!(member.get(&format!("{specs}/hw:cpu")).await.json, json!({"hw:cpu": "x"}));
    assert_eq!(member.put(&format!("{specs}/hw:cpu"), json!({"hw:cpu": "y"})).await.status, 403);
    assert_eq!(admin.put(&format!("{specs}/hw:cpu"), json!({"other": "y"})).await.status, 400);
    assert_eq!(admin.delete(&format!("{specs}/none")).await.status, 404);
    assert_eq!(admin.delete("/v2.1/flavors/own").await.status, 202);
    assert_eq!(admin.delete("/v2.1/flavors/own").await.status, 404);
    for body in [
        json!({"flavor": {"name": "", "ram": 1, "vcpus": 1, "disk": 1}}),
        json!({"flavor": {"name": "x", "ram": 0, "vcpus": 1, "disk": 1}}),
        json!({"flavor": {"name": "x", "ram": "many", "vcpus": 1, "disk": 1}}),
        json!({"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 1, "more": 1}}),
    ] {
        assert_eq!(admin.post("/v2.1/flavors", body.clone()).await.status, 400, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keypairs_belong_to_users() {
    let cloud = Cloud::new().await;
    let member = cloud.client("member");
    let made = member.post("/v2.1/os-keypairs", json!({"keypair": {"name": "k"}})).await;
    assert_eq!(made.status, 200);
    assert!(made.json["keypair"]["private_key"].as_str().unwrap().contains("PRIVATE KEY"));
    assert_eq!(member.post("/v2.1/os-keypairs", json!({"keypair": {"name": "k"}})).await.status, 409);
    let shown = cloud.newest("member").get("/v2.1/os-keypairs/k").await;
    assert_eq!(shown.json["keypair"]["type"], "ssh");
    assert!(shown.json["keypair"].get("private_key").is_none());
    assert_eq!(cloud.client("stranger").get("/v2.1/os-keypairs/k").await.status, 404);
    assert_eq!(cloud.newest("stranger").get("/v2.1/os-keypairs/k?user_id=member").await.status, 403);
    assert_eq!(cloud.newest("admin").get("/v2.1/os-keypairs/k?user_id=member").await.status, 200);
    let import = json!({"keypair": {"name": "i", "public_key": made.json["keypair"]["public_key"]}});
    assert_eq!(cloud.newest("member").post("/v2.1/os-keypairs", import).await.status, 201);
    // From 2.92 on keys are only imported.
    let none = cloud.newest("member").post("/v2.1/os-keypairs", json!({"keypair": {"name": "z"}})).await;
    assert_eq!(none.status, 400);
    let junk = json!({"keypair": {"name": "j", "public_key": "ssh-rsa JUNK nova@ubuntu"}});
    assert_eq!(member.post("/v2.1/os-keypairs", junk).await.status, 400);
    assert_eq!(member.delete("/v2.1/os-keypairs/k").await.status, 202);
    assert_eq!(cloud.newest("member").delete("/v2.1/os-keypairs/k").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_hosts_and_group_them() {
    let cloud = Cloud::new().await;
    let admin = cloud.newest("admin");
    let id = cloud.active("one").await;
    let services = admin.get("/v2.1/os-services").await;
    assert_eq!(services.json["services"][0]["state"], "up");
    let hypervisors = admin.get("/v2.1/os-hypervisors?with_servers=true").await;
    assert_eq!(hypervisors.json["hypervisors"][0]["servers"][0]["uuid"], json!(id));
    let old = cloud.client("admin").get("/v2.1/os-hypervisors/statistics").await;
    assert_eq!(old.json["hypervisor_statistics"]["running_vms"], 1);
    assert_eq!(admin.get("/v2.1/os-hypervisors/statistics").await.status, 404);
    assert_eq!(cloud.client("member").get("/v2.1/os-hypervisors").await.status, 403);
    let made = admin
        .post("/v2.1/os-aggregates", json!({"aggregate": {"name": "a", "availability_zone": "z"}}))
        .await;
    assert_eq!(made.status, 200, "{}", made.json);
    let aggregate = made.json["aggregate"]["id"].as_i64().unwrap();
    let path = format!("/v2.1/os-aggregates/{aggregate}/action");
    assert_eq!(admin.post(&path, json!({"add_host": {"host": "none"}})).await.status, 404);
    assert_eq!(admin.post(&path, json!({"add_host": {"host": "h1"}})).await.status, 200);
    assert_eq!(admin.post(&path, json!({"add_host": {"host": "h1"}})).await.status, 409);
    let zones = cloud.client("member").get("/v2.1/os-availability-zone").await;
    assert_eq!(zones.json["availabilityZoneInfo"][0]["zoneName"], "z");
    assert_eq!(cloud.wait(&id, "ACTIVE").await["OS-EXT-AZ:availability_zone"], "z");
    assert_eq!(admin.post(&path, json!({"remove_host": {"host": "h1"}})).await.status, 200);
    assert_eq!(admin.delete(&format!("/v2.1/os-aggregates/{aggregate}")).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_pinned_to_the_zone_that_it_is_in_and_to_none() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let client = cloud.newest("member");
    let path = format!("/v2.1/servers/{id}");
    let pin = async |zone: serde_json::Value| {
        client.put(&path, json!({"server": {"pinned_availability_zone": zone}})).await
    };
    assert_eq!(pin(json!(null)).await.json["server"]["pinned_availability_zone"], json!(null));
    assert_eq!(pin(json!("elsewhere")).await.status, 409);
    for _ in 0..2 {
        assert_eq!(pin(json!("nova")).await.json["server"]["pinned_availability_zone"], "nova");
    }
    assert_eq!(pin(json!("elsewhere")).await.status, 409);
    assert_eq!(pin(json!(null)).await.json["server"]["pinned_availability_zone"], json!(null));
    let old = cloud.client("member").with_header("openstack-api-version", "compute 2.103");
    assert_eq!(old.put(&path, json!({"server": {"pinned_availability_zone": null}})).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_a_private_flavor_until_access_is_given() {
    let cloud = Cloud::new().await;
    let body = json!({"flavor": {"name": "mine", "id": "mine", "ram": 64, "vcpus": 1, "disk": 1,
        "os-flavor-access:is_public": false}});
    assert_eq!(cloud.newest("admin").post("/v2.1/flavors", body).await.status, 200);
    let listed = cloud.newest("admin").get("/v2.1/flavors/mine/os-flavor-access").await;
    assert_eq!(listed.json, json!({"flavor_access": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_volume_needs_novas_assistance_for_its_snapshots() {
    let cloud = Cloud::new().await;
    let all = "/v2.1/os-assisted-volume-snapshots";
    let body = json!({"snapshot": {"volume_id": "v", "create_info": {
        "snapshot_id": "s", "type": "qcow2", "new_file": "f"}}});
    assert_eq!(cloud.newest("member").post(all, body.clone()).await.status, 403);
    assert_eq!(cloud.newest("admin").post(all, body).await.status, 400);
    assert_eq!(cloud.newest("admin").delete(&format!("{all}/s")).await.status, 400);
}
