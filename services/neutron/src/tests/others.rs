//! Version documents, extensions, quotas, zones, RBAC policies.

use serde_json::json;

use super::{World, made, refused};

#[tokio::test]
async fn clients_find_the_version_without_a_token() {
    let world = World::asleep().await;
    let anyone = world.admin.with_token("");
    let versions = anyone.get("/").await;
    assert_eq!(versions.status, 200);
    assert_eq!(versions.json["versions"][0]["id"], "v2.0");
    assert_eq!(versions.json["versions"][0]["links"][0]["href"], "http://cloud/networking/v2.0/");
    for path in ["/v2.0", "/v2.0/"] {
        let shown = anyone.get(path).await;
        assert!(shown.json["resources"].as_array().unwrap().iter().any(|one| one["name"] == "port"));
    }
}

#[tokio::test]
async fn extensions_are_listed_with_their_aliases() {
    let world = World::asleep().await;
    let listed = world.reader.get("/v2.0/extensions").await;
    let aliases: Vec<&str> = listed.json["extensions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alias"].as_str().unwrap())
        .collect();
    for alias in ["router", "external-net", "security-group", "binding", "quotas", "standard-attr-tag"] {
        assert!(aliases.contains(&alias), "{alias}");
        assert_eq!(world.reader.get(&format!("/v2.0/extensions/{alias}")).await.status, 200);
    }
    assert_eq!(world.reader.get("/v2.0/extensions/nonsense").await.status, 404);
}

#[tokio::test]
async fn quotas_are_the_administrators() {
    let world = World::asleep().await;
    let quota = json!({"quota": {"network": 1}});
    assert_eq!(
        refused(&world.member.put("/v2.0/quotas/p1", quota.clone()).await),
        (403, "PolicyNotAuthorized")
    );
    assert_eq!(world.admin.put("/v2.0/quotas/p1", quota).await.json["quota"]["network"], 1);
    assert_eq!(world.admin.get("/v2.0/quotas/p1/default").await.json["quota"]["network"], 100);
    assert_eq!(world.admin.get("/v2.0/quotas").await.json["quotas"][0]["project_id"], "p1");
    world.network().await;
    let body = json!({"network": {"name": "n"}});
    assert_eq!(refused(&world.member.post("/v2.0/networks", body).await), (409, "OverQuota"));
    for bad in [
        json!({"quota": {"colour": 1}}),
        json!({"quota": {"port": "x"}}),
        json!({"quota": {"port": -2}}),
        json!({}),
    ] {
        assert_eq!(world.admin.put("/v2.0/quotas/p1", bad.clone()).await.status, 400, "{bad}");
    }
    assert_eq!(world.admin.delete("/v2.0/quotas/p1").await.status, 204);
    assert_eq!(refused(&world.admin.delete("/v2.0/quotas/p1").await), (404, "TenantQuotaNotFound"));
}

#[tokio::test]
async fn a_network_is_shared_with_one_project() {
    let world = World::asleep().await;
    let network = world.network().await;
    let body = json!({"rbac_policy": {"object_type": "network", "object_id": network,
        "action": "access_as_shared", "target_tenant": "p2"}});
    assert_eq!(
        refused(&world.stranger.post("/v2.0/rbac-policies", body.clone()).await),
        (404, "NetworkNotFound")
    );
    let id = made(world.member.post("/v2.0/rbac-policies", body.clone()).await, "rbac_policy");
    assert_eq!(
        refused(&world.member.post("/v2.0/rbac-policies", body.clone()).await),
        (409, "DuplicateRbacPolicy")
    );
    let shown = world.stranger.get(&format!("/v2.0/networks/{network}")).await;
    assert_eq!(shown.json["network"]["shared"], true);
    assert_eq!(world.member.get(&format!("/v2.0/networks/{network}")).await.json["network"]["shared"], false);
    let mut everybody = body;
    everybody["rbac_policy"]["target_tenant"] = json!("*");
    assert_eq!(
        refused(&world.member.post("/v2.0/rbac-policies", everybody).await),
        (403, "PolicyNotAuthorized")
    );
    let port = world.stranger.post("/v2.0/ports", json!({"port": {"network_id": network}})).await;
    assert_eq!(port.status, 201);
    let path = format!("/v2.0/rbac-policies/{id}");
    assert_eq!(refused(&world.member.delete(&path).await), (409, "RbacPolicyInUse"));
    let port = format!("/v2.0/ports/{}", port.json["port"]["id"].as_str().unwrap());
    assert_eq!(world.stranger.delete(&port).await.status, 204);
    assert_eq!(refused(&world.stranger.get(&path).await), (404, "RbacPolicyNotFound"));
    assert_eq!(world.member.delete(&path).await.status, 204);
    assert_eq!(world.stranger.get(&format!("/v2.0/networks/{network}")).await.status, 404);
}

#[tokio::test]
async fn zones_providers_agents_and_addresses_are_shown() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let zones = world.reader.get("/v2.0/availability_zones").await;
    assert_eq!(zones.json["availability_zones"].as_array().unwrap().len(), 2);
    let providers = world.reader.get("/v2.0/service-providers").await;
    assert_eq!(providers.json["service_providers"][0]["service_type"], "L3_ROUTER_NAT");
    assert_eq!(refused(&world.member.get("/v2.0/agents").await).0, 403);
    assert_eq!(world.admin.get("/v2.0/agents").await.json, json!({"agents": []}));
    let used = world.admin.get(&format!("/v2.0/network-ip-availabilities/{network}")).await;
    assert_eq!(used.json["network_ip_availability"]["total_ips"], 253);
    assert_eq!(used.json["network_ip_availability"]["used_ips"], 1);
}

/// SECURITY 25 and 27: a walk over every route.
#[tokio::test]
async fn every_route_has_a_known_rule_and_refuses_whoever_has_no_token() {
    let world = World::asleep().await;
    let policy = world.neutron.policy();
    let known: Vec<&str> = policy.declared().map(|rule| rule.name).collect();
    let anyone = world.admin.with_token("");
    for route in crate::api::routes().table() {
        let Some(rule) = route.policy else { continue };
        assert!(known.contains(&rule), "{} {} names the unknown rule {rule}", route.method, route.path);
        let path = route.path.replace("{id}", "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01").replace("{tag}", "x");
        let path = path.replace("{alias}", "x");
        let answer = anyone.send(route.method.clone(), &path, Some(json!({}))).await;
        assert_eq!(answer.status, 401, "{} {path}", route.method);
    }
}
