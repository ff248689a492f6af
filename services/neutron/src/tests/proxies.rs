//! What Nova's old API asks.

use contracts::{
    CallError,
    network::{Networks, NewPort},
    network_proxy::{NetworkProxy, NewSecurityGroupRule, SecurityGroupPage},
};
use platform::http::testing::caller;
use serde_json::json;
use uuid::Uuid;

use super::World;

const PAGE: SecurityGroupPage = SecurityGroupPage { all_projects: false, offset: 0, limit: 100 };

fn ssh(group_id: Uuid) -> NewSecurityGroupRule {
    NewSecurityGroupRule {
        group_id,
        protocol: Some("TCP".into()),
        from_port: Some(22),
        to_port: Some(22),
        cidr: Some("10.2.3.124/24".into()),
        remote_group_id: None,
    }
}

#[tokio::test]
async fn security_groups_are_shown_and_changed_by_their_project_only() {
    let world = World::asleep().await;
    let proxy: &dyn NetworkProxy = &*world.neutron;
    let (member, reader) = (caller("m", "p1", &["member", "reader"]), caller("r", "p1", &["reader"]));
    let stranger = caller("s", "p2", &["member", "reader"]);
    let names = async |who| -> Vec<String> {
        let groups = proxy.security_groups(who, PAGE).await.unwrap();
        groups.into_iter().map(|group| group.name).collect()
    };
    assert_eq!(names(&member).await, ["default"]);
    let web = proxy.create_security_group(&member, "web", "d").await.unwrap();
    assert_eq!((names(&member).await.len(), names(&stranger).await.len()), (2, 1));
    let page = SecurityGroupPage { offset: 1, limit: 1, ..PAGE };
    assert_eq!(proxy.security_groups(&member, page).await.unwrap()[0].id, web.id);
    let all = SecurityGroupPage { all_projects: true, ..PAGE };
    assert_eq!(proxy.security_groups(&stranger, all).await.unwrap().len(), 1);
    assert!(matches!(proxy.create_security_group(&reader, "x", "").await, Err(CallError::Forbidden(_))));
    assert!(matches!(proxy.delete_security_group(&reader, web.id).await, Err(CallError::Forbidden(_))));
    assert!(matches!(proxy.security_group(&stranger, web.id).await, Err(CallError::NotFound(_))));
    assert!(matches!(
        proxy.update_security_group(&stranger, web.id, "x", "").await,
        Err(CallError::NotFound(_))
    ));
    assert!(matches!(proxy.delete_security_group(&stranger, web.id).await, Err(CallError::NotFound(_))));
    let default = proxy.security_groups(&member, PAGE).await.unwrap()[0].id;
    assert!(matches!(proxy.delete_security_group(&member, default).await, Err(CallError::Conflict(_))));

    let rule = proxy.create_security_group_rule(&member, ssh(web.id)).await.unwrap();
    assert_eq!((rule.protocol.as_deref(), rule.cidr.as_deref()), (Some("tcp"), Some("10.2.3.124/24")));
    assert!(matches!(
        proxy.create_security_group_rule(&member, ssh(web.id)).await,
        Err(CallError::Conflict(_))
    ));
    assert!(matches!(
        proxy.create_security_group_rule(&stranger, ssh(web.id)).await,
        Err(CallError::NotFound(_))
    ));
    assert!(matches!(
        proxy.create_security_group_rule(&reader, ssh(web.id)).await,
        Err(CallError::Forbidden(_))
    ));
    assert!(matches!(
        proxy.delete_security_group_rule(&stranger, rule.id).await,
        Err(CallError::NotFound(_))
    ));
    let icmp = NewSecurityGroupRule {
        protocol: Some("icmp".into()),
        from_port: Some(-1),
        to_port: Some(-1),
        cidr: None,
        remote_group_id: Some(default),
        ..ssh(web.id)
    };
    let icmp = proxy.create_security_group_rule(&member, icmp).await.unwrap();
    assert_eq!((icmp.from_port, icmp.cidr.as_deref()), (Some(-1), None));
    assert_eq!(icmp.remote_group, Some(("default".into(), "p1".into())));
    assert_eq!(proxy.security_group(&member, web.id).await.unwrap().rules.len(), 2);
    proxy.delete_security_group_rule(&member, rule.id).await.unwrap();
    proxy.delete_security_group(&member, web.id).await.unwrap();
}

#[tokio::test]
async fn security_groups_stop_at_the_quota() {
    let world = World::asleep().await;
    let proxy: &dyn NetworkProxy = &*world.neutron;
    let member = caller("m", "p1", &["member", "reader"]);
    let quota = json!({"quota": {"security_group": 1}});
    assert_eq!(world.admin.put("/v2.0/quotas/p1", quota).await.status, 200);
    let refused = proxy.create_security_group(&member, "web", "").await;
    assert!(matches!(refused, Err(CallError::OverQuota(_))), "{refused:?}");
}

