use serde_json::json;
use uuid::Uuid;

use super::*;

#[tokio::test]
async fn the_version_document_needs_no_token_and_tells_the_range() {
    let answer = latest().await.with_token("").get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json["versions"][0]["max_version"], "1.39");
    assert_eq!(answer.json["versions"][0]["min_version"], "1.0");
}

#[tokio::test]
async fn strangers_and_members_are_refused() {
    let client = latest().await;
    assert_eq!(client.with_token("").get("/resource_providers").await.status, 401);
    assert_eq!(client.with_token("member").get("/resource_providers").await.status, 403);
    assert_eq!(client.with_token("member").get("/usages?project_id=p1").await.status, 200);
    assert_eq!(client.with_token("member").get("/usages?project_id=p2").await.status, 403);
}

#[tokio::test]
async fn a_provider_is_shown_as_each_version_shows_it() {
    let service = service().await;
    let new = client(&service, "1.39");
    let id = host(&new, "one").await;
    let shown = new.get(&format!("/resource_providers/{id}")).await;
    assert_eq!(shown.json["root_provider_uuid"], id.to_string());
    assert!(shown.json["parent_provider_uuid"].is_null());
    assert_eq!(shown.json["links"].as_array().unwrap().len(), 6);
    assert_eq!(shown.json["links"][0]["href"], format!("/placement/resource_providers/{id}"));
    assert_eq!(shown.headers["cache-control"], "no-cache");
    let old = client(&service, "1.0").get(&format!("/resource_providers/{id}")).await;
    assert!(old.json.get("root_provider_uuid").is_none());
    assert_eq!(old.json["links"].as_array().unwrap().len(), 3);
    assert!(old.headers.get("cache-control").is_none());
}

#[tokio::test]
async fn creating_answers_by_version_and_a_name_is_taken_once() {
    let service = service().await;
    let old = client(&service, "1.0").post("/resource_providers", json!({"name": "a"})).await;
    assert_eq!(old.status, 201);
    assert!(old.headers.contains_key("location") && old.bytes.is_empty());
    let new = client(&service, "1.20").post("/resource_providers", json!({"name": "b"})).await;
    assert_eq!((new.status.as_u16(), &new.json["generation"]), (200, &json!(0)));
    let again = client(&service, "1.39").post("/resource_providers", json!({"name": "a"})).await;
    assert_eq!((again.status.as_u16(), code(&again)), (409, "placement.duplicate_name"));
}

#[tokio::test]
async fn nonsense_is_a_400_and_the_unknown_a_404() {
    let client = latest().await;
    for body in
        [json!({}), json!({"name": 5}), json!({"name": "x", "uuid": "y"}), json!({"name": "x", "z": 1})]
    {
        assert_eq!(client.post("/resource_providers", body).await.status, 400);
    }
    for path in ["/resource_providers/x", &format!("/resource_providers/{}", Uuid::new_v4()), "/nothing"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    for query in
        ["nonsense=1", "uuid=x", "resources=VCPU", "required=NOT_A_TRAIT", "member_of=1", "resources=NOPE:1"]
    {
        assert_eq!(client.get(&format!("/resource_providers?{query}")).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn lists_are_filtered_by_name_room_traits_aggregates_and_tree() {
    let client = latest().await;
    let one = host(&client, "one").await;
    let two = host(&client, "two").await;
    let group = Uuid::new_v4();
    let traits = json!({"resource_provider_generation": 1, "traits": ["HW_CPU_X86_AVX2"]});
    assert_eq!(client.put(&format!("/resource_providers/{one}/traits"), traits).await.status, 200);
    let aggregates = json!({"resource_provider_generation": 1, "aggregates": [group]});
    assert_eq!(client.put(&format!("/resource_providers/{two}/aggregates"), aggregates).await.status, 200);
    for (query, expected) in [
        ("name=one".to_owned(), vec![one]),
        (format!("uuid={two}"), vec![two]),
        ("required=HW_CPU_X86_AVX2".to_owned(), vec![one]),
        ("required=!HW_CPU_X86_AVX2".to_owned(), vec![two]),
        ("required=in:HW_CPU_X86_AVX2,HW_CPU_X86_SSE".to_owned(), vec![one]),
        (format!("member_of={group}"), vec![two]),
        (format!("member_of=!{group}"), vec![one]),
        (format!("in_tree={one}"), vec![one]),
        ("resources=VCPU:17".to_owned(), vec![]),
        ("resources=VCPU:8,MEMORY_MB:1000&name=one".to_owned(), vec![one]),
    ] {
        let found = client.get(&format!("/resource_providers?{query}")).await;
        let ids: Vec<String> = found.json["resource_providers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|provider| provider["uuid"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(ids, expected.iter().map(Uuid::to_string).collect::<Vec<_>>(), "{query}");
    }
}

#[tokio::test]
async fn a_tree_is_moved_whole_and_never_into_itself() {
    let client = latest().await;
    let (top, child, leaf) =
        (host(&client, "top").await, host(&client, "child").await, host(&client, "leaf").await);
    let put = |id: Uuid, name: &'static str, parent: serde_json::Value| {
        let client = client.clone();
        async move {
            let body = json!({"name": name, "parent_provider_uuid": parent});
            client.put(&format!("/resource_providers/{id}"), body).await
        }
    };
    assert_eq!(put(leaf, "leaf", json!(child)).await.status, 200);
    assert_eq!(put(child, "child", json!(top)).await.status, 200);
    let shown = client.get(&format!("/resource_providers/{leaf}")).await;
    assert_eq!(shown.json["root_provider_uuid"], top.to_string());
    assert_eq!(put(top, "top", json!(leaf)).await.status, 400);
    let refused = client.delete(&format!("/resource_providers/{child}")).await;
    assert_eq!(
        (refused.status.as_u16(), code(&refused)),
        (409, "placement.resource_provider.cannot_delete_parent")
    );
    assert_eq!(put(child, "child", json!(null)).await.status, 200);
    let shown = client.get(&format!("/resource_providers/{leaf}")).await;
    assert_eq!(shown.json["root_provider_uuid"], child.to_string());
    assert_eq!(client.delete(&format!("/resource_providers/{top}")).await.status, 204);
}
