//! Packets between machines (namespaces on a veth), routers and the outside.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use contracts::driver::{EngineEvent, LogicalPort, NetworkEngine, Wiring};
use ovn_driver::{daemons::OvnDaemons, northbound::OvnNorthbound, wiring::OvsWiring};

use crate::{
    lab::{Lab, must, run},
    topology::{
        FLOATING, cloud, external, gateway_leg, group, id, leg, machine, metadata, network, ping, router, ssh,
    },
    wiring::{connect, metadata_port},
};

/// A machine: a namespace whose card is a port.
struct Machine {
    namespace: String,
    state: PathBuf,
}

const DHCP_SCRIPT: &str = "#!/bin/sh
[ \"$1\" = bound ] || [ \"$1\" = renew ] || exit 0
env > \"$LEASE\"
ip address replace $ip/$mask dev $interface
ip link set dev $interface mtu ${mtu:-1500}
set -- $staticroutes
while [ -n \"$1\" ]; do ip route replace $1 via $2 dev $interface; shift 2; done
[ -n \"$staticroutes\" ] || ip route replace default via $router dev $interface
";

impl Machine {
    async fn plug(lab: &Lab, wiring: &OvsWiring, port: &LogicalPort, number: u8) -> Self {
        let namespace = format!("{}-m{number}", lab.namespace);
        let outside = format!("vm{number}");
        must("ip", &["netns", "add", &namespace]);
        let peer = ["type", "veth", "peer", "name", "eth0", "netns", &namespace];
        must("ip", &[&["-n", &lab.namespace, "link", "add", &outside], &peer[..]].concat());
        must("ip", &["-n", &lab.namespace, "link", "set", "dev", &outside, "up"]);
        must("ip", &["-n", &namespace, "link", "set", "dev", "eth0", "address", &port.mac, "up"]);
        must("ip", &["-n", &namespace, "link", "set", "dev", "lo", "up"]);
        must("ip", &["netns", "exec", &namespace, "ethtool", "-K", "eth0", "tx", "off"]);
        wiring.attach(&outside, port.id, &port.mac).await.unwrap();
        Machine { namespace, state: lab.state.clone() }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> std::process::Output {
        run("ip", &[&["netns", "exec", &self.namespace, program], arguments].concat())
    }

    /// Asks for a lease and returns what was given.
    fn dhcp(&self) -> String {
        let script = self.state.join("udhcpc");
        let lease = self.state.join(format!("lease-{}", self.namespace));
        std::fs::write(&script, DHCP_SCRIPT).unwrap();
        must("chmod", &["+x", &script.to_string_lossy()]);
        let environment = format!("LEASE={}", lease.display());
        let script = script.to_string_lossy();
        let options = [
            "-O",
            "staticroutes",
            "-O",
            "mtu",
            "-i",
            "eth0",
            "-n",
            "-q",
            "-f",
            "-t",
            "20",
            "-T",
            "1",
            "-s",
            &script,
        ];
        let output = self.run("env", &[&[environment.as_str(), "busybox", "udhcpc"], &options[..]].concat());
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(lease).unwrap()
    }

    fn pings(&self, address: &str) -> bool {
        self.run("ping", &["-c", "1", "-W", "1", address]).status.success()
    }
}

/// Waits until it is so.
async fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !check() {
        assert!(begun.elapsed() < Duration::from_secs(15), "not within 15 s: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_get_leases_reach_each_other_and_the_outside_as_their_groups_allow() {
    let Some(lab) = Lab::new() else { return };
    let daemons = OvnDaemons::start(lab.all_in_one()).await.unwrap();
    let engine =
        OvnNorthbound::connect(&daemons.paths().northbound(), &daemons.paths().southbound()).await.unwrap();
    let wiring = connect(&lab, &daemons).await;
    let mut events = engine.events();

    engine.ensure_security_group(&group(vec![])).await.unwrap();
    for network in [network(1), network(2), external()] {
        engine.ensure_network(&network).await.unwrap();
    }
    for port in [machine(1), machine(2), metadata(1), leg(1), leg(2), gateway_leg()] {
        engine.ensure_port(&port).await.unwrap();
    }
    engine.ensure_router(&router()).await.unwrap();
    let begun = Instant::now();
    let one = Machine::plug(&lab, &wiring, &machine(1), 1).await;
    let two = Machine::plug(&lab, &wiring, &machine(2), 2).await;
    let up = async { while events.recv().await.unwrap() != EngineEvent::PortUp(machine(1).id, true) {} };
    tokio::time::timeout(Duration::from_secs(10), up).await.unwrap();
    println!("up after {:?}", begun.elapsed());
    assert!(engine.port_is_up(machine(1).id).await.unwrap());

    let lease = one.dhcp();
    for wanted in [
        "ip=10.0.1.10",
        "mask=24",
        "router=10.0.1.1",
        "mtu=1442",
        "dns=8.8.8.8",
        "domain=example.org",
        "lease=3600",
        "169.254.169.254/32 10.0.1.2",
        "10.99.0.0/16 10.0.1.9",
        "0.0.0.0/0 10.0.1.1",
    ] {
        assert!(lease.contains(wanted), "{wanted}: {lease}");
    }
    two.dhcp();
    println!("leases after {:?}", begun.elapsed());

    // Nothing is let in yet; the router answers, and the way out is open.
    eventually("the router answers", || one.pings("10.0.1.1")).await;
    eventually("the outside answers", || one.pings("172.24.4.1")).await;
    eventually("the outside answers the other, by the router's address", || two.pings("172.24.4.1")).await;
    assert!(!one.pings("10.0.2.10"));
    let outside = |address: &str| lab.inside("ping", &["-c", "1", "-W", "1", address]).status.success();
    assert!(!outside(FLOATING));

    engine.ensure_security_group(&group(vec![ping(), ssh()])).await.unwrap();
    eventually("the group is opened: between networks", || one.pings("10.0.2.10")).await;
    eventually("the group is opened: the floating address", || outside(FLOATING)).await;
    println!("reached from outside after {:?}", begun.elapsed());
    tcp(&lab, &one).await;

    engine.ensure_security_group(&group(vec![])).await.unwrap();
    eventually("the group is closed again", || !outside(FLOATING)).await;
    assert!(!one.pings("10.0.2.10"));

    // The host's own stack is no way around OVN.
    must("ip", &["-n", &lab.namespace, "address", "add", "198.51.100.1/32", "dev", "lo"]);
    let host_answers = || {
        one.run("busybox", &["arping", "-c", "1", "-w", "1", "-I", "eth0", "198.51.100.1"]).status.success()
    };
    assert!(!host_answers());
    must("ip", &["netns", "exec", &lab.namespace, "nft", "flush", "ruleset"]);
    eventually("it would be one, if the kernel did not drop", host_answers).await;

    must("ip", &["-n", &two.namespace, "address", "add", "fd00:2::10/64", "dev", "eth0", "nodad"]);
    eventually("the router answers by IPv6", || two.pings("fd00:2::1")).await;
    names(&one).await;
    metadata_is_reached(&lab, &wiring, &one).await;

    assert_eq!(
        engine
            .converge(&contracts::driver::Topology {
                security_groups: vec![group(vec![])],
                ports: cloud().ports.into_iter().filter(|port| port.id != metadata(2).id).collect(),
                ..cloud()
            })
            .await
            .unwrap(),
        0
    );
    nothing_was_misunderstood(&lab);

    wiring.unplug(machine(1).id).await.unwrap();
    let down = async { while events.recv().await.unwrap() != EngineEvent::PortUp(machine(1).id, false) {} };
    tokio::time::timeout(Duration::from_secs(10), down).await.unwrap();
    assert!(!engine.port_is_up(machine(1).id).await.unwrap());
    assert_eq!(wiring.plugged().await.unwrap(), [machine(2).id]);
    drop(engine);
    lab.end(daemons).await;
}

/// Expressions and options that OVN can't parse are left out by it with no more than a line in a log.
fn nothing_was_misunderstood(lab: &Lab) {
    for daemon in ["ovn-northd", "ovn-controller", "ovs-vswitchd"] {
        let log = std::fs::read_to_string(lab.state.join("log").join(format!("{daemon}.log"))).unwrap();
        let wrong: Vec<&str> = log
            .lines()
            .filter(|line| {
                line.contains("|ERR|")
                    || line.contains("parsing")
                    || line.contains("yntax")
                    || line.contains("nvalid")
            })
            .collect();
        assert!(wrong.is_empty(), "{daemon}: {wrong:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_on_two_hosts_reach_each_other_through_a_tunnel() {
    let (Some(first), Some(second)) = (Lab::new(), Lab::new()) else { return };
    let (config, other) = first.two_hosts(&second);
    let begun = Instant::now();
    let daemons = OvnDaemons::start(config).await.unwrap();
    let others = OvnDaemons::start(other).await.unwrap();
    println!("two hosts after {:?}", begun.elapsed());
    let engine =
        OvnNorthbound::connect(&daemons.paths().northbound(), &daemons.paths().southbound()).await.unwrap();
    let (here, there) = (connect(&first, &daemons).await, connect(&second, &others).await);

    let near = LogicalPort { host: Some("host1".to_owned()), ..machine(2) };
    let far = LogicalPort { host: Some("host2".to_owned()), ..machine(1) };
    engine.ensure_security_group(&group(vec![ping(), ssh()])).await.unwrap();
    for network in [network(1), network(2), external()] {
        engine.ensure_network(&network).await.unwrap();
    }
    for port in [near.clone(), far.clone(), leg(1), leg(2), gateway_leg()] {
        engine.ensure_port(&port).await.unwrap();
    }
    engine.ensure_router(&router()).await.unwrap();
    let one = Machine::plug(&first, &here, &near, 1).await;
    let two = Machine::plug(&second, &there, &far, 2).await;
    let begun = Instant::now();
    while !engine.port_is_up(far.id).await.unwrap() || !engine.port_is_up(near.id).await.unwrap() {
        assert!(begun.elapsed() < Duration::from_secs(15));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(one.dhcp().contains("ip=10.0.2.10"));
    assert!(two.dhcp().contains("ip=10.0.1.10"));
    eventually("through the tunnel", || one.pings("10.0.1.10")).await;
    eventually("outside, by the gateway on the other host", || two.pings("172.24.4.1")).await;
    let outside = |address: &str| first.inside("ping", &["-c", "1", "-W", "1", address]).status.success();
    eventually("the floating address of a machine on the other host", || outside(FLOATING)).await;
    tcp(&first, &two).await;
    drop(engine);
    second.end(others).await;
    first.end(daemons).await;
}

/// TCP from outside to the machine's port 22, with enough bytes that offloaded checksums or an MTU would show.
async fn tcp(lab: &Lab, machine: &Machine) {
    let listen = [
        "netns",
        "exec",
        &machine.namespace,
        "socat",
        "-u",
        "OPEN:/dev/zero,readbytes=200000",
        "TCP-LISTEN:22,reuseaddr",
    ];
    let mut server = std::process::Command::new("ip").args(listen).spawn().unwrap();
    let target = format!("TCP:{FLOATING}:22,connect-timeout=2");
    let mut received = 0;
    eventually("TCP by the floating address", || {
        received = lab.inside("socat", &["-u", &target, "STDOUT"]).stdout.len();
        received > 0
    })
    .await;
    let _ = server.kill();
    let _ = server.wait();
    assert_eq!(received, 200_000);
}

/// The network's own names are answered on the way to the name server.
async fn names(machine: &Machine) {
    eventually("OVN answers names", || {
        let said = machine.run("busybox", &["nslookup", "vm1.example.org", "8.8.8.8"]);
        String::from_utf8_lossy(&said.stdout).contains("10.0.1.10")
    })
    .await;
}

async fn metadata_is_reached(lab: &Lab, wiring: &OvsWiring, machine: &Machine) {
    let listener = wiring.open_metadata(&metadata_port(1)).await.unwrap().unwrap();
    listener.set_nonblocking(false).unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, peer) = listener.accept().unwrap();
        let mut asked = [0; 1024];
        let _ = stream.read(&mut asked).unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        peer
    });
    eventually("metadata", || {
        let ask = "printf 'GET / HTTP/1.0\r\n\r\n' | socat -t 2 - TCP:169.254.169.254:80,connect-timeout=2";
        let said = machine.run("sh", &["-c", ask]);
        said.stdout.ends_with(b"hello")
    })
    .await;
    assert_eq!(server.join().unwrap().ip().to_string(), "10.0.1.10");
    wiring.close_metadata(id(1)).await.unwrap();
    assert!(
        !lab.inside("ip", &["link", "show", "dev", &contracts::machine::tap_name(id(21))]).status.success()
    );
}
