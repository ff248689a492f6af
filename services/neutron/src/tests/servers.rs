//! What Nova asks.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use contracts::{
    CallError,
    compute::ServerEvents,
    driver::EngineEvent,
    network::{Networks, NewPort},
};
use platform::http::testing::caller;
use uuid::Uuid;

use super::World;

#[derive(Default)]
struct Told(Mutex<Vec<Uuid>>);

#[async_trait]
impl ServerEvents for Told {
    async fn network_changed(&self, server: Uuid) {
        self.0.lock().unwrap().push(server);
    }
    async fn volume_changed(&self, _: Uuid) {}
}

fn new(network: &str, server: Uuid) -> NewPort {
    NewPort {
        id: Uuid::new_v4(),
        network_id: network.parse().unwrap(),
        device_id: server,
        dns_name: "web-1".into(),
        fixed_ip: None,
        security_groups: vec!["default".into()],
        device_owner: "compute:nova".into(),
    }
}

#[tokio::test]
async fn a_servers_port_is_made_once_bound_wired_and_told() {
    let world = World::begin().await;
    let told = Arc::new(Told::default());
    world.neutron.set_server_events(told.clone());
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let server = Uuid::new_v4();
    let wanted = new(&network, server);
    let nova: &dyn Networks = &*world.neutron;
    let port = nova.create_port("p1", &wanted).await.unwrap();
    let again = nova.create_port("p1", &wanted).await.unwrap();
    assert_eq!((port.id, &port.mac), (again.id, &again.mac));
    assert_eq!(port.security_groups, ["default"]);
    assert_eq!(port.fixed_ips.len(), 1);
    assert_eq!(port.fixed_ips[0].prefix_len, 24);
    assert_eq!(port.metadata.as_ref().unwrap().addresses[0].0.to_string(), "10.0.0.2");
    let bound = nova.bind_port(port.id, "h1").await.unwrap();
    assert_eq!((bound.host.as_deref(), bound.status.as_str()), (Some("h1"), "DOWN"));
    world.settled().await;
    let logical = world.engine.port(&port.id.to_string()).unwrap();
    assert_eq!(logical.host.as_deref(), Some("h1"));
    let names = world.engine.network(&network).unwrap().names;
    assert_eq!(names["web-1.openstacklocal"], [port.fixed_ips[0].address]);

    told.0.lock().unwrap().clear();
    world.engine.sender.send(EngineEvent::PortUp(port.id, true)).unwrap();
    for _ in 0..200 {
        if !told.0.lock().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(*told.0.lock().unwrap(), [server]);
    let ports = nova.ports_of(&[server, Uuid::new_v4()]).await.unwrap();
    assert_eq!(ports.len(), 1);
    assert_eq!(ports[0].status, "ACTIVE");
    let address: IpAddr = port.fixed_ips[0].address;
    assert_eq!(nova.device_at(network.parse().unwrap(), address).await.unwrap(), Some(server));
    assert_eq!(nova.device_at(Uuid::new_v4(), address).await.unwrap(), None);

    // A user does not take a server's port away.
    let path = format!("/v2.0/ports/{}", port.id);
    assert_eq!(world.member.delete(&path).await.status, 403);
    nova.delete_port(port.id).await.unwrap();
    nova.delete_port(port.id).await.unwrap();
    assert!(nova.ports_of(&[server]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_port_is_claimed_by_one_server_and_given_back() {
    let world = World::asleep().await;
    let network = world.network().await;
    world.subnet(&network, "10.0.0.0/24").await;
    let id: Uuid = world.port(&network).await["id"].as_str().unwrap().parse().unwrap();
    let nova: &dyn Networks = &*world.neutron;
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    nova.claim_port(id, one, "compute:nova", "vm").await.unwrap();
    nova.claim_port(id, one, "compute:nova", "vm").await.unwrap();
    let refused = nova.claim_port(id, two, "compute:nova", "vm").await;
    assert!(matches!(refused, Err(CallError::Conflict(_))));
    nova.bind_port(id, "h1").await.unwrap();
    nova.release_port(id, two).await.unwrap();
    assert_eq!(nova.ports_of(&[one]).await.unwrap().len(), 1);
    nova.release_port(id, one).await.unwrap();
    let port = nova.port(&caller("m", "p1", &["member"]), id).await.unwrap();
    assert_eq!((port.device_id.as_str(), port.host), ("", None));
    let foreign = nova.port(&caller("s", "p2", &["member"]), id).await;
    assert!(matches!(foreign, Err(CallError::NotFound(_))));
}

#[tokio::test]
async fn a_server_without_a_wish_is_put_on_its_projects_networks() {
    let world = World::asleep().await;
    world.outside().await;
    let nova: &dyn Networks = &*world.neutron;
    let member = caller("m", "p1", &["member"]);
    assert!(nova.default_networks(&member).await.unwrap().is_empty());
    let network = world.network().await;
    let found = nova.default_networks(&member).await.unwrap();
    assert_eq!(found.iter().map(|one| one.id.to_string()).collect::<Vec<_>>(), [network.as_str()]);
    assert!(!found[0].has_subnet);
    let id = network.parse().unwrap();
    assert!(nova.network(&member, id).await.is_ok());
    let foreign = nova.network(&caller("s", "p2", &["member"]), id).await;
    assert!(matches!(foreign, Err(CallError::NotFound(_))));
    assert_eq!(nova.ports_left("p1").await.unwrap(), Some(500));
    assert!(nova.security_group_exists(&member, "default").await.unwrap());
    assert!(!nova.security_group_exists(&member, "nothing").await.unwrap());
}
