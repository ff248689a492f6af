use serde_json::{Value, json};

use super::{Cloud, expect};

async fn set(cloud: &Cloud, quotas: Value) {
    expect(&cloud.admin.put("/v3/os-quota-sets/p1", json!({"quota_set": quotas})).await, 200);
}

#[tokio::test]
async fn more_than_the_quota_is_refused_with_413() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let ask = async |size: i64| cloud.member.post("/v3/volumes", json!({"volume": {"size": size}})).await;
    set(&cloud, json!({"volumes": 1, "gigabytes": -1})).await;
    let refused = ask(1).await;
    expect(&refused, 413);
    let message = refused.json["overLimit"]["message"].as_str().unwrap();
    assert!(
        message.contains("Maximum number of volumes allowed (1) exceeded for quota 'volumes'."),
        "{message}"
    );
    set(&cloud, json!({"volumes": -1, "gigabytes": 1})).await;
    expect(&ask(2).await, 413);
    expect(&cloud.act(&volume, json!({"os-extend": {"new_size": 2}})).await, 413);
    assert_eq!(cloud.shown(&volume).await["status"], "available");
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": volume}})).await, 413);
    set(&cloud, json!({"gigabytes": -1, "snapshots": 0})).await;
    expect(&cloud.member.post("/v3/snapshots", json!({"snapshot": {"volume_id": volume}})).await, 413);
    set(&cloud, json!({"per_volume_gigabytes": "3"})).await;
    expect(&ask(4).await, 413);
    expect(&cloud.act(&volume, json!({"os-extend": {"new_size": 4}})).await, 413);
    set(&cloud, json!({"volumes___DEFAULT__": 1})).await;
    expect(&ask(1).await, 413);
    set(&cloud, json!({"volumes___DEFAULT__": 2})).await;
    expect(&ask(1).await, 202);
}

#[tokio::test]
async fn many_at_once_do_not_exceed_the_quota() {
    let cloud = Cloud::idle().await;
    set(&cloud, json!({"volumes": 3})).await;
    let asked = (0..12).map(|_| cloud.member.post("/v3/volumes", json!({"volume": {"size": 1}})));
    let answers = futures::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 3);
    assert!(answers.iter().all(|answer| answer.status == 202 || answer.status == 413));
}

#[tokio::test]
async fn quotas_are_shown_set_and_set_back() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({"size": 2})).await;
    cloud.snapshot(&volume).await;
    let show = async |path: &str| cloud.admin.get(path).await.json["quota_set"].clone();
    let used = show("/v3/os-quota-sets/p1?usage=True").await;
    assert_eq!(used["volumes"], json!({"limit": 10, "in_use": 1, "reserved": 0}));
    assert_eq!(used["gigabytes"], json!({"limit": 1000, "in_use": 4, "reserved": 0}));
    assert_eq!(used["snapshots___DEFAULT__"], json!({"limit": -1, "in_use": 1, "reserved": 0}));
    assert_eq!(used["id"], "p1");
    set(&cloud, json!({"volumes": 20, "tenant_id": "p1"})).await;
    assert_eq!(show("/v3/os-quota-sets/p1").await["volumes"], 20);
    assert_eq!(show("/v3/os-quota-sets/p1/defaults").await["volumes"], 10);
    let limits = cloud.member.get("/v3/limits").await.json["limits"]["absolute"].clone();
    assert_eq!((&limits["maxTotalVolumes"], &limits["totalGigabytesUsed"]), (&json!(20), &json!(4)));
    expect(&cloud.admin.delete("/v3/os-quota-sets/p1").await, 200);
    assert_eq!(show("/v3/os-quota-sets/p1").await["volumes"], 10);
    for bad in [
        json!({"nonsense": 1}),
        json!({"volumes": -2}),
        json!({"volumes": "x"}),
        json!({"volumes": null}),
        json!({}),
    ] {
        expect(&cloud.admin.put("/v3/os-quota-sets/p1", json!({"quota_set": bad})).await, 400);
    }

    let class = json!({"quota_class_set": {"volumes": 11, "gigabytes___DEFAULT__": 7}});
    expect(&cloud.admin.put("/v3/os-quota-class-sets/default", class).await, 200);
    let defaults = show("/v3/os-quota-sets/anyone/defaults").await;
    assert_eq!((&defaults["volumes"], &defaults["gigabytes___DEFAULT__"]), (&json!(11), &json!(7)));
    let class = cloud.admin.get("/v3/os-quota-class-sets/default").await;
    assert_eq!(
        (&class.json["quota_class_set"]["id"], &class.json["quota_class_set"]["volumes"]),
        (&json!("default"), &json!(11))
    );
}
