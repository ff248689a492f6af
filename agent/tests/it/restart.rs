//! An agent that was started again.

use std::fs;

use contracts::{
    hosts::{HostEvent, HostRequest, Hosts},
    machine::{DiskSource, MachineStatus, Power},
};
use uuid::Uuid;

use crate::world::{World, disk, eventually, machine, nic};

#[tokio::test]
async fn an_agent_that_was_started_again_knows_its_machines_and_opens_their_proxies() {
    let mut world = World::new().await;
    let network = Uuid::new_v4();
    let spec = machine(vec![disk("vda", DiskSource::Blank { size_mib: 1 })], vec![nic(network)]);
    world.start(&spec).await.unwrap();
    world.stop_agent().await;
    // The host was started again: nothing but the disk is left.
    world.wiring.proxies.lock().unwrap().clear();
    let mut events = world.registry.events();
    let hypervisor = world.hypervisor.clone();
    world.start_agent(hypervisor).await;
    match events.recv().await.unwrap() {
        HostEvent::Connected { machines, .. } => {
            assert_eq!(machines, [MachineStatus { id: spec.id, power: Power::Running }]);
        }
        other => panic!("{other:?}"),
    }
    eventually(|| world.wiring.proxies.lock().unwrap().contains_key(&network)).await;
    world.ask(HostRequest::Remove { id: spec.id }).await.unwrap();
    assert!(world.wiring.taps.lock().unwrap().is_empty() && world.wiring.proxies.lock().unwrap().is_empty());
}

#[tokio::test]
async fn leftovers_are_listed_or_taken_away() {
    let mut world = World::new().await;
    let (kept, network) = (machine(Vec::new(), vec![nic(Uuid::new_v4())]), Uuid::new_v4());
    world.start(&kept).await.unwrap();
    world.stop_agent().await;
    // A folder without a machine, a tap and a proxy without either.
    let folder = Uuid::new_v4();
    fs::create_dir(world.folder(folder)).unwrap();
    fs::write(world.folder(folder).join("disk.vda.qcow2"), "left").unwrap();
    world.wiring.taps.lock().unwrap().insert(Uuid::new_v4());
    world.wiring.proxies.lock().unwrap().insert(network, "127.0.0.1:1".parse().unwrap());
    let hypervisor = world.hypervisor.clone();
    world.start_agent(hypervisor).await;
    eventually(|| *world.wiring.taps.lock().unwrap() == [kept.nics[0].port].into()).await;
    assert!(!world.wiring.proxies.lock().unwrap().contains_key(&network));
    assert!(world.machines().await.contains(&MachineStatus { id: folder, power: Power::Off }));
    world.ask(HostRequest::Remove { id: folder }).await.unwrap();
    assert!(!world.folder(folder).exists());
    assert_eq!(world.machines().await, [MachineStatus { id: kept.id, power: Power::Running }]);
}

#[tokio::test]
async fn taps_stay_as_long_as_a_machine_without_a_record_may_need_them() {
    let mut world = World::new().await;
    let spec = machine(Vec::new(), vec![nic(Uuid::new_v4())]);
    world.start(&spec).await.unwrap();
    world.stop_agent().await;
    fs::remove_file(world.folder(spec.id).join("spec.json")).unwrap();
    let hypervisor = world.hypervisor.clone();
    world.start_agent(hypervisor).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(world.wiring.taps.lock().unwrap().contains(&spec.nics[0].port));
    assert_eq!(world.machines().await, [MachineStatus { id: spec.id, power: Power::Running }]);
}
