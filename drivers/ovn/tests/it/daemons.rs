//! Starting, adopting, restarting and ending the daemons.

use std::time::{Duration, Instant};

use ovn_driver::daemons::{CentralConfig, OvnDaemons};

use crate::lab::Lab;

fn pids(daemons: &OvnDaemons) -> Vec<(&'static str, Option<i32>)> {
    daemons.status().into_iter().map(|daemon| (daemon.name, daemon.pid)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_daemons_start_quickly_are_adopted_and_restarted_when_they_die() {
    let Some(lab) = Lab::new() else { return };
    let begun = Instant::now();
    let daemons = OvnDaemons::start(lab.all_in_one()).await.unwrap();
    println!("started in {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(10));
    let first = pids(&daemons);
    assert_eq!(first.len(), 6);
    assert!(first.iter().all(|(_, pid)| pid.is_some()), "{first:?}");
    let addresses = lab.inside("ip", &["-brief", "address", "show", "br-ex"]);
    assert!(String::from_utf8_lossy(&addresses.stdout).contains("172.24.4.1/24"), "{addresses:?}");

    for (name, pid) in &first {
        // A Ctrl-C at the terminal is for a session's foreground processes: the daemons are in none of ours.
        let session = |pid: Option<i32>| nix::unistd::getsid(pid.map(nix::unistd::Pid::from_raw)).unwrap();
        assert_ne!(session(*pid), session(None), "{name}");
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.unwrap())).unwrap();
        let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
        println!("{name}: {resident}");
    }

    drop(daemons);
    let begun = Instant::now();
    let daemons = OvnDaemons::start(lab.all_in_one()).await.unwrap();
    println!("adopted in {:?}", begun.elapsed());
    assert_eq!(pids(&daemons), first);

    let (_, vswitchd) = *first.iter().find(|(name, _)| *name == "ovs-vswitchd").unwrap();
    let vswitchd = vswitchd.unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(vswitchd), nix::sys::signal::Signal::SIGKILL).unwrap();
    let begun = Instant::now();
    loop {
        let now = pids(&daemons);
        let addresses = lab.inside("ip", &["-brief", "address", "show", "br-ex"]);
        let addressed = String::from_utf8_lossy(&addresses.stdout).contains("172.24.4.1/24");
        if now.iter().all(|(_, pid)| pid.is_some()) && now != first && addressed {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let begun = Instant::now();
    lab.end(daemons).await;
    println!("ended in {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_other_arguments_than_wanted_is_started_anew_and_the_others_are_kept() {
    let Some(lab) = Lab::new() else { return };
    let daemons = OvnDaemons::start(lab.central()).await.unwrap();
    let before = pids(&daemons);
    drop(daemons);
    let mut config = lab.central();
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 6642));
    config.central = Some(CentralConfig { northbound_listen: None, southbound_listen: Some(listen) });
    let daemons = OvnDaemons::start(config).await.unwrap();
    for ((name, before), (_, after)) in before.into_iter().zip(pids(&daemons)) {
        assert_eq!(before != after, name == "ovnsb-server", "{name}");
        assert!(after.is_some());
    }
    let listening = lab.inside("ss", &["-Hltn", "sport", "=", "6642"]);
    assert!(String::from_utf8_lossy(&listening.stdout).contains("127.0.0.1:6642"), "{listening:?}");
    lab.end(daemons).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_too_deep_for_sockets_is_refused_with_its_reason() {
    let Some(lab) = Lab::new() else { return };
    let mut config = lab.central();
    config.state = lab.state.join("x".repeat(100));
    let Err(error) = OvnDaemons::start(config).await else { panic!("it started") };
    assert!(error.to_string().contains("too long a path"), "{error}");
}
