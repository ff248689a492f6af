//! Routers.

use serde_json::{Value, json};

use super::{World, made, refused};

async fn router(world: &World, outside: Option<&str>) -> String {
    let info = outside.map(|id| json!({"network_id": id}));
    let body = json!({"router": {"name": "r", "external_gateway_info": info}});
    made(world.member.post("/v2.0/routers", body).await, "router")
}

async fn put(world: &World, router: &str, what: &str, body: Value) -> platform::http::testing::Answer {
    world.member.put(&format!("/v2.0/routers/{router}/{what}"), body).await
}

#[tokio::test]
async fn a_router_joins_a_subnet_to_the_outside() {
    let world = World::begin().await;
    let outside = world.outside().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let id = router(&world, Some(&outside)).await;
    let shown = world.member.get(&format!("/v2.0/routers/{id}")).await.json["router"].clone();
    assert_eq!(shown["external_gateway_info"]["network_id"], *outside);
    assert_eq!(shown["external_gateway_info"]["enable_snat"], true);
    let answer = put(&world, &id, "add_router_interface", json!({"subnet_id": subnet})).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let port = answer.json["port_id"].as_str().unwrap().to_owned();
    world.settled().await;
    let logical = world.engine.router(&id).unwrap();
    assert_eq!(logical.interfaces[0].addresses[0].to_string(), "10.0.0.1/24");
    assert_eq!(logical.interfaces[0].mtu, 1442);
    let gateway = logical.gateway.unwrap();
    assert_eq!(gateway.next_hop, ["172.24.4.1".parse::<std::net::IpAddr>().unwrap()]);
    assert!(gateway.snat);
    assert!(world.engine.port(&port).is_some());
    let leg = world.member.get(&format!("/v2.0/ports/{port}")).await.json["port"].clone();
    assert_eq!((leg["status"].as_str(), leg["device_id"].as_str()), (Some("ACTIVE"), Some(id.as_str())));

    // It stays as long as it is used.
    assert_eq!(refused(&world.member.delete(&format!("/v2.0/routers/{id}")).await), (409, "RouterInUse"));
    assert_eq!(
        refused(&world.member.delete(&format!("/v2.0/ports/{port}")).await),
        (409, "ServicePortInUse")
    );
    assert_eq!(refused(&world.member.delete(&format!("/v2.0/subnets/{subnet}")).await), (409, "SubnetInUse"));
    let again = put(&world, &id, "add_router_interface", json!({"subnet_id": subnet})).await;
    assert_eq!(refused(&again), (400, "BadRequest"));
    let gone = put(&world, &id, "remove_router_interface", json!({"port_id": port})).await;
    assert_eq!(gone.json["subnet_id"], *subnet);
    assert_eq!(world.member.delete(&format!("/v2.0/routers/{id}")).await.status, 204);
    world.settled().await;
    assert!(world.engine.router(&id).is_none());
    assert!(world.engine.port(&port).is_none());
}

#[tokio::test]
async fn a_port_becomes_a_leg() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    let id = router(&world, None).await;
    let added = put(&world, &id, "add_router_interface", json!({"port_id": port["id"]})).await;
    assert_eq!(added.json["port_id"], port["id"]);
    let other = router(&world, None).await;
    let again = put(&world, &other, "add_router_interface", json!({"port_id": port["id"]})).await;
    assert_eq!(refused(&again), (409, "PortInUse"));
    let wrong = put(&world, &other, "remove_router_interface", json!({"port_id": port["id"]})).await;
    assert_eq!(refused(&wrong), (404, "RouterInterfaceNotFound"));
    let gone = put(&world, &id, "remove_router_interface", json!({"port_id": port["id"]})).await;
    assert_eq!(gone.status, 200);
    let path = format!("/v2.0/ports/{}", port["id"].as_str().unwrap());
    assert_eq!(world.member.get(&path).await.status, 404);
}

