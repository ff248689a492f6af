//! The controller's services, as far as hosts meet them.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    CallError, CallResult,
    compute::{Metadata, MetadataAnswer, MetadataRequest},
    identity::Caller,
    image::{Image, ImageData, Images, NewImage},
};
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

/// Images in memory, which count how often each is opened and take a moment to come.
#[derive(Default)]
pub struct MemoryImages {
    pub content: Mutex<HashMap<Uuid, Bytes>>,
    pub opened: AtomicUsize,
}

fn image(id: Uuid, size: usize) -> Image {
    Image {
        id,
        name: None,
        status: "active".into(),
        owner: None,
        visibility: "private".into(),
        disk_format: None,
        container_format: None,
        size: Some(size as u64),
        virtual_size: None,
        min_disk: 0,
        min_ram: 0,
        sha512: None,
        properties: Default::default(),
    }
}

#[async_trait]
impl Images for MemoryImages {
    async fn image(&self, _: &Caller, _: Uuid) -> CallResult<Image> {
        Err(CallError::NotFound("not asked here".into()))
    }

    async fn create(&self, _: &Caller, _: NewImage) -> CallResult<Image> {
        Err(CallError::NotFound("not asked here".into()))
    }

    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let content = self.content.lock().unwrap().get(&id).cloned();
        let content = content.ok_or_else(|| CallError::NotFound(format!("no image {id}")))?;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let size = content.len();
        let pieces: Vec<_> = content.chunks(10_000).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        Ok((image(id, size), futures::stream::iter(pieces).boxed()))
    }

    async fn store(&self, id: Uuid, data: ImageData) -> CallResult<Image> {
        let pieces: Vec<Bytes> =
            data.try_collect().await.map_err(|error| CallError::unavailable("disk", error))?;
        let content = Bytes::from(pieces.concat());
        let size = content.len();
        self.content.lock().unwrap().insert(id, content);
        Ok(image(id, size))
    }

    async fn discard(&self, _: Uuid) -> CallResult<()> {
        Ok(())
    }
}

/// Tells the guest what is known of it.
pub struct EchoMetadata;

#[async_trait]
impl Metadata for EchoMetadata {
    async fn answer(&self, host: &str, asked: MetadataRequest) -> CallResult<MetadataAnswer> {
        let MetadataRequest { network, source, method, path, .. } = asked;
        if path == "/nothing" {
            return Err(CallError::NotFound("nothing here".into()));
        }
        let body = format!("{host} {network} {source} {method} {path}").into_bytes();
        Ok(MetadataAnswer { status: 200, content_type: "application/json".into(), body })
    }
}
