//! Starting, adopting, restarting and ending the daemons.

use std::time::{Duration, Instant};

use ovn_driver::daemons::OvnDaemons;

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
