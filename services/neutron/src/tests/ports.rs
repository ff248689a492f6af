//! Ports.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{World, made, refused};

#[tokio::test]
async fn a_port_gets_an_address_a_mac_and_the_default_group() {
    let world = World::begin().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    let id = port["id"].as_str().unwrap();
    assert!(port["mac_address"].as_str().unwrap().starts_with("fa:16:3e:"));
    assert_eq!(port["fixed_ips"][0]["subnet_id"], *subnet);
    assert_eq!(port["status"], "DOWN");
    assert!(port.get("binding:host_id").is_none());
    let address = port["fixed_ips"][0]["ip_address"].as_str().unwrap();
    let host = format!("host-{}", address.replace('.', "-"));
    assert_eq!(port["dns_assignment"][0]["fqdn"], format!("{host}.openstacklocal."));
    let group = port["security_groups"][0].as_str().unwrap();
    let shown = world.member.get(&format!("/v2.0/security-groups/{group}")).await;
    assert_eq!(shown.json["security_group"]["name"], "default");
    assert_eq!(shown.json["security_group"]["security_group_rules"].as_array().unwrap().len(), 4);
    world.settled().await;
    let logical = world.engine.port(id).unwrap();
    assert!(logical.port_security);
    assert_eq!(logical.security_groups, [group.parse::<uuid::Uuid>().unwrap()]);
    assert_eq!(logical.addresses[0].1.to_string(), address);

    assert_eq!(world.member.delete(&format!("/v2.0/ports/{id}")).await.status, 204);
    world.settled().await;
    assert!(world.engine.port(id).is_none());
}

#[tokio::test]
async fn no_address_is_given_twice_however_many_ask_at_once() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/27").await;
    let create = |_| {
        let client = world.member.clone();
        let body = json!({"port": {"network_id": network}});
        tokio::spawn(async move { client.post("/v2.0/ports", body).await })
    };
    let tasks: Vec<_> = (0..32).map(create).collect();
    let mut addresses = HashSet::new();
    let mut full = 0;
    for task in tasks {
        let answer = task.await.unwrap();
        if answer.status == 201 {
            let address = answer.json["port"]["fixed_ips"][0]["ip_address"].as_str().unwrap().to_owned();
            assert!(addresses.insert(address));
        } else {
            assert_eq!(refused(&answer), (409, "IpAddressGenerationFailure"));
            full += 1;
        }
    }
    // 30 usable, less the gateway and the metadata port.
    assert_eq!((addresses.len(), full), (28, 4));
}

#[tokio::test]
async fn addresses_are_asked_for_by_subnet_or_by_themselves() {
    let world = World::asleep().await;
    let network = world.network().await;
    let subnet = world.subnet(&network, "10.0.0.0/24").await;
    let post = async |fixed: Value| {
        let body = json!({"port": {"network_id": network, "fixed_ips": fixed}});
        world.member.post("/v2.0/ports", body).await
    };
    let answer = post(json!([{"ip_address": "10.0.0.77"}])).await;
    assert_eq!(answer.json["port"]["fixed_ips"], json!([{"subnet_id": subnet, "ip_address": "10.0.0.77"}]));
    assert_eq!(refused(&post(json!([{"ip_address": "10.0.0.77"}])).await), (409, "IpAddressInUse"));
    assert_eq!(refused(&post(json!([{"ip_address": "10.9.0.7"}])).await), (400, "InvalidIpForNetwork"));
    let outside = json!([{"subnet_id": subnet, "ip_address": "10.0.0.255"}]);
    assert_eq!(refused(&post(outside).await), (400, "InvalidIpForSubnet"));
    let nowhere = json!([{"subnet_id": "6a3bd5c6-9b5f-4b3c-8a53-3b4a6cbb1a01"}]);
    assert_eq!(refused(&post(nowhere).await), (400, "InvalidInput"));
    assert_eq!(refused(&post(json!([{"colour": "red"}])).await), (400, "HTTPBadRequest"));
    assert_eq!(refused(&post(json!([{}])).await), (400, "InvalidInput"));
    assert_eq!(refused(&post(json!("x")).await), (400, "HTTPBadRequest"));
    let two = post(json!([{"subnet_id": subnet}, {"subnet_id": subnet}])).await;
    assert_eq!(two.json["port"]["fixed_ips"].as_array().unwrap().len(), 2);
    let none = post(json!([])).await;
    assert_eq!(none.json["port"]["fixed_ips"], json!([]));

    // Changing them gives the old one back.
    let id = answer.json["port"]["id"].as_str().unwrap();
    let body = json!({"port": {"fixed_ips": [{"ip_address": "10.0.0.78"}]}});
    let changed = world.member.put(&format!("/v2.0/ports/{id}"), body).await;
    assert_eq!(changed.json["port"]["fixed_ips"][0]["ip_address"], "10.0.0.78");
    assert_eq!(post(json!([{"ip_address": "10.0.0.77"}])).await.status, 201);
}

