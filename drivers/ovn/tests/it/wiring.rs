//! Taps and metadata namespaces on a real switch.

use contracts::{driver::Wiring, machine::NicSpec, network::MetadataPort};
use ovn_driver::{
    daemons::OvnDaemons,
    wiring::{OvsWiring, WiringConfig},
};

use crate::{
    lab::{Lab, must, run},
    topology::id,
};

pub async fn connect(lab: &Lab, daemons: &OvnDaemons) -> OvsWiring {
    let config = WiringConfig {
        metadata_prefix: format!("{}-meta-", lab.namespace),
        namespace: Some(lab.namespace.clone()),
        ..WiringConfig::new(daemons.paths().local())
    };
    OvsWiring::connect(config).await.unwrap()
}

pub fn metadata_port(network: u128) -> MetadataPort {
    MetadataPort {
        network_id: id(network),
        port_id: id(network + 20),
        mac: format!("fa:16:3e:00:00:{:02x}", network + 20),
        addresses: vec![(format!("10.0.{network}.2").parse().unwrap(), 24)],
        mtu: 1442,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plugging_twice_makes_one_tap_and_unplugging_twice_leaves_none() {
    let Some(lab) = Lab::new() else { return };
    let daemons = OvnDaemons::start(lab.all_in_one()).await.unwrap();
    let wiring = connect(&lab, &daemons).await;
    let nic = NicSpec { port: id(11), mac: "fa:16:3e:00:00:0b".to_owned(), mtu: 1442, metadata: None };
    for _ in 0..2 {
        wiring.plug(&nic).await.unwrap();
        assert_eq!(wiring.plugged().await.unwrap(), [id(11)]);
    }
    let link = must("ip", &["-n", &lab.namespace, "link", "show", "dev", &nic.tap()]);
    assert!(link.contains("mtu 1442"), "{link}");
    let database = format!("--db={}", daemons.paths().local());
    let iface = must("ovs-vsctl", &[&database, "get", "Interface", &nic.tap(), "external_ids"]);
    assert!(iface.contains(&format!("iface-id=\"{}\"", id(11))) && iface.contains("attached-mac"), "{iface}");

    // Another that knows nothing of the first reads the truth.
    assert_eq!(connect(&lab, &daemons).await.plugged().await.unwrap(), [id(11)]);
    for _ in 0..2 {
        wiring.unplug(id(11)).await.unwrap();
        assert!(wiring.plugged().await.unwrap().is_empty());
    }
    assert!(!run("ip", &["-n", &lab.namespace, "link", "show", "dev", &nic.tap()]).status.success());
    lab.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metadata_namespace_is_opened_once_follows_its_addresses_and_is_closed() {
    let Some(lab) = Lab::new() else { return };
    let daemons = OvnDaemons::start(lab.all_in_one()).await.unwrap();
    let wiring = connect(&lab, &daemons).await;
    let mut port = metadata_port(1);
    let first = wiring.open_metadata(&port).await.unwrap().unwrap();
    let second = wiring.open_metadata(&port).await.unwrap().unwrap();
    assert_eq!(first.local_addr().unwrap().to_string(), "169.254.169.254:80");
    assert_eq!(second.local_addr().unwrap(), first.local_addr().unwrap());
    assert_eq!(first.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    assert_eq!(wiring.metadata_networks().await.unwrap(), [id(1)]);
    assert!(wiring.plugged().await.unwrap().is_empty());

    port.addresses = vec![("10.0.1.3".parse().unwrap(), 24), ("2001:db8::2".parse().unwrap(), 64)];
    wiring.open_metadata(&port).await.unwrap();
    let namespace = format!("{}-meta-{}", lab.namespace, id(1));
    let addresses = must("ip", &["-n", &namespace, "-brief", "address", "show", "dev", "meta0"]);
    assert!(addresses.contains("10.0.1.3/24") && addresses.contains("2001:db8::2/64"), "{addresses}");
    assert!(addresses.contains("169.254.169.254/32") && !addresses.contains("10.0.1.2/24"), "{addresses}");

    for _ in 0..2 {
        wiring.close_metadata(id(1)).await.unwrap();
        assert!(wiring.metadata_networks().await.unwrap().is_empty());
    }
    lab.end(daemons).await;
}
