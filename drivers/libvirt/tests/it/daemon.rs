//! The private daemon.

use std::time::{Duration, Instant};

use contracts::driver::Hypervisor;
use libvirt_driver::{DaemonConfig, LibvirtDaemon};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::bed::{Bed, until};

fn pid(daemon: &LibvirtDaemon) -> Pid {
    Pid::from_raw(daemon.status().pid.unwrap() as i32)
}

fn alive(pid: Pid) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z"))
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_quickly_and_is_adopted_by_the_next_pileus() {
    let Some(bed) = Bed::new() else { return };
    let began = Instant::now();
    let first = bed.daemon().await;
    eprintln!("the daemon was up after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(10));
    let process = pid(&first);
    assert!(!first.status().adopted);
    drop(first);

    let second = bed.daemon().await;
    assert!(second.status().adopted);
    assert_eq!(pid(&second), process);
    second.stop().await;
    assert!(!alive(process));
    assert_eq!(second.status().pid, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_started_again_when_it_dies_and_its_machines_go_on() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let hypervisor = bed.hypervisor(&daemon).await;
    let machine = bed.machine();
    hypervisor.start(&machine).await.unwrap();
    let qemu = crate::bed::qemu(machine.id).unwrap();

    let first = pid(&daemon);
    kill(first, Signal::SIGKILL).unwrap();
    until(Duration::from_secs(10), "a new daemon", || {
        daemon.status().pid.is_some_and(|pid| pid as i32 != first.as_raw())
    })
    .await;
    assert_eq!(daemon.status().restarts, 1);
    let machines = hypervisor.machines().await.unwrap();
    assert_eq!((machines[0].id, machines.len()), (machine.id, 1));
    hypervisor.start(&machine).await.unwrap();
    assert_eq!(crate::bed::qemu(machine.id), Some(qemu));
    hypervisor.remove(machine.id).await.unwrap();
    assert!(!alive(Pid::from_raw(qemu)));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_them_live_side_by_side() {
    let (Some(one), Some(other)) = (Bed::new(), Bed::new()) else { return };
    let (first, second) = tokio::join!(one.daemon(), other.daemon());
    let (left, right) = (one.hypervisor(&first).await, other.hypervisor(&second).await);
    let (mine, yours) = (one.machine(), other.machine());
    left.start(&mine).await.unwrap();
    right.start(&yours).await.unwrap();
    assert_eq!(left.machines().await.unwrap()[0].id, mine.id);
    assert_eq!(right.machines().await.unwrap()[0].id, yours.id);
    let namespace =
        |id| std::fs::read_link(format!("/proc/{}/ns/net", crate::bed::qemu(id).unwrap())).unwrap();
    assert_ne!(namespace(mine.id), namespace(yours.id));
    left.remove(mine.id).await.unwrap();
    right.remove(yours.id).await.unwrap();
    first.stop().await;
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_can_not_start_says_why() {
    let Some(bed) = Bed::new() else { return };
    let config = DaemonConfig { program: Some("/bin/false".into()), ..bed.daemon_config() };
    assert!(LibvirtDaemon::start(config).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_in_another_network_namespace_is_replaced() {
    let Some(bed) = Bed::new() else { return };
    let first = bed.daemon().await;
    let process = pid(&first);
    drop(first);
    let config = DaemonConfig { network_namespace: None, ..bed.daemon_config() };
    let second = LibvirtDaemon::start(config).await.unwrap();
    assert!(!second.status().adopted && !alive(process));
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_collector_may_be_killed_without_a_second_daemon_being_started() {
    let Some(bed) = Bed::new() else { return };
    let daemon = bed.daemon().await;
    let process = pid(&daemon);
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let parent: i32 = stat.rsplit_once(") ").unwrap().1.split(' ').nth(1).unwrap().parse().unwrap();
    assert_ne!(parent as u32, std::process::id());
    kill(Pid::from_raw(parent), Signal::SIGKILL).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((pid(&daemon), daemon.status().restarts), (process, 0));
    daemon.stop().await;
    assert!(!alive(process));
}
