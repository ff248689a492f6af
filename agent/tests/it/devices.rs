//! Disks and cards that come and go.

use std::fs;

use contracts::{
    driver::DriverError,
    hosts::{HostError, HostRequest},
    machine::DiskSource,
};
use uuid::Uuid;

use crate::world::{World, disk, is_refused, machine, nic};

#[tokio::test]
async fn a_disk_of_the_hosts_own_comes_and_goes_with_its_file() {
    let world = World::new().await;
    let spec = machine(Vec::new(), Vec::new());
    world.start(&spec).await.unwrap();
    let file = world.folder(spec.id).join("disk.vdb.qcow2");
    let attach =
        HostRequest::AttachDisk { id: spec.id, disk: disk("vdb", DiskSource::Blank { size_mib: 4 }) };
    world.ask(attach.clone()).await.unwrap();
    world.ask(attach).await.unwrap();
    assert!(file.exists());
    assert_eq!(world.hypervisor.machine(spec.id).unwrap().disks.len(), 1);
    let detach = HostRequest::DetachDisk { id: spec.id, device: "vdb".into() };
    world.hypervisor.fail("detach_disk", 1, DriverError::Unavailable("the guest holds on to it".into()));
    assert!(matches!(world.ask(detach.clone()).await, Err(HostError::Failed { .. })));
    assert!(file.exists());
    world.ask(detach.clone()).await.unwrap();
    world.ask(detach).await.unwrap();
    assert!(!file.exists());
}

#[tokio::test]
async fn a_volume_stays_when_it_is_detached() {
    let world = World::new().await;
    let spec = machine(Vec::new(), Vec::new());
    world.start(&spec).await.unwrap();
    let volume = world.state.path().join("volume");
    fs::write(&volume, "data").unwrap();
    let source = |path: &str, format: &str| DiskSource::File { path: path.into(), format: format.into() };
    let attach = |source| HostRequest::AttachDisk { id: spec.id, disk: disk("vdb", source) };
    is_refused(world.ask(attach(source("relative", "raw"))).await);
    is_refused(world.ask(attach(source("/volume", "vmdk"))).await);
    world.ask(attach(source(volume.to_str().unwrap(), "raw"))).await.unwrap();
    assert_eq!(world.hypervisor.machine(spec.id).unwrap().disks[0].path, volume);
    world.ask(HostRequest::DetachDisk { id: spec.id, device: "vdb".into() }).await.unwrap();
    assert!(volume.exists());
}

#[tokio::test]
async fn a_card_comes_and_goes_with_its_tap_and_proxy() {
    let world = World::new().await;
    let (spec, network) = (machine(Vec::new(), Vec::new()), Uuid::new_v4());
    let card = nic(network);
    let attach = |id| HostRequest::AttachNic { id, nic: card.clone() };
    assert!(matches!(world.ask(attach(spec.id)).await, Err(HostError::NotFound { .. })));
    assert!(world.wiring.taps.lock().unwrap().is_empty());
    world.start(&spec).await.unwrap();
    world.ask(attach(spec.id)).await.unwrap();
    world.ask(attach(spec.id)).await.unwrap();
    assert!(world.wiring.taps.lock().unwrap().contains(&card.port));
    assert!(world.wiring.proxies.lock().unwrap().contains_key(&network));
    let detach = HostRequest::DetachNic { id: spec.id, port: card.port };
    world.ask(detach.clone()).await.unwrap();
    world.ask(detach).await.unwrap();
    assert!(world.wiring.taps.lock().unwrap().is_empty() && world.wiring.proxies.lock().unwrap().is_empty());
    assert!(world.hypervisor.machine(spec.id).unwrap().cards.is_empty());
}

#[tokio::test]
async fn a_card_that_is_no_longer_in_the_specification_is_unplugged_at_the_next_start() {
    let world = World::new().await;
    let (stays, goes) = (nic(Uuid::new_v4()), nic(Uuid::new_v4()));
    let mut spec = machine(Vec::new(), vec![stays.clone(), goes]);
    world.start(&spec).await.unwrap();
    spec.nics.pop();
    world.start(&spec).await.unwrap();
    assert_eq!(*world.wiring.taps.lock().unwrap(), [stays.port].into());
    assert_eq!(world.wiring.proxies.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_disk_is_copied_to_where_the_controller_says_and_nothing_else_is_overwritten() {
    let world = World::new().await;
    let (shared, spec) = (tempfile::tempdir().unwrap(), machine(Vec::new(), Vec::new()));
    world.start(&spec).await.unwrap();
    let volume = shared.path().join("volume");
    fs::write(&volume, "data").unwrap();
    let source = DiskSource::File { path: volume.display().to_string(), format: "raw".into() };
    world.ask(HostRequest::AttachDisk { id: spec.id, disk: disk("vdb", source) }).await.unwrap();
    let copy = shared.path().join("copy");
    let ask = async |id, device: &str, to: &str| {
        world.ask(HostRequest::CopyDisk { id, device: device.into(), to: to.into() }).await
    };
    let to = copy.to_str().unwrap();
    for _ in 0..2 {
        ask(spec.id, "vdb", to).await.unwrap();
        assert!(fs::read(&copy).unwrap().starts_with(b"QFI\xfb"));
    }
    fs::create_dir(shared.path().join("folder")).unwrap();
    std::os::unix::fs::symlink(&copy, shared.path().join("link")).unwrap();
    let own = world.folder(spec.id).join("disk.vda.qcow2");
    for other in ["volume", "folder", "link"] {
        is_refused(ask(spec.id, "vdb", shared.path().join(other).to_str().unwrap()).await);
    }
    for place in ["", "copy", "/tmp/../etc/copy", own.to_str().unwrap()] {
        is_refused(ask(spec.id, "vdb", place).await);
    }
    is_refused(ask(spec.id, "../x", to).await);
    assert_eq!(fs::read(&volume).unwrap(), b"data");
    assert!(matches!(ask(spec.id, "vdc", to).await, Err(HostError::NotFound { .. })));
    assert!(matches!(ask(Uuid::new_v4(), "vdb", to).await, Err(HostError::NotFound { .. })));
    world.hypervisor.fail("copy_disk", 1, DriverError::Unavailable("busy".into()));
    assert!(matches!(ask(spec.id, "vdb", to).await, Err(HostError::Failed { .. })));
}
