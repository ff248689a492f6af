//! A namespace with OVN in it, which vanishes with the test.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    process::{Command, Output},
    sync::atomic::{AtomicU32, Ordering},
};

use ovn_driver::daemons::{CentralConfig, ChassisConfig, DaemonsConfig, ExternalBridge, OvnDaemons};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A namespace of the test's own. Named namespaces in it (machines, metadata) have its name as their prefix.
pub struct Lab {
    pub namespace: String,
    pub state: PathBuf,
}

/// Runs a command and returns what it said.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Runs a command that must succeed.
pub fn must(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {out}{err}");
    out.into_owned()
}

impl Lab {
    /// Makes the namespace, or says why it can't and returns `None`.
    pub fn new() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: not root");
            return None;
        }
        for program in [
            "ovsdb-server",
            "ovs-vswitchd",
            "ovn-northd",
            "ovn-controller",
            "ip",
            "ethtool",
            "nft",
            "busybox",
            "socat",
        ] {
            if run("sh", &["-c", &format!("PATH=$PATH:/usr/sbin:/sbin command -v {program}")])
                .stdout
                .is_empty()
            {
                println!("skipped: {program} is not installed");
                return None;
            }
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("pileus-ovn-test-{}-{number}", std::process::id());
        must("ip", &["netns", "add", &namespace]);
        must("ip", &["-n", &namespace, "link", "set", "lo", "up"]);
        let state = PathBuf::from(format!("/tmp/{namespace}"));
        Some(Lab { namespace, state })
    }

    /// Everything on one host, which also leads outside.
    pub fn all_in_one(&self) -> DaemonsConfig {
        DaemonsConfig {
            state: self.state.clone(),
            central: Some(CentralConfig::default()),
            chassis: Some(ChassisConfig {
                name: "host1".to_owned(),
                southbound: None,
                encap_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
                bridge_mappings: vec![("public".to_owned(), "br-ex".to_owned())],
                gateway: true,
                external: Some(ExternalBridge {
                    name: "br-ex".to_owned(),
                    addresses: vec!["172.24.4.1/24".parse().unwrap()],
                    interfaces: vec![],
                }),
                datapath: None,
            }),
            namespace: Some(self.namespace.clone()),
        }
    }

    /// Only the databases and northd.
    pub fn central(&self) -> DaemonsConfig {
        DaemonsConfig { chassis: None, ..self.all_in_one() }
    }

    /// Two hosts, of which the first has the databases, with a cable between their bridges.
    pub fn two_hosts(&self, other: &Lab) -> (DaemonsConfig, DaemonsConfig) {
        let peer = ["type", "veth", "peer", "name", "uplink", "netns", &other.namespace];
        must("ip", &[&["-n", &self.namespace, "link", "add", "uplink"], &peer[..]].concat());
        let mut first = self.all_in_one();
        let anywhere = |port| Some(std::net::SocketAddr::from(([0, 0, 0, 0], port)));
        first.central =
            Some(CentralConfig { northbound_listen: anywhere(6641), southbound_listen: anywhere(6642) });
        let mut second = DaemonsConfig { central: None, ..other.all_in_one() };
        for (number, config) in [(1, &mut first), (2, &mut second)] {
            if let Some(chassis) = &mut config.chassis {
                chassis.name = format!("host{number}");
                chassis.encap_ip = format!("172.24.4.{number}").parse().unwrap();
                chassis.gateway = number == 1;
                chassis.external = Some(ExternalBridge {
                    name: "br-ex".to_owned(),
                    addresses: vec![format!("172.24.4.{number}/24").parse().unwrap()],
                    interfaces: vec!["uplink".to_owned()],
                });
                if number == 2 {
                    chassis.southbound = Some("tcp:172.24.4.1:6642".to_owned());
                }
            }
        }
        (first, second)
    }

    /// Runs a command inside.
    pub fn inside(&self, program: &str, arguments: &[&str]) -> Output {
        let mut all = vec!["netns", "exec", &self.namespace, program];
        all.extend(arguments);
        run("ip", &all)
    }

    /// Ends the daemons.
    pub async fn end(self, daemons: OvnDaemons) {
        daemons.stop().await.unwrap();
        let left: Vec<_> = daemons.status().into_iter().filter(|daemon| daemon.alive()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // A test that failed leaves its daemons: they are ended by the pid files of this test's own directory.
        for entry in std::fs::read_dir(self.state.join("run")).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "pid")
                && let Ok(text) = std::fs::read_to_string(entry.path())
                && let Ok(pid) = text.trim().parse::<i32>()
            {
                let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                if line.contains(&*self.state.to_string_lossy()) {
                    let _ = nix::sys::signal::kill(
                        nix::unistd::Pid::from_raw(pid),
                        nix::sys::signal::Signal::SIGKILL,
                    );
                }
            }
        }
        let all = run("ip", &["netns", "list"]);
        for name in String::from_utf8_lossy(&all.stdout).split_whitespace() {
            if name == self.namespace || name.starts_with(&format!("{}-", self.namespace)) {
                run("ip", &["netns", "del", name]);
            }
        }
        let _ = std::fs::remove_dir_all(&self.state);
    }
}
