//! Images, snapshots and metadata.

use agent_protocol::{HostRegistry, LinkError};
use bytes::Bytes;
use contracts::hosts::HostRequest;
use futures::TryStreamExt;
use uuid::Uuid;

use crate::fakes::{Host, World, image_disk};

async fn fetch(host: &Host, image: Uuid) -> Result<Vec<u8>, LinkError> {
    let content = host.link.image(image).await?;
    let length = content.length;
    let pieces: Vec<Bytes> =
        content.pieces.try_collect().await.map_err(|error| LinkError::Failed(error.to_string()))?;
    let all = pieces.concat();
    assert_eq!(length, Some(all.len() as u64));
    Ok(all)
}

async fn begin_attach(
    host: &Host,
    registry: &HostRegistry,
    image: Uuid,
) -> tokio::task::JoinHandle<Result<contracts::hosts::HostReply, contracts::hosts::HostError>> {
    host.begin(registry, HostRequest::AttachDisk { id: Uuid::nil(), disk: image_disk(image) }).await
}

fn refused<T: std::fmt::Debug>(result: Result<T, LinkError>, with: u16) {
    match result {
        Err(LinkError::Refused { status, .. }) => assert_eq!(status, with),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_host_fetches_only_what_a_request_to_it_names() {
    let world = World::new();
    let content: Vec<u8> = (0..5_000_000_u32).map(|number| (number % 253) as u8).collect();
    let image = world.image(content.clone());
    let (a, b) = (world.host("a").await, world.host("b").await);
    refused(fetch(&b, image).await, 403);
    let asked = begin_attach(&b, &world.registry, image).await;
    assert!(fetch(&b, image).await.unwrap() == content);
    refused(fetch(&a, image).await, 403);
    refused(fetch(&b, Uuid::new_v4()).await, 403);
    refused(b.link.store_image(image, futures::stream::empty()).await, 403);
    // The right ends with the request.
    asked.abort();
    let _ = asked.await;
    refused(fetch(&b, image).await, 403);
}

#[tokio::test]
async fn an_image_that_is_gone_is_refused() {
    let world = World::new();
    let host = world.host("a").await;
    let image = Uuid::new_v4();
    let _asked = begin_attach(&host, &world.registry, image).await;
    refused(fetch(&host, image).await, 404);
}

#[tokio::test]
async fn a_snapshot_is_stored_once_and_broken_ones_are_not() {
    let world = World::new();
    let (a, b) = (world.host("a").await, world.host("b").await);
    let image = Uuid::new_v4();
    let snapshot = HostRequest::Snapshot { id: Uuid::nil(), device: "vda".into(), image };
    let _asked = a.begin(&world.registry, snapshot).await;
    let pieces = || futures::stream::iter((0..100_u8).map(|number| Ok(Bytes::from(vec![number; 70_000]))));
    refused(b.link.store_image(image, pieces()).await, 403);
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("disk"))]);
    assert!(a.link.store_image(image, broken).await.is_err());
    assert!(!world.images.content.lock().unwrap().contains_key(&image));
    a.link.store_image(image, pieces()).await.unwrap();
    assert_eq!(world.images.content.lock().unwrap()[&image].len(), 7_000_000);
    // The answer might have been lost: asked again, it is done.
    a.link.store_image(image, pieces()).await.unwrap();
}

#[tokio::test]
async fn a_guest_is_answered_under_the_name_of_its_host() {
    let world = World::new();
    let host = world.host("a").await;
    let source = "10.0.0.5".parse().unwrap();
    let answer = host.link.metadata(&question(source, "/latest")).await.unwrap();
    assert_eq!(answer.body, b"a 10.0.0.5 GET /latest");
    refused(host.link.metadata(&question(source, "/nothing")).await, 404);
}

#[tokio::test]
async fn before_the_services_are_there_a_host_is_told_to_ask_again() {
    let mut world = World::new();
    world.registry = HostRegistry::new();
    let host = world.host("a").await;
    let answer = host.link.metadata(&question("10.0.0.5".parse().unwrap(), "/")).await;
    assert_eq!(answer.unwrap_err(), LinkError::Failed("the controller is starting".into()));
}

#[tokio::test]
async fn without_a_connection_everything_is_away() {
    let world = World::new();
    let host = world.host("a").await;
    host.cancel.cancel();
    world.disconnected("a").await;
    assert_eq!(host.link.image(Uuid::nil()).await.err(), Some(LinkError::Away));
}

fn question(source: std::net::IpAddr, path: &str) -> contracts::compute::MetadataRequest {
    contracts::compute::MetadataRequest {
        network: Uuid::nil(),
        source,
        method: "GET".into(),
        path: path.into(),
        body: Vec::new(),
    }
}
