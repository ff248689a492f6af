use serde_json::json;

use crate::testing::Cloud;

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_counted_from_what_there_is() {
    let cloud = Cloud::new().await;
    let admin = cloud.newest("admin");
    let set = json!({"quota_set": {"instances": 1}});
    assert_eq!(cloud.newest("member").put("/v2.1/os-quota-sets/p1", set.clone()).await.status, 403);
    assert_eq!(admin.put("/v2.1/os-quota-sets/p1", set).await.json["quota_set"]["instances"], 1);
    let id = cloud.active("one").await;
    let refused = cloud.newest("member").post("/v2.1/servers", cloud.server("two")).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json["forbidden"]["message"],
        "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances"
    );
    let detail = cloud.newest("member").get("/v2.1/os-quota-sets/p1/detail").await;
    assert_eq!(detail.json["quota_set"]["instances"], json!({"limit": 1, "in_use": 1, "reserved": 0}));
    let limits = cloud.client("member").get("/v2.1/limits").await;
    assert_eq!(limits.json["limits"]["absolute"]["totalRAMUsed"], 512);
    assert_eq!(cloud.newest("member").get("/v2.1/os-quota-sets/p2").await.status, 403);
    let low = json!({"quota_set": {"instances": 0}});
    assert_eq!(admin.put("/v2.1/os-quota-sets/p1", low.clone()).await.status, 400);
    let forced = json!({"quota_set": {"instances": 0, "force": true}});
    assert_eq!(admin.put("/v2.1/os-quota-sets/p1", forced).await.status, 200);
    assert_eq!(admin.delete("/v2.1/os-quota-sets/p1").await.status, 202);
    let shown = admin.get("/v2.1/os-quota-sets/p1").await;
    assert_eq!(shown.json["quota_set"]["instances"], 10);
    cloud.newest("member").delete(&format!("/v2.1/servers/{id}")).await;
    cloud.gone(&id).await;
    let limits = cloud.client("member").get("/v2.1/limits").await;
    assert_eq!(limits.json["limits"]["absolute"]["totalInstancesUsed"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_changes_what_all_projects_have() {
    let cloud = Cloud::new().await;
    let admin = cloud.newest("admin");
    let set = json!({"quota_class_set": {"cores": 5}});
    assert_eq!(admin.put("/v2.1/os-quota-class-sets/default", set).await.json["quota_class_set"]["cores"], 5);
    assert_eq!(admin.get("/v2.1/os-quota-sets/any").await.json["quota_set"]["cores"], 5);
    let old = cloud.client("admin").get("/v2.1/os-quota-sets/any/defaults").await;
    assert_eq!(old.json["quota_set"]["security_groups"], -1);
    assert!(admin.get("/v2.1/os-quota-sets/any").await.json["quota_set"].get("security_groups").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_no_more_than_the_users_own_limit_and_the_projects() {
    let cloud = Cloud::new().await;
    let admin = cloud.newest("admin");
    cloud.active("one").await;
    let me = cloud.newest("admin").get("/v2.1/servers/detail?all_tenants=1").await;
    let user = me.json["servers"][0]["user_id"].as_str().unwrap().to_owned();
    let path = format!("/v2.1/os-quota-sets/p1?user_id={user}");
    for wrong in [0, 11, -1] {
        let refused = admin.put(&path, json!({"quota_set": {"instances": wrong}})).await;
        assert_eq!(refused.status, 400, "{wrong}: {}", refused.json);
    }
    let set = admin.put(&path, json!({"quota_set": {"instances": 1, "ram": 4096}})).await;
    assert_eq!(
        (&set.json["quota_set"]["instances"], &set.json["quota_set"]["cores"]),
        (&json!(1), &json!(20))
    );
    assert_eq!(admin.get(&path).await.json["quota_set"]["ram"], 4096);
    assert_eq!(admin.get("/v2.1/os-quota-sets/p1").await.json["quota_set"]["ram"], 51200);
    let detail = admin.get(&format!("/v2.1/os-quota-sets/p1/detail?user_id={user}")).await;
    assert_eq!(detail.json["quota_set"]["instances"], json!({"limit": 1, "in_use": 1, "reserved": 0}));
    let other = admin.get("/v2.1/os-quota-sets/p1/detail?user_id=another").await;
    assert_eq!(other.json["quota_set"]["instances"], json!({"limit": 10, "in_use": 0, "reserved": 0}));
    let refused = cloud.newest("member").post("/v2.1/servers", cloud.server("two")).await;
    assert_eq!(refused.status, 403, "{}", refused.json);
    assert_eq!(admin.delete(&path).await.status, 202);
    assert_eq!(admin.get(&path).await.json["quota_set"]["instances"], 10);
    let made = cloud.newest("member").post("/v2.1/servers", cloud.server("two")).await;
    assert_eq!(made.status, 202);
}
