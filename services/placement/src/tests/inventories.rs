use serde_json::json;
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn an_inventory_is_made_changed_and_taken_away() {
    let client = latest().await;
    let id = host(&client, "h").await;
    let all = format!("/resource_providers/{id}/inventories");
    let made = client.post(&all, json!({"resource_class": "DISK_GB", "total": 100})).await;
    assert_eq!(made.status, 201);
    assert_eq!(
        (&made.json["max_unit"], &made.json["resource_provider_generation"]),
        (&json!(2147483647), &json!(2))
    );
    assert_eq!(client.post(&all, json!({"resource_class": "DISK_GB", "total": 1})).await.status, 409);
    let one = format!("{all}/DISK_GB");
    let stale = client.put(&one, json!({"resource_provider_generation": 0, "total": 5})).await;
    assert_eq!((stale.status.as_u16(), code(&stale)), (409, "placement.concurrent_update"));
    let body = client.get(&one).await;
    let put = client
        .put(
            &one,
            json!({"resource_provider_generation": body.json["resource_provider_generation"], "total": 5}),
        )
        .await;
    assert_eq!((put.status.as_u16(), &put.json["total"]), (200, &json!(5)));
    assert_eq!(client.delete(&one).await.status, 204);
    assert_eq!(client.delete(&one).await.status, 404);
    assert_eq!(client.get(&one).await.status, 404);
}

#[tokio::test]
async fn what_is_reserved_may_be_all_since_1_26() {
    let service = service().await;
    let id = host(&client(&service, "1.39"), "h").await;
    let body = json!({"resource_provider_generation": 1, "total": 8, "reserved": 8});
    let path = format!("/resource_providers/{id}/inventories/VCPU");
    assert_eq!(client(&service, "1.25").put(&path, body.clone()).await.status, 400);
    assert_eq!(client(&service, "1.26").put(&path, body).await.status, 200);
    let more = json!({"resource_provider_generation": 2, "total": 8, "reserved": 9});
    assert_eq!(client(&service, "1.26").put(&path, more).await.status, 400);
}

#[tokio::test]
async fn what_is_allocated_stays_in_the_inventory_even_when_it_shrinks() {
    let client = latest().await;
    let id = host(&client, "h").await;
    let consumer = Uuid::new_v4();
    let allocated = client.put(&format!("/allocations/{consumer}"), wants(id, json!({"VCPU": 10}))).await;
    assert_eq!(allocated.status, 204, "{allocated:?}");
    let all = format!("/resource_providers/{id}/inventories");
    let refused = client.put(&all, json!({"resource_provider_generation": 2, "inventories": {}})).await;
    assert_eq!((refused.status.as_u16(), code(&refused)), (409, "placement.inventory.inuse"));
    assert_eq!(client.delete(&all).await.status, 409);
    let less = json!({"resource_provider_generation": 2, "inventories": {"VCPU": {"total": 1}}});
    assert_eq!(client.put(&all, less).await.status, 200);
    let usage = client.get(&format!("/resource_providers/{id}/usages")).await;
    assert_eq!(usage.json["usages"], json!({"VCPU": 10}));
}

#[tokio::test]
async fn an_unknown_class_and_wrong_numbers_are_refused() {
    let client = latest().await;
    let id = host(&client, "h").await;
    let all = format!("/resource_providers/{id}/inventories");
    for body in [
        json!({"resource_class": "CUSTOM_NOT_MADE", "total": 1}),
        json!({"resource_class": "DISK_GB"}),
        json!({"resource_class": "DISK_GB", "total": 0}),
        json!({"resource_class": "DISK_GB", "total": 1e30}),
        json!({"resource_class": "DISK_GB", "total": 1, "step_size": 0}),
        json!({"resource_class": "lower", "total": 1}),
        json!({"resource_class": "DISK_GB", "total": 1, "other": 1}),
    ] {
        let refused = client.post(&all, body.clone()).await;
        assert_eq!(refused.status, 400, "{body} {refused:?}");
    }
}
