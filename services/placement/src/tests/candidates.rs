use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

async fn ask(client: &Client, query: &str) -> Value {
    let answer = client.get(&format!("/allocation_candidates?{query}")).await;
    assert_eq!(answer.status, 200, "{query} {answer:?}");
    answer.json
}

#[tokio::test]
async fn the_answer_has_the_form_of_its_version() {
    let service = service().await;
    let new = client(&service, "1.39");
    let id = host(&new, "h").await;
    let found = ask(&new, "resources=VCPU:1").await;
    assert_eq!(
        found["allocation_requests"],
        json!([{"allocations": {id.to_string(): {"resources": {"VCPU": 1}}}, "mappings": {"": [id]}}])
    );
    let summary = &found["provider_summaries"][id.to_string()];
    assert_eq!(summary["resources"]["VCPU"], json!({"capacity": 16, "used": 0}));
    assert_eq!(summary["resources"]["MEMORY_MB"], json!({"capacity": 1000, "used": 0}));
    assert_eq!((&summary["traits"], &summary["root_provider_uuid"]), (&json!([]), &json!(id)));
    let old = ask(&client(&service, "1.10"), "resources=VCPU:1").await;
    assert_eq!(
        old["allocation_requests"],
        json!([{"allocations": [{"resource_provider": {"uuid": id}, "resources": {"VCPU": 1}}]}])
    );
    assert_eq!(
        old["provider_summaries"][id.to_string()],
        json!({"resources": {"VCPU": {"capacity": 16, "used": 0}}})
    );
    assert_eq!(client(&service, "1.9").get("/allocation_candidates?resources=VCPU:1").await.status, 404);
}

#[tokio::test]
async fn only_those_with_room_and_traits_are_candidates_and_the_limit_holds() {
    let client = latest().await;
    for at in 0..5 {
        host(&client, &format!("h{at}")).await;
    }
    let count = |found: &Value| found["allocation_requests"].as_array().unwrap().len();
    assert_eq!(count(&ask(&client, "resources=VCPU:1").await), 5);
    assert_eq!(count(&ask(&client, "resources=VCPU:1&limit=3").await), 3);
    assert_eq!(count(&ask(&client, "resources=VCPU:17").await), 0);
    assert_eq!(count(&ask(&client, "resources=VCPU:1,DISK_GB:1").await), 0);
    assert_eq!(count(&ask(&client, "resources=VCPU:1&required=HW_CPU_X86_AVX2").await), 0);
    assert_eq!(count(&ask(&client, "resources=VCPU:1&required=!HW_CPU_X86_AVX2").await), 5);
    assert_eq!(client.get("/allocation_candidates?resources=NOPE:1").await.status, 400);
    assert_eq!(client.get("/allocation_candidates?resources=VCPU:1&required=NOPE").await.status, 400);
}

/// A host with a child that has the virtual functions of a network card.
async fn tree(client: &Client) -> (Uuid, Uuid, Uuid) {
    let top = host(client, "top").await;
    let mut children = Vec::new();
    for name in ["left", "right"] {
        let made =
            client.post("/resource_providers", json!({"name": name, "parent_provider_uuid": top})).await;
        let id: Uuid = made.json["uuid"].as_str().unwrap().parse().unwrap();
        let inventory = json!({"resource_class": "SRIOV_NET_VF", "total": 2});
        assert_eq!(
            client.post(&format!("/resource_providers/{id}/inventories"), inventory).await.status,
            201
        );
        children.push(id);
    }
    (top, children[0], children[1])
}

#[tokio::test]
async fn a_request_spreads_over_a_tree() {
    let client = latest().await;
    let (top, left, right) = tree(&client).await;
    let found = ask(&client, "resources=VCPU:1,SRIOV_NET_VF:1").await;
    let ways = found["allocation_requests"].as_array().unwrap();
    assert_eq!(ways.len(), 2);
    for way in ways {
        assert!(way["allocations"].get(top.to_string()).is_some());
    }
    assert_eq!(found["provider_summaries"].as_object().unwrap().len(), 3);

    let two = "resources=VCPU:1&resources1=SRIOV_NET_VF:1&resources2=SRIOV_NET_VF:1";
    let isolated = ask(&client, &format!("{two}&group_policy=isolate")).await;
    assert_eq!(isolated["allocation_requests"].as_array().unwrap().len(), 2);
    let free = ask(&client, &format!("{two}&group_policy=none")).await;
    assert_eq!(free["allocation_requests"].as_array().unwrap().len(), 4);
    // Two groups of two functions each can't be met by one card with two.
    let full = "resources1=SRIOV_NET_VF:2&resources2=SRIOV_NET_VF:2&group_policy=none";
    let found = ask(&client, full).await;
    assert_eq!(found["allocation_requests"].as_array().unwrap().len(), 2);

    let in_left =
        ask(&client, &format!("resources1=SRIOV_NET_VF:1&in_tree1={left}&required1=!HW_CPU_X86_AVX2")).await;
    assert_eq!(in_left["allocation_requests"].as_array().unwrap().len(), 2);
    let same = ask(
        &client,
        "resources_A=SRIOV_NET_VF:1&resources_B=SRIOV_NET_VF:1&group_policy=none&same_subtree=_A,_B",
    )
    .await;
    assert_eq!(same["allocation_requests"].as_array().unwrap().len(), 2);
    let _ = right;
}

#[tokio::test]
async fn who_does_not_understand_trees_gets_none() {
    let service = service().await;
    tree(&client(&service, "1.39")).await;
    let found = ask(&client(&service, "1.28"), "resources=VCPU:1,SRIOV_NET_VF:1").await;
    assert_eq!(found["allocation_requests"], json!([]));
}

#[tokio::test]
async fn a_sharing_provider_serves_its_aggregate() {
    let client = latest().await;
    let one = host(&client, "one").await;
    host(&client, "two").await;
    let made = client.post("/resource_providers", json!({"name": "disks"})).await;
    let disks: Uuid = made.json["uuid"].as_str().unwrap().parse().unwrap();
    let path = format!("/resource_providers/{disks}");
    client.post(&format!("{path}/inventories"), json!({"resource_class": "DISK_GB", "total": 100})).await;
    let traits = json!({"resource_provider_generation": 1, "traits": ["MISC_SHARES_VIA_AGGREGATE"]});
    assert_eq!(client.put(&format!("{path}/traits"), traits).await.status, 200);
    let group = Uuid::new_v4();
    for (id, generation) in [(one, 1), (disks, 2)] {
        let body = json!({"resource_provider_generation": generation, "aggregates": [group]});
        assert_eq!(client.put(&format!("/resource_providers/{id}/aggregates"), body).await.status, 200);
    }
    let found = ask(&client, "resources=VCPU:1,DISK_GB:10").await;
    let ways = found["allocation_requests"].as_array().unwrap();
    assert_eq!(ways.len(), 1);
    assert_eq!(ways[0]["allocations"][disks.to_string()]["resources"], json!({"DISK_GB": 10}));
    assert_eq!(ways[0]["allocations"][one.to_string()]["resources"], json!({"VCPU": 1}));
}
