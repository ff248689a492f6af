//! Security groups and their rules.

use serde_json::{Value, json};

use super::{World, made, refused};

async fn group(world: &World) -> String {
    let body = json!({"security_group": {"name": "web", "description": "d"}});
    made(world.member.post("/v2.0/security-groups", body).await, "security_group")
}

#[tokio::test]
async fn every_project_has_its_default_group() {
    let world = World::begin().await;
    let listed = world.stranger.get("/v2.0/security-groups").await;
    let groups = listed.json["security_groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["name"], "default");
    let rules = groups[0]["security_group_rules"].as_array().unwrap();
    assert_eq!(rules.iter().filter(|rule| rule["direction"] == "ingress").count(), 2);
    let id = groups[0]["id"].as_str().unwrap();
    let path = format!("/v2.0/security-groups/{id}");
    assert_eq!(refused(&world.stranger.delete(&path).await), (409, "SecurityGroupCannotRemoveDefault"));
    let rename = json!({"security_group": {"name": "other"}});
    assert_eq!(refused(&world.stranger.put(&path, rename).await), (409, "SecurityGroupCannotUpdateDefault"));
    let second = json!({"security_group": {"name": "default"}});
    assert_eq!(
        refused(&world.stranger.post("/v2.0/security-groups", second).await),
        (409, "SecurityGroupDefaultAlreadyExists")
    );
    assert_eq!(refused(&world.member.get(&path).await), (404, "SecurityGroupNotFound"));
    world.settled().await;
    assert_eq!(world.engine.group(id).unwrap().rules.len(), 4);
}

#[tokio::test]
async fn rules_that_make_no_sense_are_refused() {
    let world = World::asleep().await;
    let group = group(&world).await;
    let post = async |more: Value| {
        let mut body = json!({"security_group_id": group, "direction": "ingress"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.member.post("/v2.0/security-group-rules", json!({"security_group_rule": body})).await
    };
    for (more, name) in [
        (json!({"protocol": "nonsense"}), "SecurityGroupRuleInvalidProtocol"),
        (json!({"protocol": "256"}), "SecurityGroupRuleInvalidProtocol"),
        (json!({"ethertype": "IPX"}), "SecurityGroupRuleInvalidEtherType"),
        (json!({"port_range_min": 1, "port_range_max": 2}), "SecurityGroupProtocolRequiredWithPorts"),
        (
            json!({"protocol": "tcp", "port_range_min": 9, "port_range_max": 2}),
            "SecurityGroupInvalidPortRange",
        ),
        (json!({"protocol": "tcp", "port_range_min": 70000}), "SecurityGroupInvalidPortValue"),
        (
            json!({"protocol": "gre", "port_range_min": 1, "port_range_max": 2}),
            "SecurityGroupInvalidProtocolForPort",
        ),
        (json!({"protocol": "icmp", "port_range_min": 256}), "SecurityGroupInvalidIcmpValue"),
        (json!({"protocol": "icmp", "port_range_max": 1}), "SecurityGroupMissingIcmpType"),
        (
            json!({"remote_ip_prefix": "10.0.0.0/24", "ethertype": "IPv6"}),
            "SecurityGroupRuleParameterConflict",
        ),
        (
            json!({"remote_ip_prefix": "10.0.0.0/24", "remote_group_id": group}),
            "SecurityGroupMultipleRemoteEntites",
        ),
        (json!({"remote_ip_prefix": "bad"}), "HTTPBadRequest"),
        (json!({"direction": "sideways"}), "HTTPBadRequest"),
        (json!({"colour": "red"}), "HTTPBadRequest"),
    ] {
        assert_eq!(refused(&post(more.clone()).await), (400, name), "{more}");
    }
    let missing = json!({"remote_group_id": "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01"});
    assert_eq!(refused(&post(missing).await), (404, "SecurityGroupNotFound"));
    for good in [
        json!({"protocol": "tcp", "port_range_min": "22", "port_range_max": 22}),
        json!({"protocol": 17, "port_range_min": 53, "port_range_max": 53}),
        json!({"protocol": "icmp", "port_range_min": 8, "port_range_max": 0}),
        json!({"protocol": "icmpv6", "ethertype": "IPv6"}),
        json!({"protocol": null, "remote_ip_prefix": "10.0.0.5"}),
    ] {
        assert_eq!(post(good.clone()).await.status, 201, "{good}");
    }
    let again = post(json!({"protocol": "6", "port_range_min": 22, "port_range_max": 22})).await;
    assert_eq!(refused(&again), (409, "SecurityGroupRuleExists"));
}

#[tokio::test]
async fn rules_are_carried_to_the_engine_and_go_with_the_group_they_name() {
    let world = World::begin().await;
    let (one, two) = (group(&world).await, group(&world).await);
    let body = json!({"security_group_rule": {"security_group_id": one, "direction": "ingress",
        "protocol": "tcp", "port_range_min": 80, "port_range_max": 81, "remote_group_id": two}});
    let rule = made(world.member.post("/v2.0/security-group-rules", body).await, "security_group_rule");
    world.settled().await;
    let logical = world.engine.group(&one).unwrap();
    let told = logical.rules.iter().find(|one| one.id.to_string() == rule).unwrap();
    assert_eq!((told.protocol, told.port_min, told.port_max), (Some(6), Some(80), Some(81)));
    assert_eq!(told.remote_group.unwrap().to_string(), two);
    assert_eq!(world.member.delete(&format!("/v2.0/security-groups/{two}")).await.status, 204);
    world.settled().await;
    assert_eq!(world.engine.group(&one).unwrap().rules.len(), 2);
    assert!(world.engine.group(&two).is_none());
    assert_eq!(
        refused(&world.member.get(&format!("/v2.0/security-group-rules/{rule}")).await),
        (404, "SecurityGroupRuleNotFound")
    );
}

#[tokio::test]
async fn a_group_with_ports_stays_and_a_strangers_rules_are_not_made() {
    let world = World::asleep().await;
    let group = group(&world).await;
    let network = world.network().await;
    let body = json!({"port": {"network_id": network, "security_groups": [group]}});
    assert_eq!(world.member.post("/v2.0/ports", body).await.status, 201);
    let path = format!("/v2.0/security-groups/{group}");
    assert_eq!(refused(&world.member.delete(&path).await), (409, "SecurityGroupInUse"));
    let body = json!({"security_group_rule": {"security_group_id": group, "direction": "ingress"}});
    assert_eq!(
        refused(&world.stranger.post("/v2.0/security-group-rules", body.clone()).await),
        (404, "SecurityGroupNotFound")
    );
    assert_eq!(
        refused(&world.reader.post("/v2.0/security-group-rules", body).await),
        (403, "PolicyNotAuthorized")
    );
}

/// SECURITY 27.
#[tokio::test]
async fn ossa_2019_001_a_group_that_can_not_be_carried_out_blocks_no_other() {
    let world = World::asleep().await;
    let bad = group(&world).await;
    *world.engine.refused.lock().unwrap() = bad.parse().ok();
    world.wake();
    let good = group(&world).await;
    let network = world.network().await;
    let body = json!({"port": {"network_id": network, "security_groups": [good]}});
    let port = made(world.member.post("/v2.0/ports", body).await, "port");
    world.settled_for(&good).await;
    world.settled_for(&port).await;
    assert!(world.engine.group(&good).is_some());
    assert!(world.engine.port(&port).is_some());
    // The one that is refused was never told to allow anything.
    assert!(world.engine.group(&bad).is_none());
}
