use std::collections::BTreeMap;

use bytes::Bytes;
use contracts::{
    CallError,
    image::{Images, NewImage},
};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use super::*;

fn new() -> NewImage {
    NewImage {
        name: "snapshot".into(),
        visibility: None,
        disk_format: "raw".into(),
        min_disk: 1,
        min_ram: 0,
        properties: BTreeMap::from([
            ("image_type".into(), "snapshot".into()),
            ("os_glance_x".into(), "y".into()),
        ]),
    }
}

fn data(content: Vec<u8>) -> contracts::image::ImageData {
    stream::iter([Ok(Bytes::from(content))]).boxed()
}

#[tokio::test]
async fn a_snapshot_is_made_stored_and_read_back() {
    let lab = Lab::new().await;
    let (nova, glance) = (caller("member", "p1", &["member", "reader"]), &lab.service);
    let made = Images::create(glance.as_ref(), &nova, new()).await.unwrap();
    assert_eq!(
        (made.status.as_str(), made.owner.as_deref(), made.visibility.as_str()),
        ("queued", Some("p1"), "private")
    );
    assert_eq!(made.properties.keys().collect::<Vec<_>>(), ["image_type"]);
    assert!(matches!(glance.open(made.id).await.err().unwrap(), CallError::Conflict(_)));
    let stored = Images::store(glance.as_ref(), made.id, data(vec![5; 3000])).await.unwrap();
    assert_eq!(
        (stored.status.as_str(), stored.size, stored.virtual_size),
        ("active", Some(3000), Some(3000))
    );
    let (image, content) = glance.open(made.id).await.unwrap();
    let content: Vec<Bytes> = content.try_collect().await.unwrap();
    assert_eq!((image.id, content.concat()), (made.id, vec![5; 3000]));
    glance.discard(made.id).await.unwrap();
    glance.discard(made.id).await.unwrap();
    assert!(matches!(glance.image(&nova, made.id).await, Err(CallError::NotFound(_))));
}

#[tokio::test]
async fn an_image_is_found_by_who_may_see_it() {
    let lab = Lab::new().await;
    let id: Uuid = lab.active(json!({"visibility": "private"})).await.parse().unwrap();
    assert!(lab.service.image(&caller("reader", "p1", &["reader"]), id).await.is_ok());
    assert!(lab.service.image(&caller("root", "p9", &["admin"]), id).await.is_ok());
    let stranger = caller("stranger", "p2", &["member", "reader"]);
    assert!(matches!(lab.service.image(&stranger, id).await, Err(CallError::NotFound(_))));
}

#[tokio::test]
async fn ossa_2016_001_a_snapshot_that_turns_out_to_be_qcow2_is_refused() {
    let lab = Lab::new().await;
    let nova = caller("member", "p1", &["member", "reader"]);
    let made = Images::create(lab.service.as_ref(), &nova, new()).await.unwrap();
    let mut disk = vec![0; 4096];
    disk[..4].copy_from_slice(b"QFI\xfb");
    let refused = Images::store(lab.service.as_ref(), made.id, data(disk)).await;
    assert!(matches!(refused, Err(CallError::Invalid(_))), "{refused:?}");
    assert_eq!(lab.service.image(&nova, made.id).await.unwrap().status, "queued");
}

#[tokio::test]
async fn an_image_is_found_by_its_properties_and_deleted_by_who_may() {
    let lab = Lab::new().await;
    let (nova, glance) = (caller("member", "p1", &["member", "reader"]), &lab.service);
    let stranger = caller("stranger", "p2", &["member", "reader"]);
    let first = Images::create(glance.as_ref(), &nova, new()).await.unwrap();
    let second = Images::create(glance.as_ref(), &nova, new()).await.unwrap();
    Images::create(glance.as_ref(), &stranger, new()).await.unwrap();
    let wanted = BTreeMap::from([("image_type".to_owned(), "snapshot".to_owned())]);
    let found: Vec<Uuid> =
        glance.having(&nova, &wanted).await.unwrap().into_iter().map(|image| image.id).collect();
    assert_eq!(found, [first.id, second.id]);
    let other = BTreeMap::from([("image_type".to_owned(), "backup".to_owned())]);
    assert!(glance.having(&nova, &other).await.unwrap().is_empty());
    assert!(matches!(
        Images::delete(glance.as_ref(), &stranger, first.id).await,
        Err(CallError::NotFound(_))
    ));
    let reader = caller("reader", "p1", &["reader"]);
    assert!(matches!(Images::delete(glance.as_ref(), &reader, first.id).await, Err(CallError::Forbidden(_))));
    Images::delete(glance.as_ref(), &nova, first.id).await.unwrap();
    assert!(matches!(Images::delete(glance.as_ref(), &nova, first.id).await, Err(CallError::NotFound(_))));
    assert_eq!(glance.having(&nova, &wanted).await.unwrap().len(), 1);
}
