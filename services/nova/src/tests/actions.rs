use serde_json::json;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_rebooted_paused_suspended_and_locked() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    for (action, status) in [
        (json!({"reboot": {"type": "HARD"}}), "ACTIVE"),
        (json!({"reboot": {"type": "SOFT"}}), "ACTIVE"),
        (json!({"pause": null}), "PAUSED"),
        (json!({"unpause": null}), "ACTIVE"),
        (json!({"suspend": null}), "SUSPENDED"),
        (json!({"resume": null}), "ACTIVE"),
    ] {
        let answer = cloud.act("member", &id, action.clone()).await;
        assert_eq!(answer.status, 202, "{action}: {}", answer.json);
        cloud.wait(&id, status).await;
    }
    assert_eq!(cloud.act("member", &id, json!({"lock": {"locked_reason": "mine"}})).await.status, 202);
    let refused = cloud.act("member", &id, json!({"os-stop": null})).await;
    assert_eq!(refused.json["conflictingRequest"]["message"], json!(format!("Instance {id} is locked")));
    assert_eq!(cloud.client("member").delete(&format!("/v2.1/servers/{id}")).await.status, 409);
    let shown = cloud.newest("member").get(&format!("/v2.1/servers/{id}")).await;
    assert_eq!(shown.json["server"]["locked_reason"], "mine");
    assert_eq!(cloud.act("member", &id, json!({"unlock": null})).await.status, 202);
    assert_eq!(cloud.act("member", &id, json!({"os-stop": null})).await.status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_action_is_refused() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    for body in [
        json!({"fly": null}),
        json!({}),
        json!({"os-stop": null, "os-start": null}),
        json!({"reboot": {"type": "x"}}),
    ] {
        assert_eq!(cloud.act("member", &id, body.clone()).await.status, 400, "{body}");
    }
    // An action that only old microversions have.
    assert_eq!(cloud.act("member", &id, json!({"os-getVNCConsole": {"type": "novnc"}})).await.status, 400);
    assert_eq!(cloud.act("reader", &id, json!({"os-stop": null})).await.status, 403);
    assert_eq!(cloud.act("member", &id, json!({"os-resetState": {"state": "error"}})).await.status, 403);
    assert_eq!(cloud.act("stranger", &id, json!({"os-stop": null})).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_taken_of_a_server() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let answer =
        cloud.act("member", &id, json!({"createImage": {"name": "snap", "metadata": {"a": "b"}}})).await;
    assert_eq!(answer.status, 202);
    assert!(answer.json["image_id"].is_string());
    cloud.wait(&id, "ACTIVE").await;
    assert_eq!(cloud.images.number(), 2);
    let old = cloud.client("member");
    let answer =
        old.post(&format!("/v2.1/servers/{id}/action"), json!({"createImage": {"name": "two"}})).await;
    assert_eq!(answer.status, 202);
    assert!(answer.headers["location"].to_str().unwrap().contains("/images/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_rebuilt_from_another_image() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.act("member", &id, json!({"os-stop": null})).await;
    cloud.wait(&id, "SHUTOFF").await;
    let image = cloud.images.usual().to_string();
    let body = json!({"rebuild": {"imageRef": image, "name": "two", "metadata": {"a": "b"}}});
    let answer = cloud.act("member", &id, body).await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    assert_eq!(answer.json["server"]["name"], "two");
    assert!(answer.json["server"]["adminPass"].is_string());
    let server = cloud.wait(&id, "SHUTOFF").await;
    assert_eq!(server["metadata"], json!({"a": "b"}));
    assert_eq!(cloud.hosts.machines(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn ossa_2017_006_a_resize_allocates_once_and_going_back_is_possible() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    assert_eq!(cloud.act("member", &id, json!({"resize": {"flavorRef": "2"}})).await.status, 202);
    let resized = cloud.wait(&id, "VERIFY_RESIZE").await;
    assert_eq!(resized["flavor"]["original_name"], "m1.small");
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.memory_mib, 2048);
    assert_eq!(cloud.placement.allocation(&id).unwrap()["MEMORY_MB"], 2048);
    assert_eq!(cloud.act("member", &id, json!({"revertResize": null})).await.status, 202);
    let back = cloud.wait(&id, "ACTIVE").await;
    assert_eq!(back["flavor"]["original_name"], "m1.tiny");
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.memory_mib, 512);
    assert_eq!(cloud.placement.allocation(&id).unwrap()["MEMORY_MB"], 512);
    cloud.act("member", &id, json!({"resize": {"flavorRef": "2"}})).await;
    cloud.wait(&id, "VERIFY_RESIZE").await;
    assert_eq!(cloud.act("member", &id, json!({"confirmResize": null})).await.status, 204);
    cloud.wait(&id, "ACTIVE").await;
    assert_eq!(cloud.placement.allocations(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shelved_server_leaves_its_host_and_comes_back() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    assert_eq!(cloud.act("member", &id, json!({"shelve": null})).await.status, 202);
    cloud.wait(&id, "SHELVED_OFFLOADED").await;
    assert_eq!((cloud.hosts.machines(), cloud.placement.allocations()), (0, 0));
    assert_eq!(cloud.networks.ports().len(), 1);
    assert_eq!(cloud.act("member", &id, json!({"unshelve": null})).await.status, 202);
    cloud.wait(&id, "ACTIVE").await;
    assert_eq!((cloud.hosts.machines(), cloud.placement.allocations()), (1, 1));
    assert_eq!(cloud.images.number(), 1, "what shelving took is deleted");
    cloud.act("member", &id, json!({"shelve": null})).await;
    cloud.wait(&id, "SHELVED_OFFLOADED").await;
    assert_eq!(cloud.images.number(), 2);
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert_eq!(cloud.images.number(), 1, "also when the server is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_takes_the_place_of_the_oldest_of_its_kind() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let backup = async |kind: &str, keep: u32| {
        let body = json!({"createBackup": {"name": "b", "backup_type": kind, "rotation": keep}});
        let answer = cloud.act("member", &id, body).await;
        assert_eq!(answer.status, 202, "{}", answer.json);
        cloud.wait(&id, "ACTIVE").await;
        answer.json["image_id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap()
    };
    let weekly = backup("weekly", 2).await;
    let mut daily = Vec::new();
    for _ in 0..3 {
        daily.push(backup("daily", 2).await);
    }
    let there = |image| cloud.images.is_there(image);
    assert_eq!(daily.iter().map(|image| there(*image)).collect::<Vec<_>>(), [false, true, true]);
    assert!(there(weekly));
    let none = backup("daily", 0).await;
    assert!(!there(none) && !there(daily[2]));
    assert_eq!(cloud.images.number(), 2, "the server's own, and the weekly one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_rescued_and_unrescued() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let answer = cloud.act("member", &id, json!({"rescue": {"adminPass": "x"}})).await;
    assert_eq!((answer.status.as_u16(), &answer.json), (200, &json!({"adminPass": "x"})));
    cloud.wait(&id, "RESCUE").await;
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.disks.len(), 2);
    assert_eq!(cloud.act("member", &id, json!({"unrescue": null})).await.status, 202);
    cloud.wait(&id, "ACTIVE").await;
    assert_eq!(cloud.hosts.machine(&id).unwrap().1.disks.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_is_listed() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    cloud.act("member", &id, json!({"os-stop": null})).await;
    cloud.wait(&id, "SHUTOFF").await;
    let list = cloud.newest("member").get(&format!("/v2.1/servers/{id}/os-instance-actions")).await;
    let actions: Vec<_> = list.json["instanceActions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["action"].clone())
        .collect();
    assert_eq!(actions, [json!("stop"), json!("create")]);
    let request = list.json["instanceActions"][0]["request_id"].as_str().unwrap().to_owned();
    let one = cloud.newest("admin").get(&format!("/v2.1/servers/{id}/os-instance-actions/{request}")).await;
    assert_eq!(one.json["instanceAction"]["events"][0]["result"], "Success");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_and_tags_are_kept() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let client = cloud.newest("member");
    let path = format!("/v2.1/servers/{id}/metadata");
    assert_eq!(client.put(&path, json!({"metadata": {"a": "1"}})).await.json["metadata"], json!({"a": "1"}));
    assert_eq!(client.post(&path, json!({"metadata": {"b": "2"}})).await.json["metadata"]["a"], "1");
    assert_eq!(client.put(&format!("{path}/b"), json!({"meta": {"b": "3"}})).await.status, 200);
    assert_eq!(client.put(&format!("{path}/b"), json!({"meta": {"c": "3"}})).await.status, 400);
    assert_eq!(client.get(&format!("{path}/b")).await.json["meta"]["b"], "3");
    assert_eq!(client.delete(&format!("{path}/b")).await.status, 204);
    assert_eq!(client.get(&format!("{path}/b")).await.status, 404);
    let path = format!("/v2.1/servers/{id}/tags");
    assert_eq!(client.put(&format!("{path}/red"), json!({})).await.status, 201);
    assert_eq!(client.put(&format!("{path}/red"), json!({})).await.status, 204);
    assert_eq!(client.get("/v2.1/servers?tags=red").await.json["servers"].as_array().unwrap().len(), 1);
    assert_eq!(client.get("/v2.1/servers?not-tags=red").await.json["servers"].as_array().unwrap().len(), 0);
    assert_eq!(client.put(&path, json!({"tags": ["x", "y"]})).await.json["tags"], json!(["x", "y"]));
    assert_eq!(client.get(&format!("{path}/red")).await.status, 404);
    // Tags came with 2.26.
    assert_eq!(cloud.client("member").get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resize_is_listed_among_the_migrations_until_its_server_is_gone() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let admin = cloud.newest("admin");
    assert_eq!(cloud.newest("member").get("/v2.1/os-migrations").await.status, 403);
    cloud.act("member", &id, json!({"resize": {"flavorRef": "2"}})).await;
    cloud.wait(&id, "VERIFY_RESIZE").await;
    let listed = admin.get("/v2.1/os-migrations").await.json;
    let migration = &listed["migrations"][0];
    assert_eq!(migration["instance_uuid"], json!(id));
    assert_eq!((&migration["status"], &migration["migration_type"]), (&json!("finished"), &json!("resize")));
    assert_eq!((&migration["source_compute"], &migration["project_id"]), (&json!("h1"), &json!("p1")));
    cloud.act("member", &id, json!({"confirmResize": null})).await;
    cloud.wait(&id, "ACTIVE").await;
    cloud.act("member", &id, json!({"resize": {"flavorRef": "3"}})).await;
    cloud.wait(&id, "VERIFY_RESIZE").await;
    cloud.act("member", &id, json!({"revertResize": null})).await;
    cloud.wait(&id, "ACTIVE").await;
    let page = admin.get("/v2.1/os-migrations?limit=1").await.json;
    assert_eq!(page["migrations"][0]["status"], "reverted");
    let marker = page["migrations"][0]["uuid"].as_str().unwrap().to_owned();
    assert!(page["migrations_links"][0]["href"].as_str().unwrap().contains(&marker));
    let rest = admin.get(&format!("/v2.1/os-migrations?marker={marker}")).await.json;
    assert_eq!(rest["migrations"].as_array().unwrap().len(), 1);
    assert_eq!(rest["migrations"][0]["status"], "confirmed");
    assert_eq!(admin.get("/v2.1/os-migrations?marker=x").await.status, 400);
    let old = cloud.client("admin").get("/v2.1/os-migrations?status=confirmed").await.json;
    assert!(old["migrations"][0].get("migration_type").is_none());
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    assert_eq!(admin.get("/v2.1/os-migrations").await.json, json!({"migrations": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn security_groups_that_were_changed_are_seen_at_once() {
    let cloud = Cloud::new().await;
    let id = cloud.active("one").await;
    let path = format!("/v2.1/servers/{id}");
    let groups = async || cloud.newest("member").get(&path).await.json["server"]["security_groups"].clone();
    let before = groups().await;
    assert_eq!(cloud.act("member", &id, json!({"addSecurityGroup": {"name": "web"}})).await.status, 202);
    let after = groups().await;
    assert!(after.as_array().unwrap().contains(&json!({"name": "web"})), "{after}");
    assert_eq!(cloud.act("member", &id, json!({"removeSecurityGroup": {"name": "web"}})).await.status, 202);
    assert_eq!(groups().await, before);
}
