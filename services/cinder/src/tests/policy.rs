use std::collections::HashSet;

use http::Method;
use serde_json::json;

use super::{Cloud, expect};

#[test]
fn every_route_has_a_policy_that_is_declared() {
    let declared: HashSet<&str> =
        crate::policy::ALL.iter().flat_map(|rules| rules.iter()).map(|rule| rule.name).collect();
    for route in crate::api::routes().table() {
        if let Some(rule) = route.policy {
            assert!(declared.contains(rule), "{} {}: {rule}", route.method, route.path);
        }
    }
    for rule in crate::api::action_rules() {
        assert!(declared.contains(rule), "{rule}");
    }
}

#[tokio::test]
async fn every_route_refuses_who_has_no_token_and_none_fails() {
    let cloud = Cloud::idle().await;
    for route in crate::api::routes().table().iter().filter(|route| route.policy.is_some()) {
        let path = route
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let body = (route.method != Method::GET && route.method != Method::DELETE).then(|| json!({"x": 1}));
        let anonymous = cloud.member.with_token("").send(route.method.clone(), &path, body.clone()).await;
        assert_eq!(anonymous.status, 401, "{} {path}", route.method);
        for who in [&cloud.member, &cloud.admin] {
            let answer = who.send(route.method.clone(), &path, body.clone()).await;
            assert!(answer.status.as_u16() < 500, "{} {path}: {}", route.method, answer.json);
        }
        let torn = cloud
            .admin
            .send_bytes(route.method.clone(), &path, Some("application/json"), b"{\"x".to_vec())
            .await;
        assert!(torn.status.as_u16() < 500, "{} {path}", route.method);
    }
}

#[tokio::test]
async fn what_is_for_administrators_is_refused_to_members() {
    let cloud = Cloud::idle().await;
    for path in [
        "/v3/os-services",
        "/v3/os-hosts",
        "/v3/qos-specs",
        "/v3/scheduler-stats/get_pools",
        "/v3/os-quota-class-sets/default",
        "/v3/capabilities/pileus@file",
    ] {
        expect(&cloud.member.get(path).await, 403);
        expect(&cloud.admin.get(path).await, 200);
    }
    expect(&cloud.member.post("/v3/types", json!({"volume_type": {"name": "x"}})).await, 403);
    expect(&cloud.member.get("/v3/os-quota-sets/p2").await, 403);
    expect(&cloud.member.put("/v3/os-quota-sets/p1", json!({"quota_set": {"volumes": 99}})).await, 403);
    expect(
        &cloud
            .member
            .send_bytes(Method::POST, "/v3/volumes", Some("application/json"), vec![b' '; 200_000])
            .await,
        413,
    );
}

#[tokio::test]
async fn services_are_listed_and_switched_off_and_on() {
    let cloud = Cloud::running().await;
    let list = async |query: &str| {
        let answer = cloud.admin.get(&format!("/v3/os-services?{query}")).await;
        answer.json["services"].as_array().unwrap().clone()
    };
    assert_eq!(list("").await.len(), 2);
    assert_eq!(list("host=pileus").await.len(), 2);
    assert_eq!(list("host=pileus&binary=cinder-volume").await.len(), 1);
    let put = async |action: &str, body| cloud.admin.put(&format!("/v3/os-services/{action}"), body).await;
    let volume = json!({"binary": "cinder-volume", "host": "pileus@file"});
    expect(&put("disable", json!({"binary": "cinder-volume", "host": "other"})).await, 404);
    expect(&put("disable", json!({"binary": "other", "host": "pileus@file"})).await, 404);
    expect(&put("freeze", json!({"host": "other"})).await, 400);
    let mut reasoned = volume.clone();
    reasoned["disabled_reason"] = json!(null);
    expect(&put("disable-log-reason", reasoned.clone()).await, 400);
    reasoned["disabled_reason"] = json!("repair");
    expect(&put("disable-log-reason", reasoned).await, 200);
    assert_eq!(list("binary=cinder-volume").await[0]["disabled_reason"], "repair");
    let id = cloud.begin(json!({})).await;
    cloud.becomes(&format!("/v3/volumes/{id}"), "volume", "error").await;
    expect(&put("enable", volume).await, 200);
    cloud.volume(json!({})).await;
    let hosts = cloud.admin.get("/v3/os-hosts").await;
    assert_eq!(hosts.json["hosts"].as_array().map(Vec::len), Some(2));
    let host = cloud.admin.get("/v3/os-hosts/pileus@file").await;
    assert_eq!(host.json["host"][0]["resource"]["volume_count"], "2");
    expect(&cloud.admin.get("/v3/os-hosts/pileus").await, 404);
    let pools = cloud.admin.get("/v3/scheduler-stats/get_pools?detail=True").await;
    assert_eq!(pools.json["pools"][0]["capabilities"]["volume_backend_name"], "file");
    assert_eq!(
        cloud.member.get("/v3/os-availability-zone").await.json["availabilityZoneInfo"][0]["zoneName"],
        "nova"
    );
    assert!(!cloud.member.get("/v3/extensions").await.json["extensions"].as_array().unwrap().is_empty());
}