#[tokio::test]
async fn what_a_router_can_not_do_is_refused() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let id = router(&world, None).await;
    let refusal = async |what: &str, body: Value| {
        let answer = put(&world, &id, what, body).await;
        (answer.status.as_u16(), answer.json["NeutronError"]["type"].as_str().unwrap_or_default().to_owned())
    };
    let is = |status: u16, name: &str| (status, name.to_owned());
    assert_eq!(refusal("add_router_interface", json!({})).await, is(400, "BadRequest"));
    let nothing = "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01";
    assert_eq!(
        refusal("add_router_interface", json!({"subnet_id": nothing})).await,
        is(404, "SubnetNotFound")
    );
    assert_eq!(
        refusal("remove_router_interface", json!({"subnet_id": subnet})).await,
        is(404, "RouterInterfaceNotFoundForSubnet")
    );
    // Two networks with the same range don't meet in one router.
    let twin = world.network().await;
    let twin = world.subnet(&twin, "10.0.0.0/25").await;
    assert_eq!(put(&world, &id, "add_router_interface", json!({"subnet_id": subnet})).await.status, 200);
    assert_eq!(refusal("add_router_interface", json!({"subnet_id": twin})).await, is(400, "BadRequest"));
    let path = format!("/v2.0/routers/{id}");
    let inside = json!({"router": {"external_gateway_info": {"network_id": network}}});
    assert_eq!(refused(&world.member.put(&path, inside).await), (400, "BadRequest"));
    let missing = json!({"router": {"external_gateway_info": {"network_id": nothing}}});
    assert_eq!(refused(&world.member.put(&path, missing).await), (404, "NetworkNotFound"));
    let outside = world.outside().await;
    let snat = json!({"router": {"external_gateway_info": {"network_id": outside, "enable_snat": false}}});
    assert_eq!(refused(&world.member.put(&path, snat.clone()).await), (403, "PolicyNotAuthorized"));
    let changed = world.admin.put(&path, snat).await;
    assert_eq!(changed.json["router"]["external_gateway_info"]["enable_snat"], false);
    assert_eq!(refused(&world.stranger.get(&path).await), (404, "RouterNotFound"));
    let foreign =
        world.stranger.put(&format!("{path}/add_router_interface"), json!({"subnet_id": subnet})).await;
    assert_eq!(refused(&foreign), (404, "RouterNotFound"));
}

#[tokio::test]
async fn extra_routes_lead_to_connected_hops_only() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let id = router(&world, None).await;
    put(&world, &id, "add_router_interface", json!({"subnet_id": subnet})).await;
    let path = format!("/v2.0/routers/{id}");
    let routes = |hop: &str| json!({"router": {"routes": [{"destination": "10.9.0.0/24", "nexthop": hop}]}});
    assert_eq!(refused(&world.member.put(&path, routes("10.7.0.5")).await), (400, "InvalidRoutes"));
    assert_eq!(refused(&world.member.put(&path, routes("10.0.0.1")).await), (400, "InvalidRoutes"));
    assert_eq!(world.member.put(&path, routes("10.0.0.5")).await.status, 200);
    let gone = put(&world, &id, "remove_router_interface", json!({"subnet_id": subnet})).await;
    assert_eq!(refused(&gone), (409, "RouterInterfaceInUseByRoute"));
    let more = json!({"router": {"routes": [{"destination": "10.8.0.0/24", "nexthop": "10.0.0.6"}]}});
    let added = put(&world, &id, "add_extraroutes", more.clone()).await;
    assert_eq!(added.json["router"]["routes"].as_array().unwrap().len(), 2);
    let removed = put(&world, &id, "remove_extraroutes", more).await;
    assert_eq!(removed.json["router"]["routes"].as_array().unwrap().len(), 1);
}

/// SECURITY 26.
#[tokio::test]
async fn ossn_0102_a_leg_is_removed_through_its_own_router_only() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let (own, other) = (router(&world, None).await, router(&world, None).await);
    let added = put(&world, &own, "add_router_interface", json!({"subnet_id": subnet})).await;
    let port = added.json["port_id"].clone();
    let by_port = put(&world, &other, "remove_router_interface", json!({"port_id": port})).await;
    assert_eq!(refused(&by_port), (404, "RouterInterfaceNotFound"));
    let by_subnet = put(&world, &other, "remove_router_interface", json!({"subnet_id": subnet})).await;
    assert_eq!(refused(&by_subnet), (404, "RouterInterfaceNotFoundForSubnet"));
    // Nor through a stranger's router that names this one's leg.
    let body = json!({"router": {"name": "theirs"}});
    let theirs = made(world.stranger.post("/v2.0/routers", body).await, "router");
    let path = format!("/v2.0/routers/{theirs}/remove_router_interface");
    let foreign = world.stranger.put(&path, json!({"port_id": port})).await;
    assert_eq!(refused(&foreign), (404, "RouterInterfaceNotFound"));
    let both = json!({"port_id": port, "subnet_id": "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01"});
    assert_eq!(
        refused(&put(&world, &own, "remove_router_interface", both).await),
        (400, "SubnetMismatchForPort")
    );
    let path = format!("/v2.0/ports/{}", port.as_str().unwrap());
    assert_eq!(world.member.get(&path).await.status, 200);
}
