//! Networks, subnets and pools.

use serde_json::{Value, json};

use super::{World, made, refused};

#[tokio::test]
async fn a_network_is_shown_to_its_project_and_carried_to_the_engine() {
    let world = World::begin().await;
    let id = world.network().await;
    let shown = world.reader.get(&format!("/v2.0/networks/{id}")).await;
    assert_eq!(shown.status, 200);
    let network = &shown.json["network"];
    assert_eq!(network["mtu"], 1442);
    assert_eq!(network["project_id"], network["tenant_id"]);
    assert_eq!(network["status"], "ACTIVE");
    assert!(network.get("provider:network_type").is_none());
    assert_eq!(
        world.admin.get(&format!("/v2.0/networks/{id}")).await.json["network"]["provider:network_type"],
        "geneve"
    );
    world.settled().await;
    assert_eq!(world.engine.network(&id).unwrap().mtu, 1442);

    assert_eq!(world.member.delete(&format!("/v2.0/networks/{id}")).await.status, 204);
    assert_eq!(refused(&world.member.get(&format!("/v2.0/networks/{id}")).await), (404, "NetworkNotFound"));
    world.settled().await;
    assert!(world.engine.network(&id).is_none());
}

#[tokio::test]
async fn a_stranger_does_not_learn_of_a_network() {
    let world = World::asleep().await;
    let id = world.network().await;
    let path = format!("/v2.0/networks/{id}");
    assert_eq!(refused(&world.stranger.get(&path).await), (404, "NetworkNotFound"));
    assert_eq!(refused(&world.stranger.delete(&path).await), (404, "NetworkNotFound"));
    let body = json!({"network": {"name": "x"}});
    assert_eq!(refused(&world.stranger.put(&path, body.clone()).await), (404, "NetworkNotFound"));
    // Who sees it and may not, is told so.
    assert_eq!(refused(&world.reader.put(&path, body).await), (403, "PolicyNotAuthorized"));
    assert_eq!(world.stranger.get("/v2.0/networks").await.json["networks"], json!([]));
    let subnet = json!({"subnet": {"network_id": id, "ip_version": 4, "cidr": "10.0.0.0/24"}});
    assert_eq!(refused(&world.stranger.post("/v2.0/subnets", subnet).await), (404, "NetworkNotFound"));
    assert_eq!(world.member.with_token("").get(&path).await.status, 401);
}

#[tokio::test]
async fn only_administrators_share_networks_and_shared_ones_are_seen_by_all() {
    let world = World::asleep().await;
    let shared = json!({"network": {"name": "n", "shared": true}});
    assert_eq!(
        refused(&world.member.post("/v2.0/networks", shared.clone()).await),
        (403, "PolicyNotAuthorized")
    );
    let id = made(world.admin.post("/v2.0/networks", shared).await, "network");
    let listed = world.stranger.get("/v2.0/networks?shared=True").await;
    assert_eq!(listed.json["networks"][0]["id"], *id);
    assert_eq!(listed.json["networks"][0]["shared"], true);
    let path = format!("/v2.0/networks/{id}");
    assert_eq!(
        refused(&world.stranger.put(&path, json!({"network": {"name": "x"}})).await),
        (403, "PolicyNotAuthorized")
    );
    // A port of the stranger's keeps it shared.
    let port = json!({"port": {"network_id": id}});
    assert_eq!(world.stranger.post("/v2.0/ports", port).await.status, 201);
    let unshare = json!({"network": {"shared": false}});
    assert_eq!(refused(&world.admin.put(&path, unshare).await), (409, "InvalidSharedSetting"));
}

#[tokio::test]
async fn a_subnet_gets_its_gateway_pools_and_metadata_port() {
    let world = World::begin().await;
    let network = world.network().await;
    let id = world.subnet(&network, "10.0.0.0/24").await;
    let subnet = world.member.get(&format!("/v2.0/subnets/{id}")).await.json["subnet"].clone();
    assert_eq!(subnet["gateway_ip"], "10.0.0.1");
    assert_eq!(subnet["allocation_pools"], json!([{"start": "10.0.0.2", "end": "10.0.0.254"}]));
    assert_eq!(subnet["enable_dhcp"], true);
    world.settled().await;
    let logical = world.engine.network(&network).unwrap();
    let dhcp = logical.subnets[0].dhcp.clone().unwrap();
    assert_eq!(dhcp.metadata_via, "10.0.0.2".parse().ok());
    assert_eq!(dhcp.domain.as_deref(), Some("openstacklocal"));
    let ports = world.admin.get("/v2.0/ports?device_owner=network:distributed").await;
    assert_eq!(ports.json["ports"][0]["device_id"], format!("ovnmeta-{network}"));

    // Nothing that a user made is in the way: the network goes with all of it.
    assert_eq!(world.member.delete(&format!("/v2.0/networks/{network}")).await.status, 204);
    world.settled().await;
    assert!(world.engine.ports.lock().unwrap().is_empty());
    assert_eq!(refused(&world.member.get(&format!("/v2.0/subnets/{id}")).await), (404, "SubnetNotFound"));
}