#[tokio::test]
async fn addresses_on_slaac_subnets_follow_from_the_mac() {
    let world = World::asleep().await;
    let network = world.network().await;
    let before = world.port(&network).await;
    let body = json!({"subnet": {"network_id": network, "ip_version": 6, "cidr": "2001:db8::/64",
        "ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}});
    let subnet = made(world.member.post("/v2.0/subnets", body).await, "subnet");
    let body = json!({"port": {"network_id": network, "mac_address": "fa:16:3e:00:11:22"}});
    let port = world.member.post("/v2.0/ports", body).await;
    assert_eq!(port.json["port"]["fixed_ips"][0]["ip_address"], "2001:db8::f816:3eff:fe00:1122");
    // The port that was there before has got its own.
    let before = world.member.get(&format!("/v2.0/ports/{}", before["id"].as_str().unwrap())).await;
    assert_eq!(before.json["port"]["fixed_ips"][0]["subnet_id"], *subnet);
    let body = json!({"port": {"network_id": network, "fixed_ips": [{"ip_address": "2001:db8::5"}]}});
    assert_eq!(
        refused(&world.member.post("/v2.0/ports", body).await),
        (400, "AllocationOnAutoAddressSubnet")
    );
    assert_eq!(world.member.delete(&format!("/v2.0/subnets/{subnet}")).await.status, 204);
}

/// SECURITY 22.
#[tokio::test]
async fn ossa_2015_018_a_stranger_can_not_make_a_port_of_the_network_itself() {
    let world = World::asleep().await;
    let body = json!({"network": {"name": "n", "shared": true}});
    let network = made(world.admin.post("/v2.0/networks", body).await, "network");
    for owner in ["network:dhcp", "network:router_interface", "network:floatingip", "network:"] {
        let body = json!({"port": {"network_id": network, "device_owner": owner}});
        let answer = world.stranger.post("/v2.0/ports", body).await;
        assert_eq!(refused(&answer), (403, "PolicyNotAuthorized"), "{owner}");
    }
    let body = json!({"port": {"network_id": network, "device_owner": "compute:nova"}});
    let port = made(world.stranger.post("/v2.0/ports", body).await, "port");
    let path = format!("/v2.0/ports/{port}");
    let body = json!({"port": {"device_owner": "network:dhcp"}});
    assert_eq!(refused(&world.stranger.put(&path, body).await), (403, "PolicyNotAuthorized"));
    // Nor take protection off, or choose addresses and MACs, on a network that is not its own.
    for more in [
        json!({"port_security_enabled": false}),
        json!({"mac_address": "fa:16:3e:00:00:01"}),
        json!({"fixed_ips": [{"ip_address": "10.0.0.5"}]}),
        json!({"allowed_address_pairs": [{"ip_address": "10.0.0.5"}]}),
        json!({"binding:host_id": "h1"}),
    ] {
        let mut body = json!({"network_id": network});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = world.stranger.post("/v2.0/ports", json!({"port": body})).await;
        assert_eq!(refused(&answer), (403, "PolicyNotAuthorized"), "{more}");
    }
}

/// SECURITY 24.
#[tokio::test]
async fn ossa_2021_005_extra_dhcp_options_can_not_inject() {
    let world = World::asleep().await;
    let network = world.network().await;
    let post = async |name: &str, value: &str| {
        let options = json!([{"opt_name": name, "opt_value": value}]);
        let body = json!({"port": {"network_id": network, "extra_dhcp_opts": options}});
        world.member.post("/v2.0/ports", body).await
    };
    assert_eq!(post("bootfile-name", "x\nserver-id=1.2.3.4").await.status, 400);
    assert_eq!(post("bootfile\n-name", "x").await.status, 400);
    let good = post("bootfile-name", "http://10.0.0.1/x").await;
    assert_eq!(good.status, 201);
    // Replaced by name, removed by null.
    let path = format!("/v2.0/ports/{}", good.json["port"]["id"].as_str().unwrap());
    let body = json!({"port": {"extra_dhcp_opts": [
        {"opt_name": "bootfile-name", "opt_value": null}, {"opt_name": "tftp-server", "opt_value": "10.0.0.9"}]}});
    let changed = world.member.put(&path, body).await;
    assert_eq!(
        changed.json["port"]["extra_dhcp_opts"],
        json!([{"opt_name": "tftp-server", "opt_value": "10.0.0.9", "ip_version": 4}])
    );
}

#[tokio::test]
async fn security_and_groups_go_together() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let port = world.port(&network).await;
    let path = format!("/v2.0/ports/{}", port["id"].as_str().unwrap());
    let off = json!({"port": {"port_security_enabled": false}});
    assert_eq!(refused(&world.member.put(&path, off).await), (409, "PortSecurityPortHasSecurityGroup"));
    let off = json!({"port": {"port_security_enabled": false, "security_groups": []}});
    assert_eq!(world.member.put(&path, off).await.status, 200);
    let pairs = json!({"port": {"allowed_address_pairs": [{"ip_address": "10.0.0.9"}]}});
    assert_eq!(refused(&world.member.put(&path, pairs).await), (409, "AddressPairAndPortSecurityRequired"));
    let groups = json!({"port": {"security_groups": [port["security_groups"][0]]}});
    assert_eq!(
        refused(&world.member.put(&path, groups).await),
        (400, "PortSecurityAndIPRequiredForSecurityGroups")
    );
    let foreign = made(
        world.stranger.post("/v2.0/security-groups", json!({"security_group": {"name": "x"}})).await,
        "security_group",
    );
    let body = json!({"port": {"network_id": network, "security_groups": [foreign]}});
    assert_eq!(refused(&world.member.post("/v2.0/ports", body).await), (404, "SecurityGroupNotFound"));
}

#[tokio::test]
async fn a_mac_address_is_there_once_in_a_network() {
    let world = World::asleep().await;
    let network = world.network().await;
    let body = json!({"port": {"network_id": network, "mac_address": "FA-16-3E-00-00-01"}});
    let first = world.member.post("/v2.0/ports", body.clone()).await;
    assert_eq!(first.json["port"]["mac_address"], "fa:16:3e:00:00:01");
    assert_eq!(refused(&world.member.post("/v2.0/ports", body).await), (409, "MacAddressInUse"));
}

#[tokio::test]
async fn the_quota_of_ports_is_kept() {
    let world = World::asleep().await;
    let network = world.network().await;
    let quota = json!({"quota": {"port": 2}});
    assert_eq!(world.admin.put("/v2.0/quotas/p1", quota).await.json["quota"]["port"], 2);
    world.port(&network).await;
    let body = json!({"ports": [{"network_id": network}, {"network_id": network}]});
    assert_eq!(refused(&world.member.post("/v2.0/ports", body).await), (409, "OverQuota"));
    let listed = world.member.get("/v2.0/ports").await;
    assert_eq!(listed.json["ports"].as_array().unwrap().len(), 1);
    let details = world.admin.get("/v2.0/quotas/p1/details.json").await;
    assert_eq!(details.json["quota"]["port"], json!({"limit": 2, "used": 1, "reserved": 0}));
}
