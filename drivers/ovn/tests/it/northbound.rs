//! The engine on real databases and a real northd.

use std::time::{Duration, Instant};

use contracts::driver::{DriverError, EngineEvent, LogicalPort, NetworkEngine, PortKind};
use ovn_driver::{
    daemons::OvnDaemons,
    northbound::{Gateways, OvnNorthbound},
};

use crate::{
    lab::{Lab, must},
    topology::{
        cloud, external, gateway_leg, group, id, leg, machine, metadata, network, ping, port, router, ssh,
    },
};

struct Central {
    lab: Lab,
    daemons: OvnDaemons,
    engine: OvnNorthbound,
}

impl Central {
    async fn start() -> Option<Self> {
        let lab = Lab::new()?;
        let daemons = OvnDaemons::start(lab.central()).await.unwrap();
        let (northbound, southbound) = (daemons.paths().northbound(), daemons.paths().southbound());
        let engine =
            OvnNorthbound::start(&northbound, &southbound, Gateways::Listed(vec!["host1".to_owned()]))
                .unwrap();
        engine.ready(Duration::from_secs(5)).await.unwrap();
        Some(Central { lab, daemons, engine })
    }

    fn nbctl(&self, arguments: &[&str]) -> String {
        let database = format!("--db={}", self.daemons.paths().northbound());
        let mut all = vec![database.as_str()];
        all.extend(arguments);
        must("ovn-nbctl", &all)
    }

    async fn ensure_all(&self) {
        let cloud = cloud();
        for group in &cloud.security_groups {
            self.engine.ensure_security_group(group).await.unwrap();
        }
        for network in &cloud.networks {
            self.engine.ensure_network(network).await.unwrap();
        }
        for port in &cloud.ports {
            self.engine.ensure_port(port).await.unwrap();
        }
        for router in &cloud.routers {
            self.engine.ensure_router(router).await.unwrap();
        }
    }

