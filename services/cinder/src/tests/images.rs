use std::process::Command;

use serde_json::json;
use uuid::Uuid;

use super::{Cloud, expect};

/// An image made by `qemu-img`, read.
fn made(arguments: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base"), vec![0; 1 << 20]).unwrap();
    let made = Command::new("qemu-img").current_dir(folder.path()).args(arguments).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::read(folder.path().join("image")).unwrap()
}

#[tokio::test]
async fn a_volume_of_an_image_is_bootable_and_holds_it() {
    let cloud = Cloud::running().await;
    let image = cloud.images.add("raw", &[7; 4096], 0);
    let volume = cloud.volume(json!({"imageRef": image})).await;
    let shown = cloud.shown(&volume).await;
    assert_eq!(shown["bootable"], "true");
    assert_eq!(shown["volume_image_metadata"]["image_id"], json!(image));
    assert_eq!(shown["volume_image_metadata"]["os_type"], "linux");
    use std::os::unix::fs::FileExt;
    let mut bytes = [0; 4096];
    std::fs::File::open(cloud.file(&volume)).unwrap().read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes, [7; 4096]);
    assert_eq!(
        std::fs::read_dir(cloud.folder.path().join("staging")).unwrap().count(),
        0,
        "nothing is left on its way"
    );

    let qcow2 = cloud.images.add("qcow2", &made(&["create", "-q", "-f", "qcow2", "image", "8M"]), 0);
    let volume = cloud.volume(json!({"imageRef": qcow2})).await;
    assert_eq!(std::fs::metadata(cloud.file(&volume)).unwrap().len(), 1 << 30);
    let large = cloud.images.add("raw", &[0; 512], 2);
    expect(&cloud.member.post("/v3/volumes", json!({"volume": {"size": 1, "imageRef": large}})).await, 400);
}

#[tokio::test]
async fn ossa_2024_001_and_2023_002_and_2024_002_hostile_images_become_no_volume() {
    let cloud = Cloud::running().await;
    let backed = made(&["create", "-q", "-f", "qcow2", "-b", "base", "-F", "raw", "image"]);
    let apart = made(&["create", "-q", "-f", "qcow2", "-o", "data_file=other", "image", "1M"]);
    let flat = made(&["create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "image", "1M"]);
    let plain = made(&["create", "-q", "-f", "qcow2", "image", "1M"]);
    for (format, data) in [("qcow2", backed), ("qcow2", apart), ("vmdk", flat), ("raw", plain)] {
        let image = cloud.images.add(format, &data, 0);
        let volume = cloud.begin(json!({"imageRef": image})).await;
        cloud.becomes(&format!("/v3/volumes/{volume}"), "volume", "error").await;
        assert!(!cloud.file(&volume).exists());
        let told = cloud.member.get(&format!("/v3/messages?resource_uuid={volume}")).await;
        assert_eq!(told.json["messages"][0]["event_id"], "VOLUME_VOLUME_005_001");
    }
}

#[tokio::test]
async fn ossa_2016_012_qemu_img_runs_under_limits() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    std::fs::write(&from, [0; 512]).unwrap();
    let command = crate::confined::command(&from, "raw", &to, "raw");
    let words: Vec<_> = command.as_std().get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    assert_eq!(command.as_std().get_program(), "prlimit");
    for limit in ["--cpu=", "--as=", "--fsize="] {
        assert!(words.iter().any(|word| word.starts_with(limit)), "{limit}: {words:?}");
    }
    assert!(words.windows(2).any(|pair| pair == ["-f", "raw"]), "no format is ever detected");
}

#[tokio::test]
async fn a_volume_becomes_an_image() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let upload = json!({"os-volume_upload_image": {"image_name": "mine", "disk_format": "qcow2", "visibility": "private"}});
    let asked = cloud.act(&volume, upload.clone()).await;
    expect(&asked, 202);
    let image: Uuid = asked.json["os-volume_upload_image"]["image_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(asked.json["os-volume_upload_image"]["status"], "uploading");
    cloud.becomes(&format!("/v3/volumes/{volume}"), "volume", "available").await;
    let (about, data) = cloud.images.get(image).unwrap();
    assert_eq!((about.status.as_str(), &data[..4]), ("active", &b"QFI\xfb"[..]));

    expect(&cloud.act(&volume, json!({"os-reserve": null})).await, 202);
    expect(&cloud.act(&volume, upload).await, 400);
    let old = cloud.at("3.0");
    let path = format!("/v3/volumes/{volume}/action");
    let with_visibility = json!({"os-volume_upload_image": {"image_name": "x", "visibility": "public"}});
    expect(&old.post(&path, with_visibility.clone()).await, 400);
    expect(&cloud.member.post(&path, with_visibility).await, 403);
}

#[tokio::test]
async fn image_metadata_is_set_shown_and_unset() {
    let cloud = Cloud::running().await;
    let volume = cloud.volume(json!({})).await;
    let set = cloud.act(&volume, json!({"os-set_image_metadata": {"metadata": {"a": "1", "b": "2"}}})).await;
    assert_eq!(set.json, json!({"metadata": {"a": "1", "b": "2"}}));
    expect(&cloud.act(&volume, json!({"os-unset_image_metadata": {"key": "a"}})).await, 200);
    expect(&cloud.act(&volume, json!({"os-unset_image_metadata": {"key": "a"}})).await, 404);
    let shown = cloud.act(&volume, json!({"os-show_image_metadata": null})).await;
    assert_eq!(shown.json, json!({"metadata": {"b": "2"}}));
    assert_eq!(cloud.shown(&volume).await["volume_image_metadata"], json!({"b": "2"}));
}
