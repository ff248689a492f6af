//! Floating IPs.

use serde_json::{Value, json};

use super::{World, made, refused};

/// A network with a port, joined to the outside.
async fn joined(world: &World) -> (String, String, Value) {
    let outside = world.outside().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let body = json!({"router": {"name": "r", "external_gateway_info": {"network_id": outside}}});
    let router = made(world.member.post("/v2.0/routers", body).await, "router");
    let path = format!("/v2.0/routers/{router}/add_router_interface");
    assert_eq!(world.member.put(&path, json!({"subnet_id": subnet})).await.status, 200);
    (outside, router, world.port(&network).await)
}

#[tokio::test]
async fn a_floating_ip_leads_to_a_port_and_away_again() {
    let world = World::begin().await;
    let (outside, router, port) = joined(&world).await;
    let body = json!({"floatingip": {"floating_network_id": outside}});
    let made_now = world.member.post("/v2.0/floatingips", body).await;
    assert_eq!(made_now.json["floatingip"]["status"], "DOWN");
    let id = made(made_now, "floatingip");
    let path = format!("/v2.0/floatingips/{id}");
    let lead = json!({"floatingip": {"port_id": port["id"]}});
    let led = world.member.put(&path, lead.clone()).await;
    assert_eq!(led.status, 200, "{}", led.json);
    let shown = &led.json["floatingip"];
    assert_eq!(shown["status"], "ACTIVE");
    assert_eq!(shown["router_id"], *router);
    assert_eq!(shown["fixed_ip_address"], port["fixed_ips"][0]["ip_address"]);
    assert_eq!(shown["port_details"]["name"], "p");
    world.settled().await;
    let nat = world.engine.router(&router).unwrap().nat;
    assert_eq!(nat.len(), 1);
    assert_eq!(nat[0].external.to_string(), shown["floating_ip_address"].as_str().unwrap());

    // Neither the router's leg nor its gateway go while it is needed.
    let gone = json!({"router": {"external_gateway_info": null}});
    assert_eq!(
        refused(&world.member.put(&format!("/v2.0/routers/{router}"), gone).await),
        (409, "RouterExternalGatewayInUseByFloatingIp")
    );
    let subnet = json!({"subnet_id": port["fixed_ips"][0]["subnet_id"]});
    let leg = world.member.put(&format!("/v2.0/routers/{router}/remove_router_interface"), subnet).await;
    assert_eq!(refused(&leg), (409, "RouterInterfaceInUseByFloatingIP"));
    let second = json!({"floatingip": {"floating_network_id": outside, "port_id": port["id"]}});
    assert_eq!(
        refused(&world.member.post("/v2.0/floatingips", second).await),
        (409, "FloatingIPPortAlreadyAssociated")
    );

    // When the port goes it leads nowhere.
    let port = format!("/v2.0/ports/{}", port["id"].as_str().unwrap());
    assert_eq!(world.member.delete(&port).await.status, 204);
    let shown = world.member.get(&path).await.json["floatingip"].clone();
    assert_eq!((&shown["port_id"], &shown["status"]), (&Value::Null, &json!("DOWN")));
    world.settled().await;
    assert!(world.engine.router(&router).unwrap().nat.is_empty());
    assert_eq!(world.member.delete(&path).await.status, 204);
    let keepers = world.admin.get("/v2.0/ports?device_owner=network:floatingip").await;
    assert_eq!(keepers.json["ports"], json!([]));
}

#[tokio::test]
async fn a_floating_ip_comes_from_an_external_network_and_needs_a_way() {
    let world = World::asleep().await;
    let (outside, _, _) = joined(&world).await;
    let inside = world.network().await;
    world.subnet(&inside, "10.5.0.0/24").await;
    let body = json!({"floatingip": {"floating_network_id": inside}});
    assert_eq!(refused(&world.member.post("/v2.0/floatingips", body).await), (400, "BadRequest"));
    let port = world.port(&inside).await;
    let body = json!({"floatingip": {"floating_network_id": outside, "port_id": port["id"]}});
    assert_eq!(
        refused(&world.member.post("/v2.0/floatingips", body).await),
        (404, "ExternalGatewayForFloatingIPNotFound")
    );
    // Nothing is left of what was refused.
    assert_eq!(world.member.get("/v2.0/floatingips").await.json["floatingips"], json!([]));
    let body = json!({"floatingip": {"floating_network_id": outside}});
    let id = made(world.member.post("/v2.0/floatingips", body).await, "floatingip");
    let path = format!("/v2.0/floatingips/{id}");
    assert_eq!(refused(&world.stranger.get(&path).await), (404, "FloatingIPNotFound"));
    let chosen =
        json!({"floatingip": {"floating_network_id": outside, "floating_ip_address": "172.24.4.99"}});
    assert_eq!(
        refused(&world.member.post("/v2.0/floatingips", chosen.clone()).await),
        (403, "PolicyNotAuthorized")
    );
    let made_now = world.admin.post("/v2.0/floatingips", chosen).await;
    assert_eq!(made_now.json["floatingip"]["floating_ip_address"], "172.24.4.99");
}

#[tokio::test]
async fn an_external_network_goes_with_floating_ips_that_lead_nowhere() {
    let world = World::asleep().await;
    let outside = world.outside().await;
    let again = world.outside().await;
    assert_eq!(outside, again);
    let body = json!({"floatingip": {"floating_network_id": outside}});
    let id = made(world.member.post("/v2.0/floatingips", body).await, "floatingip");
    // Members may use it and not put ports on it.
    let port = json!({"port": {"network_id": outside}});
    assert_eq!(refused(&world.member.post("/v2.0/ports", port).await), (403, "PolicyNotAuthorized"));
    assert_eq!(world.admin.delete(&format!("/v2.0/networks/{outside}")).await.status, 204);
    assert_eq!(
        refused(&world.member.get(&format!("/v2.0/floatingips/{id}")).await),
        (404, "FloatingIPNotFound")
    );
}