    async fn end(self) {
        drop(self.engine);
        self.lab.end(self.daemons).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ensuring_twice_sends_nothing_the_second_time() {
    let Some(central) = Central::start().await else { return };
    central.ensure_all().await;
    let sent = central.engine.transactions_sent();
    assert!(sent > 0);
    central.ensure_all().await;
    assert_eq!(central.engine.transactions_sent(), sent);
    // One call of its own first: the group that drops was made by the first port.
    assert_eq!(central.engine.converge(&cloud()).await.unwrap(), 0);
    assert_eq!(central.engine.transactions_sent(), sent);

    let shown = central.nbctl(&["show"]);
    assert!(shown.contains("172.24.4.100") && shown.contains("dnat_and_snat"), "{shown}");
    let chassis = central.nbctl(&["--bare", "--columns=chassis_name", "list", "Gateway_Chassis"]);
    assert_eq!(chassis.trim(), "host1");
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn converge_mends_missing_changed_and_left_over_rows() {
    let Some(central) = Central::start().await else { return };
    let cloud = cloud();
    let parts = cloud.networks.len() + cloud.ports.len() + cloud.security_groups.len() + cloud.routers.len();
    // The group that drops is one more part.
    assert_eq!(central.engine.converge(&cloud).await.unwrap(), parts + 1);
    assert_eq!(central.engine.converge(&cloud).await.unwrap(), 0);

    let machine = id(11).to_string();
    central.nbctl(&["lsp-del", &machine]);
    central.nbctl(&["lsp-set-addresses", &id(12).to_string(), "00:00:00:00:00:01"]);
    central.nbctl(&["clear", "Port_Group", "pileus_drop", "acls"]);
    central.nbctl(&["lr-nat-del", &format!("pileus-{}", id(40))]);
    central.nbctl(&["set", "Logical_Router_Port", &format!("lrp-{}", id(31)), "networks=10.7.7.7/24"]);
    central.nbctl(&["--all", "destroy", "DHCP_Options"]);
    central.nbctl(&["ls-add", "somebody-elses"]);
    central.engine.ensure_network(&network(5)).await.unwrap();
    central
        .engine
        .ensure_port(&LogicalPort { security_groups: vec![], ..port(15, 5, PortKind::Machine, "10.0.5.10") })
        .await
        .unwrap();
    central.engine.ensure_port(&port(16, 1, PortKind::Machine, "10.0.1.16")).await.unwrap();
    // What nbctl did has to arrive first.
    tokio::time::sleep(Duration::from_millis(300)).await;

    let mended = central.engine.converge(&cloud).await.unwrap();
    assert!(mended >= 8, "{mended}");
    assert_eq!(central.engine.converge(&cloud).await.unwrap(), 0);
    let shown = central.nbctl(&["show"]);
    assert!(
        shown.contains("somebody-elses") && shown.contains("10.0.1.10") && !shown.contains("10.0.5."),
        "{shown}"
    );
    assert!(!shown.contains("10.0.1.16") && !shown.contains("10.7.7.7"), "{shown}");
    let dhcp =
        central.nbctl(&["--bare", "--columns=dhcpv4_options", "list", "Logical_Switch_Port", &machine]);
    assert!(!dhcp.trim().is_empty());
    assert_eq!(
        central
            .nbctl(&["--bare", "--columns=_uuid", "list", "DHCP_Options"])
            .lines()
            .filter(|l| !l.is_empty())
            .count(),
        3
    );
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_leaves_nothing_behind() {
    let Some(central) = Central::start().await else { return };
    central.ensure_all().await;
    let engine = &central.engine;
    engine.remove_port(machine(1).id).await.unwrap();
    engine.remove_port(machine(1).id).await.unwrap();
    engine.remove_router(router().id).await.unwrap();
    for network in [network(1), network(2), external()] {
        engine.remove_network(network.id).await.unwrap();
        engine.remove_network(network.id).await.unwrap();
    }
    engine.remove_security_group(group(vec![]).id).await.unwrap();
    for table in [
        "Logical_Switch",
        "Logical_Switch_Port",
        "DHCP_Options",
        "DNS",
        "Logical_Router",
        "Logical_Router_Port",
        "NAT",
        "Gateway_Chassis",
        "Logical_Router_Static_Route",
    ] {
        assert_eq!(central.nbctl(&["--bare", "--columns=_uuid", "list", table]), "", "{table}");
    }
    assert_eq!(central.nbctl(&["--bare", "--columns=name", "list", "Port_Group"]).trim(), "pileus_drop");
    let missing = engine.ensure_port(&machine(1)).await;
    assert!(matches!(missing, Err(DriverError::NotFound(_))), "{missing:?}");
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_that_race_make_one_of_everything() {
    let Some(central) = Central::start().await else { return };
    let (northbound, southbound) =
        (central.daemons.paths().northbound(), central.daemons.paths().southbound());
    let mut engines = Vec::new();
    for _ in 0..4 {
        engines.push(std::sync::Arc::new(OvnNorthbound::connect(&northbound, &southbound).await.unwrap()));
    }
    let mut tasks = Vec::new();
    for engine in &engines {
        let engine = engine.clone();
        tasks.push(tokio::spawn(async move {
            engine.ensure_security_group(&group(vec![ping(), ssh()])).await.unwrap();
            for number in 1..20 {
                engine.ensure_network(&network(number)).await.unwrap();
                engine.ensure_port(&machine(number)).await.unwrap();
                engine.ensure_port(&leg(number)).await.unwrap();
            }
            engine.ensure_router(&router()).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let count = |table: &str| {
        central
            .nbctl(&["--bare", "--columns=_uuid", "list", table])
            .lines()
            .filter(|line| !line.is_empty())
            .count()
    };
    assert_eq!(count("Logical_Switch"), 19);
    assert_eq!(count("Logical_Switch_Port"), 38);
    assert_eq!(count("DHCP_Options"), 20);
    assert_eq!(count("DNS"), 19);
    assert_eq!(count("Logical_Router"), 1);
    assert_eq!(count("Port_Group"), 2);
    assert_eq!(count("ACL"), 9);
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_comes_back_and_says_reset() {
    let Some(central) = Central::start().await else { return };
    central.ensure_all().await;
    let mut events = central.engine.events();
    let server = central.daemons.status().into_iter().find(|daemon| daemon.name == "ovnnb-server").unwrap();
    let pid = nix::unistd::Pid::from_raw(server.pid.unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
    let reset = async { while events.recv().await.unwrap() != EngineEvent::Reset {} };
    tokio::time::timeout(Duration::from_secs(15), reset).await.unwrap();
    assert_eq!(central.engine.converge(&cloud()).await.unwrap(), 0);
    central.engine.ensure_port(&metadata(1)).await.unwrap();
    central.engine.ensure_port(&LogicalPort { enabled: false, ..gateway_leg() }).await.unwrap();
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_stays_quick_with_thousands_of_ports() {
    let Some(central) = Central::start().await else { return };
    const PORTS: u128 = 3000;
    let address = |number: u128| format!("10.0.{}.{}", number / 250, number % 250 + 1);
    let many: Vec<LogicalPort> = (0..PORTS)
        .map(|number| LogicalPort {
            id: id(1000 + number),
            mac: format!("fa:16:3e:01:{:02x}:{:02x}", number / 256, number % 256),
            security_groups: vec![id(crate::topology::GROUP)],
            ..port(1, 1, PortKind::Machine, &address(number))
        })
        .collect();
    let topology = contracts::driver::Topology {
        networks: vec![network(1)],
        security_groups: vec![group(vec![ping()])],
        ports: many,
        ..Default::default()
    };
    let begun = Instant::now();
    central.engine.converge(&topology).await.unwrap();
    println!("{PORTS} ports made in {:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(central.engine.converge(&topology).await.unwrap(), 0);
    println!("compared in {:?}", begun.elapsed());
    let begun = Instant::now();
    for number in 0..20 {
        let port = LogicalPort { id: id(90_000 + number), ..topology.ports[0].clone() };
        central.engine.ensure_port(&port).await.unwrap();
    }
    println!("one more port: {:?}", begun.elapsed() / 20);
    assert!(begun.elapsed() < Duration::from_secs(10));
    central.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dhcp_of_a_port_follows_its_subnet_and_its_own_options() {
    let Some(central) = Central::start().await else { return };
    let engine = &central.engine;
    let mut net = network(1);
    let answers = net.subnets[0].dhcp.take();
    engine.ensure_network(&net).await.unwrap();
    let plain = LogicalPort { security_groups: vec![], ..machine(1) };
    let special = LogicalPort {
        id: id(77),
        dhcp_options: [("bootfile-name".to_owned(), "pxe.0".to_owned())].into(),
        ..plain.clone()
    };
    engine.ensure_port(&plain).await.unwrap();
    engine.ensure_port(&special).await.unwrap();
    let options_of = |port: &LogicalPort| {
        let row = central.nbctl(&[
            "--bare",
            "--columns=dhcpv4_options",
            "list",
            "Logical_Switch_Port",
            &port.id.to_string(),
        ]);
        if row.trim().is_empty() {
            return String::new();
        }
        central.nbctl(&["--bare", "--columns=options", "list", "DHCP_Options", row.trim()])
    };
    assert_eq!(options_of(&plain), "");

    // The subnet begins to answer: its ports are answered without being told of again.
    net.subnets[0].dhcp = answers;
    engine.ensure_network(&net).await.unwrap();
    assert!(options_of(&plain).contains("server_id=10.0.1.1"));
    engine.ensure_port(&special).await.unwrap();
    assert!(
        options_of(&special).contains("bootfile_name=\"pxe.0\"") && options_of(&special).contains("mtu=1442")
    );
    assert!(!options_of(&plain).contains("bootfile_name"));

    net.mtu = 1300;
    engine.ensure_network(&net).await.unwrap();
    assert!(options_of(&plain).contains("mtu=1300") && options_of(&special).contains("mtu=1300"));
    assert!(options_of(&special).contains("bootfile_name"));

    engine.ensure_port(&LogicalPort { dhcp_options: Default::default(), ..special.clone() }).await.unwrap();
    assert!(!options_of(&special).contains("bootfile_name"));
    assert_eq!(
        central.nbctl(&["--bare", "--columns=_uuid", "list", "DHCP_Options"]).trim().lines().count(),
        1
    );
    central.end().await;
}
