use serde_json::json;
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn each_version_has_its_own_form() {
    let service = service().await;
    let id = host(&client(&service, "1.39"), "h").await;
    let consumer = Uuid::new_v4();
    let path = format!("/allocations/{consumer}");
    let list = json!({"allocations": [{"resource_provider": {"uuid": id}, "resources": {"VCPU": 1}}]});
    assert_eq!(client(&service, "1.0").put(&path, list.clone()).await.status, 204);
    assert_eq!(client(&service, "1.8").put(&path, list.clone()).await.status, 400);
    assert_eq!(client(&service, "1.12").put(&path, list).await.status, 400);
    let map = json!({"allocations": {id.to_string(): {"resources": {"VCPU": 2}}}, "project_id": "p1", "user_id": "u1"});
    assert_eq!(client(&service, "1.12").put(&path, map.clone()).await.status, 204);
    assert_eq!(client(&service, "1.28").put(&path, map).await.status, 400);
    let shown = client(&service, "1.38").get(&path).await;
    assert_eq!(shown.json["allocations"][id.to_string()]["resources"], json!({"VCPU": 2}));
    assert_eq!(
        (&shown.json["consumer_generation"], &shown.json["consumer_type"]),
        (&json!(2), &json!("unknown"))
    );
    assert!(client(&service, "1.11").get(&path).await.json.get("project_id").is_none());
}

#[tokio::test]
async fn a_consumers_generation_guards_it() {
    let client = latest().await;
    let id = host(&client, "h").await;
    let path = format!("/allocations/{}", Uuid::new_v4());
    let mut body = wants(id, json!({"VCPU": 1}));
    body["consumer_generation"] = json!(3);
    let refused = client.put(&path, body.clone()).await;
    assert_eq!((refused.status.as_u16(), code(&refused)), (409, "placement.concurrent_update"));
    body["consumer_generation"] = json!(null);
    assert_eq!(client.put(&path, body.clone()).await.status, 204);
    assert_eq!(client.put(&path, body.clone()).await.status, 409);
    body["consumer_generation"] = json!(1);
    body["mappings"] = json!({"": [id]});
    assert_eq!(client.put(&path, body.clone()).await.status, 204);
    // Nothing takes all away, and the consumer is forgotten.
    body["allocations"] = json!({});
    body["consumer_generation"] = json!(2);
    assert_eq!(client.put(&path, body).await.status, 204);
    assert_eq!(client.get(&path).await.json["allocations"], json!({}));
    assert_eq!(client.delete(&path).await.status, 404);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    let client = latest().await;
    let id = host(&client, "h").await;
    let path = format!("/allocations/{}", Uuid::new_v4());
    for resources in [json!({"VCPU": 17}), json!({"MEMORY_MB": 1001}), json!({"VCPU": 1, "DISK_GB": 1})] {
        let refused = client.put(&path, wants(id, resources)).await;
        assert_eq!(refused.status, 409, "{refused:?}");
    }
    for body in [
        wants(Uuid::new_v4(), json!({"VCPU": 1})),
        wants(id, json!({"CUSTOM_X": 1})),
        wants(id, json!({"VCPU": 0})),
    ] {
        assert_eq!(client.put(&path, body).await.status, 400);
    }
    assert_eq!(client.put("/allocations/x", wants(id, json!({"VCPU": 1}))).await.status, 400);
    assert_eq!(client.get(&path).await.json["allocations"], json!({}));
    assert_eq!(client.put(&path, wants(id, json!({"VCPU": 16, "MEMORY_MB": 1000}))).await.status, 204);
    let other = format!("/allocations/{}", Uuid::new_v4());
    assert_eq!(client.put(&other, wants(id, json!({"VCPU": 1}))).await.status, 409);
}

#[tokio::test]
async fn several_consumers_change_together_or_not_at_all() {
    let client = latest().await;
    let (one, two) = (host(&client, "one").await, host(&client, "two").await);
    let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
    assert_eq!(client.put(&format!("/allocations/{a}"), wants(one, json!({"VCPU": 16}))).await.status, 204);
    // b can only have one's room when a leaves it in the same step.
    let mut moved = wants(two, json!({"VCPU": 16}));
    moved["consumer_generation"] = json!(1);
    let body = json!({a.to_string(): moved, b.to_string(): wants(one, json!({"VCPU": 16}))});
    assert_eq!(client.post("/allocations", body).await.status, 204);
    let mut back = wants(one, json!({"VCPU": 1}));
    back["consumer_generation"] = json!(2);
    let too_much = json!({a.to_string(): back, Uuid::new_v4().to_string(): wants(one, json!({"VCPU": 1}))});
    assert_eq!(client.post("/allocations", too_much).await.status, 409);
    let held = client.get(&format!("/resource_providers/{two}/allocations")).await;
    assert_eq!(held.json["allocations"][a.to_string()]["resources"], json!({"VCPU": 16}));
    assert_eq!(held.json["allocations"][a.to_string()]["consumer_generation"], json!(2));
}

#[tokio::test]
async fn usages_are_summed_by_project_user_and_type() {
    let client = latest().await;
    let id = host(&client, "h").await;
    for _ in 0..2 {
        let body = wants(id, json!({"VCPU": 2, "MEMORY_MB": 10}));
        assert_eq!(client.put(&format!("/allocations/{}", Uuid::new_v4()), body).await.status, 204);
    }
    let usages = client.get("/usages?project_id=p1").await;
    assert_eq!(usages.json["usages"], json!({"INSTANCE": {"VCPU": 4, "MEMORY_MB": 20, "consumer_count": 2}}));
    let usages = client.get("/usages?project_id=p1&consumer_type=all&user_id=u1").await;
    assert_eq!(usages.json["usages"]["all"]["consumer_count"], 2);
    assert_eq!(client.get("/usages?project_id=p1&user_id=u2").await.json["usages"], json!({}));
    for query in ["", "project_id=", "project_id=p1&x=1", "project_id=p1&consumer_type=lower"] {
        assert_eq!(client.get(&format!("/usages?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn reshaping_moves_inventory_with_its_allocations() {
    let client = latest().await;
    let (old, new) = (host(&client, "old").await, host(&client, "new").await);
    let consumer = Uuid::new_v4();
    assert_eq!(
        client.put(&format!("/allocations/{consumer}"), wants(old, json!({"VCPU": 4}))).await.status,
        204
    );
    let mut moved = wants(new, json!({"VCPU": 4}));
    moved["consumer_generation"] = json!(1);
    let body = json!({
        "inventories": {
            old.to_string(): {"resource_provider_generation": 2, "inventories": {"MEMORY_MB": {"total": 1000}}},
            new.to_string(): {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 8}}},
        },
        "allocations": {consumer.to_string(): moved},
    });
    assert_eq!(client.with_token("admin").post("/reshaper", body.clone()).await.status, 403);
    let done = client.post("/reshaper", body.clone()).await;
    assert_eq!(done.status, 204, "{done:?}");
    assert_eq!(client.get(&format!("/resource_providers/{old}/inventories/VCPU")).await.status, 404);
    assert_eq!(client.post("/reshaper", body).await.status, 409);
}