#[tokio::test]
async fn subnets_that_make_no_sense_are_refused() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let post = async |more: Value| {
        let mut body = json!({"network_id": network, "ip_version": 4});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = world.member.post("/v2.0/subnets", json!({"subnet": body})).await;
        format!("{:?}", refused(&answer))
    };
    for (more, expected) in [
        (json!({"cidr": "10.0.0.128/25"}), r#"(400, "InvalidInput")"#),
        (json!({"cidr": "10.1.0.5/24"}), r#"(400, "HTTPBadRequest")"#),
        (json!({"cidr": "nonsense"}), r#"(400, "HTTPBadRequest")"#),
        (json!({"cidr": "2001:db8::/64"}), r#"(400, "InvalidInput")"#),
        (json!({"cidr": "10.1.0.0/24", "gateway_ip": "10.2.0.1"}), r#"(400, "InvalidInput")"#),
        (json!({}), r#"(400, "BadRequest")"#),
        (json!({"cidr": "10.1.0.0/24", "colour": "red"}), r#"(400, "HTTPBadRequest")"#),
        (
            json!({"cidr": "10.1.0.0/24", "allocation_pools": [{"start": "10.1.0.9", "end": "10.1.0.2"}]}),
            r#"(400, "InvalidAllocationPool")"#,
        ),
        (
            json!({"cidr": "10.1.0.0/24", "allocation_pools": [{"start": "10.1.0.1", "end": "10.1.0.9"}]}),
            r#"(409, "GatewayConflictWithAllocationPools")"#,
        ),
        (json!({"cidr": "10.1.0.0/24", "dns_nameservers": ["x"]}), r#"(400, "HTTPBadRequest")"#),
        (
            json!({"cidr": "10.1.0.0/24", "host_routes": [{"destination": "::/0", "nexthop": "10.1.0.9"}]}),
            r#"(400, "InvalidInput")"#,
        ),
        (json!({"cidr": "10.1.0.0/24", "ipv6_ra_mode": "slaac"}), r#"(400, "InvalidInput")"#),
    ] {
        assert_eq!(post(more.clone()).await, expected, "{more}");
    }
}

#[tokio::test]
async fn a_subnet_with_ports_stays() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    assert_eq!(refused(&world.member.delete(&format!("/v2.0/subnets/{subnet}")).await), (409, "SubnetInUse"));
    assert_eq!(
        refused(&world.member.delete(&format!("/v2.0/networks/{network}")).await),
        (409, "NetworkInUse")
    );
    let port = format!("/v2.0/ports/{}", port["id"].as_str().unwrap());
    assert_eq!(world.member.delete(&port).await.status, 204);
    assert_eq!(world.member.delete(&format!("/v2.0/subnets/{subnet}")).await.status, 204);
}

#[tokio::test]
async fn subnets_are_cut_from_pools() {
    let world = World::asleep().await;
    let body = json!({"subnetpool": {"name": "pool", "prefixes": ["10.10.0.0/23"], "default_prefixlen": 24}});
    let pool = made(world.member.post("/v2.0/subnetpools", body).await, "subnetpool");
    let network = world.network().await;
    let cut = async || {
        let body = json!({"subnet": {"network_id": network, "ip_version": 4, "subnetpool_id": pool}});
        world.member.post("/v2.0/subnets", body).await
    };
    assert_eq!(cut().await.json["subnet"]["cidr"], "10.10.0.0/24");
    assert_eq!(cut().await.json["subnet"]["cidr"], "10.10.1.0/24");
    assert_eq!(refused(&cut().await), (409, "SubnetAllocationError"));
    assert_eq!(
        refused(&world.member.delete(&format!("/v2.0/subnetpools/{pool}")).await),
        (409, "SubnetPoolDeleteError")
    );
    assert_eq!(
        refused(&world.stranger.get(&format!("/v2.0/subnetpools/{pool}")).await),
        (404, "SubnetPoolNotFound")
    );
}

#[tokio::test]
async fn many_networks_are_made_together_or_not_at_all() {
    let world = World::asleep().await;
    let body = json!({"networks": [{"name": "a"}, {"name": "b"}]});
    let answer = world.member.post("/v2.0/networks", body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json["networks"].as_array().unwrap().len(), 2);
    let body = json!({"networks": [{"name": "c"}, {"name": 5}]});
    assert_eq!(world.member.post("/v2.0/networks", body).await.status, 400);
    let body = json!({"networks": [{"name": "c"}, {"name": "d", "provider:network_type": "vlan"}]});
    assert_eq!(world.admin.post("/v2.0/networks", body).await.status, 400);
    assert_eq!(world.admin.get("/v2.0/networks?name=c").await.json["networks"], json!([]));
}

#[tokio::test]
async fn what_is_malformed_is_refused_in_neutrons_envelope() {
    let world = World::asleep().await;
    let bytes = |text: &str| text.as_bytes().to_vec();
    for (body, kind) in [
        (bytes("{"), "MalformedRequestBody"),
        (vec![0xff], "MalformedRequestBody"),
        (bytes("[]"), "HTTPBadRequest"),
        (bytes("5"), "HTTPBadRequest"),
        (bytes(""), "HTTPBadRequest"),
        (bytes(r#"{"network": 5}"#), "HTTPBadRequest"),
        (bytes("{}"), "HTTPBadRequest"),
    ] {
        let answer = world
            .member
            .send_bytes(axum::http::Method::POST, "/v2.0/networks", Some("application/json"), body)
            .await;
        assert_eq!(refused(&answer), (400, kind));
    }
    let big = format!(r#"{{"network": {{"name": "{}"}}}}"#, "x".repeat(2 << 20));
    let answer = world
        .member
        .send_bytes(axum::http::Method::POST, "/v2.0/networks", Some("application/json"), big.into_bytes())
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(refused(&world.member.get("/v2.0/networks/nonsense").await), (404, "NetworkNotFound"));
    assert_eq!(refused(&world.member.get("/v2.0/nonsense").await), (404, "HTTPNotFound"));
}