#[tokio::test]
async fn a_servers_ports_are_put_into_groups_and_given_addresses() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let network: Uuid = network.parse().unwrap();
    let (nova, proxy): (&dyn Networks, &dyn NetworkProxy) = (&*world.neutron, &*world.neutron);
    let (member, server) = (caller("m", "p1", &["member", "reader"]), Uuid::new_v4());
    let new = NewPort {
        id: Uuid::new_v4(),
        network_id: network,
        device_id: server,
        dns_name: "vm".into(),
        fixed_ip: None,
        security_groups: vec![],
        device_owner: "compute:nova".into(),
    };
    nova.create_port("p1", &new).await.unwrap();
    let names = async || -> Vec<String> {
        nova.security_groups_of(server).await.unwrap().into_iter().map(|group| group.name).collect()
    };
    assert_eq!(names().await, ["default"]);
    proxy.create_security_group(&member, "web", "").await.unwrap();
    nova.change_security_group(&member, server, "web", true).await.unwrap();
    nova.change_security_group(&member, server, "web", true).await.unwrap();
    assert_eq!(names().await, ["default", "web"]);
    nova.change_security_group(&member, server, "default", false).await.unwrap();
    assert_eq!(names().await, ["web"]);
    let missing = nova.change_security_group(&member, server, "default", false).await;
    assert!(matches!(missing, Err(CallError::NotFound(_))));
    let missing = nova.change_security_group(&member, server, "nothing", true).await;
    assert!(matches!(missing, Err(CallError::NotFound(_))));
    proxy.create_security_group(&member, "web", "").await.unwrap();
    let ambiguous = nova.change_security_group(&member, server, "web", false).await;
    assert!(matches!(ambiguous, Err(CallError::Conflict(_))));

    proxy.add_fixed_ip(server, network).await.unwrap();
    let port = nova.ports_of(&[server]).await.unwrap().remove(0);
    assert_eq!(port.fixed_ips.len(), 2);
    let (first, second) = (port.fixed_ips[0].address, port.fixed_ips[1].address);
    proxy.remove_fixed_ip(server, first).await.unwrap();
    assert!(matches!(proxy.remove_fixed_ip(server, first).await, Err(CallError::NotFound(_))));
    let port = nova.ports_of(&[server]).await.unwrap().remove(0);
    assert_eq!(port.fixed_ips.iter().map(|ip| ip.address).collect::<Vec<_>>(), [second]);
    assert!(matches!(proxy.add_fixed_ip(server, Uuid::new_v4()).await, Err(CallError::NotFound(_))));
}

#[tokio::test]
async fn floating_ips_come_from_pools_and_belong_to_projects() {
    let world = World::asleep().await;
    let proxy: &dyn NetworkProxy = &*world.neutron;
    let member = caller("m", "p1", &["member", "reader"]);
    let stranger = caller("s", "p2", &["member", "reader"]);
    assert!(matches!(proxy.create_floating_ip(&member, None).await, Err(CallError::NotFound(_))));
    let outside = world.outside().await;
    let pools = proxy.external_networks(&member).await.unwrap();
    assert_eq!(pools[0].id.to_string(), outside);
    let seen = proxy.visible_networks(&stranger).await.unwrap();
    assert_eq!(seen.iter().map(|network| network.id.to_string()).collect::<Vec<_>>(), [outside.as_str()]);
    assert!(matches!(proxy.create_floating_ip(&member, Some("x")).await, Err(CallError::NotFound(_))));
    let ip = proxy.create_floating_ip(&member, Some(&pools[0].name)).await.unwrap();
    assert_eq!((ip.pool.as_str(), ip.device_id.as_deref()), (pools[0].name.as_str(), None));
    let other = proxy.create_floating_ip(&member, Some(&outside)).await.unwrap();
    assert_eq!(proxy.floating_ips(&member).await.unwrap().len(), 2);
    assert!(proxy.floating_ips(&stranger).await.unwrap().is_empty());
    assert!(matches!(proxy.floating_ip(&stranger, ip.id).await, Err(CallError::NotFound(_))));
    assert!(proxy.floating_ip_at(&stranger, ip.address).await.unwrap().is_none());
    assert_eq!(proxy.floating_ip_at(&member, ip.address).await.unwrap().unwrap().id, ip.id);
    assert!(matches!(proxy.delete_floating_ip(&stranger, ip.id).await, Err(CallError::NotFound(_))));
    proxy.delete_floating_ip(&member, ip.id).await.unwrap();
    proxy.delete_floating_ip(&member, other.id).await.unwrap();
    let quota = json!({"quota": {"floatingip": 0}});
    assert_eq!(world.admin.put("/v2.0/quotas/p1", quota).await.status, 200);
    assert!(matches!(proxy.create_floating_ip(&member, None).await, Err(CallError::OverQuota(_))));
}
