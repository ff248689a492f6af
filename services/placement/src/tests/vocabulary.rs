use serde_json::json;

use super::*;

#[tokio::test]
async fn traits_are_standard_or_made() {
    let client = latest().await;
    assert_eq!(client.get("/traits/HW_CPU_X86_AVX2").await.status, 204);
    assert_eq!(client.get("/traits/CUSTOM_GOLD").await.status, 404);
    assert_eq!(client.put("/traits/CUSTOM_GOLD", json!({})).await.status, 201);
    assert_eq!(client.put("/traits/CUSTOM_GOLD", json!({})).await.status, 204);
    assert_eq!(client.put("/traits/GOLD", json!({})).await.status, 400);
    let list = client.get("/traits?name=startswith:CUSTOM").await;
    assert_eq!(list.json, json!({"traits": ["CUSTOM_GOLD"]}));
    assert_eq!(client.get("/traits?name=nonsense").await.status, 400);
    assert_eq!(client.get("/traits?associated=maybe").await.status, 400);
    let id = host(&client, "h").await;
    let body = json!({"resource_provider_generation": 1, "traits": ["CUSTOM_GOLD"]});
    let set = client.put(&format!("/resource_providers/{id}/traits"), body.clone()).await;
    assert_eq!(set.json["resource_provider_generation"], 2);
    assert_eq!(client.put(&format!("/resource_providers/{id}/traits"), body).await.status, 409);
    assert_eq!(client.get("/traits?associated=true").await.json, json!({"traits": ["CUSTOM_GOLD"]}));
    assert_eq!(client.delete("/traits/CUSTOM_GOLD").await.status, 409);
    assert_eq!(client.delete("/traits/HW_CPU_X86_AVX2").await.status, 400);
    assert_eq!(client.delete(&format!("/resource_providers/{id}/traits")).await.status, 204);
    assert_eq!(client.delete("/traits/CUSTOM_GOLD").await.status, 204);
}

#[tokio::test]
async fn resource_classes_are_standard_or_made() {
    let service = service().await;
    let client = super::client(&service, "1.39");
    assert_eq!(client.get("/resource_classes/VCPU").await.json["name"], "VCPU");
    assert_eq!(client.post("/resource_classes", json!({"name": "CUSTOM_A"})).await.status, 201);
    assert_eq!(client.post("/resource_classes", json!({"name": "CUSTOM_A"})).await.status, 409);
    assert_eq!(client.post("/resource_classes", json!({"name": "A"})).await.status, 400);
    assert_eq!(client.put("/resource_classes/CUSTOM_B", json!({})).await.status, 201);
    assert_eq!(client.put("/resource_classes/CUSTOM_B", json!({})).await.status, 204);
    let old = super::client(&service, "1.2");
    let renamed = old.put("/resource_classes/CUSTOM_B", json!({"name": "CUSTOM_C"})).await;
    assert_eq!((renamed.status.as_u16(), &renamed.json["name"]), (200, &json!("CUSTOM_C")));
    assert_eq!(client.delete("/resource_classes/VCPU").await.status, 400);
    assert_eq!(client.delete("/resource_classes/CUSTOM_C").await.status, 204);
    assert_eq!(client.get("/resource_classes").await.json["resource_classes"].as_array().unwrap().len(), 22);
    assert_eq!(super::client(&service, "1.1").get("/resource_classes").await.status, 404);
}
