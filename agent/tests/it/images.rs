//! Images on their way to disks.

use std::{fs, sync::atomic::Ordering};

use contracts::machine::{DiskSource, DiskSpec};
use futures::future::join_all;

use crate::world::{World, is_refused, machine, qemu_image};

async fn refused_upon(world: &World, image: DiskSpec) -> String {
    let spec = machine(vec![image], Vec::new());
    let reason = is_refused(world.start(&spec).await);
    assert!(!world.folder(spec.id).join("disk.vda.qcow2").exists());
    assert!(world.hypervisor.machine(spec.id).is_none());
    reason
}

fn cached(world: &World) -> usize {
    fs::read_dir(world.state.path().join("images")).unwrap().count()
}

#[tokio::test]
async fn machines_that_start_together_share_one_download() {
    let world = World::new().await;
    let image = world.image("raw", vec![7; 3 << 20]);
    let specs: Vec<_> = (0..10).map(|_| machine(vec![image.clone()], Vec::new())).collect();
    for started in join_all(specs.iter().map(|spec| world.start(spec))).await {
        started.unwrap();
    }
    assert_eq!(world.images.opened.load(Ordering::Relaxed), 1);
    // The content and its record.
    assert_eq!(cached(&world), 2);
}

#[tokio::test]
async fn content_with_another_digest_is_refused_and_not_kept() {
    let world = World::new().await;
    let mut image = world.image("raw", vec![7; 100_000]);
    if let DiskSource::Image { sha512, .. } = &mut image.source {
        *sha512 = "0".repeat(128);
    }
    assert!(refused_upon(&world, image).await.contains("other content than was said"));
    assert_eq!(cached(&world), 0);
}

#[tokio::test]
async fn a_cached_image_is_trusted_only_with_its_own_digest_and_format() {
    let world = World::new().await;
    let image = world.image("raw", vec![7; 100_000]);
    world.start(&machine(vec![image.clone()], Vec::new())).await.unwrap();
    let mut other = image.clone();
    if let DiskSource::Image { sha512, .. } = &mut other.source {
        *sha512 = "0".repeat(128);
    }
    assert!(refused_upon(&world, other).await.contains("is on the host already"));
    let mut other = image.clone();
    if let DiskSource::Image { format, .. } = &mut other.source {
        *format = "qcow2".into();
    }
    assert!(refused_upon(&world, other).await.contains("is on the host already"));
    let mut other = image;
    if let DiskSource::Image { sha512, .. } = &mut other.source {
        *sha512 = "../../etc".into();
    }
    assert!(refused_upon(&world, other).await.contains("no SHA-512 digest"));
}

#[tokio::test]
async fn a_file_in_the_cache_without_its_record_is_fetched_again() {
    let world = World::new().await;
    let image = world.image("raw", vec![7; 100_000]);
    let DiskSource::Image { image: id, .. } = image.source else { panic!() };
    let file = world.state.path().join("images").join(id.to_string());
    fs::write(&file, "what a crash left").unwrap();
    world.start(&machine(vec![image.clone()], Vec::new())).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), 100_000);
    // Cut off, it is fetched again as well.
    fs::remove_file(&file).unwrap();
    fs::write(&file, "short").unwrap();
    world.start(&machine(vec![image], Vec::new())).await.unwrap();
    assert_eq!(fs::metadata(&file).unwrap().len(), 100_000);
}

#[tokio::test]
async fn images_that_must_not_be_opened_are_refused() {
    let world = World::new().await;
    let backed = world.image("qcow2", qemu_image(&["-b", "base", "-F", "raw"], "1M"));
    assert!(refused_upon(&world, backed).await.ends_with("the image has a backing file"));
    let not_qcow2 = world.image("qcow2", vec![0; 100_000]);
    assert!(refused_upon(&world, not_qcow2).await.ends_with("not qcow2, as it was recorded"));
    let unknown = world.image("vmdk", vec![0; 100_000]);
    assert!(refused_upon(&world, unknown).await.contains("does not run images of format"));
    let large = world.image("qcow2", qemu_image(&[], "3G"));
    assert!(refused_upon(&world, large).await.contains("too small for an image"));
    let gone = world.image("raw", "x");
    world.images.content.lock().unwrap().clear();
    assert!(refused_upon(&world, gone).await.contains("no image"));
}

#[tokio::test]
async fn an_iso_image_is_a_cd_rom_of_all_its_machines() {
    let world = World::new().await;
    let spec = machine(vec![world.image("iso", vec![0; 100_000])], Vec::new());
    world.start(&spec).await.unwrap();
    let disk = world.hypervisor.machine(spec.id).unwrap().disks.remove(0);
    assert!(disk.cdrom && disk.format == "raw" && disk.path.starts_with(world.state.path().join("images")));
}
