use serde_json::json;

use super::{Cloud, expect};

#[tokio::test]
async fn a_volume_goes_to_who_has_the_key() {
    let cloud = Cloud::running().await;
    let stranger = cloud.member.with_token("stranger");
    for (place, version) in [("/v3/os-volume-transfer", "3.0"), ("/v3/volume-transfers", "3.57")] {
        let volume = cloud.volume(json!({})).await;
        cloud.snapshot(&volume).await;
        let offered =
            cloud.at(version).post(place, json!({"transfer": {"volume_id": volume, "name": "gift"}})).await;
        expect(&offered, 202);
        let offer = &offered.json["transfer"];
        assert_eq!(offer.get("no_snapshots").is_some(), version == "3.57");
        assert_eq!(cloud.shown(&volume).await["status"], "awaiting-transfer");
        expect(&cloud.member.delete(&format!("/v3/volumes/{volume}")).await, 400);
        let (path, key) =
            (format!("{place}/{}", offer["id"].as_str().unwrap()), offer["auth_key"].as_str().unwrap());
        let shown = cloud.member.get(&path).await;
        assert!(shown.json["transfer"].get("auth_key").is_none(), "the key is told once");
        expect(&stranger.get(&path).await, 404);
        assert_eq!(
            cloud.member.get(&format!("{place}/detail")).await.json["transfers"][0]["volume_id"],
            volume.as_str()
        );

        let accept = |key: &str| json!({"accept": {"auth_key": key}});
        expect(&stranger.post(&format!("{path}/accept"), accept("wrong")).await, 400);
        expect(&cloud.admin.put("/v3/os-quota-sets/p2", json!({"quota_set": {"volumes": 0}})).await, 200);
        expect(&stranger.post(&format!("{path}/accept"), accept(key)).await, 413);
        expect(&cloud.admin.delete("/v3/os-quota-sets/p2").await, 200);
        let accepting = format!("{path}/accept");
        let tries = (0..4).map(|_| stranger.post(&accepting, accept(key)));
        let answers = futures::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1, "one wins");
        let got = stranger.get(&format!("/v3/volumes/{volume}")).await.json["volume"].clone();
        assert_eq!(
            (&got["user_id"], &got["os-vol-tenant-attr:tenant_id"]),
            (&json!("stranger"), &json!("p2"))
        );
        expect(&cloud.member.get(&format!("/v3/volumes/{volume}")).await, 404);
        let used = cloud.admin.get("/v3/os-quota-sets/p1?usage=true").await;
        assert_eq!(used.json["quota_set"]["gigabytes"]["in_use"], 0, "its snapshots went along");
        expect(&stranger.delete(&format!("/v3/volumes/{volume}?cascade=true")).await, 202);
        cloud.goes(&format!("/v3/volumes/{volume}")).await;
    }
}

#[tokio::test]
async fn an_offer_is_taken_back() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let offered =
        cloud.member.post("/v3/os-volume-transfer", json!({"transfer": {"volume_id": volume}})).await;
    let path = format!("/v3/os-volume-transfer/{}", offered.json["transfer"]["id"].as_str().unwrap());
    expect(&cloud.member.with_token("stranger").delete(&path).await, 404);
    expect(&cloud.member.delete(&path).await, 202);
    expect(&cloud.member.get(&path).await, 404);
    assert_eq!(cloud.shown(&volume).await["status"], "available");
    let key = json!({"accept": {"auth_key": offered.json["transfer"]["auth_key"]}});
    expect(&cloud.member.with_token("stranger").post(&format!("{path}/accept"), key).await, 404);
}
