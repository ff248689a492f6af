//! What Nova and Cinder ask of Glance.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallError, CallResult, identity::Caller};

/// The content of an image, piece by piece.
pub type ImageData = BoxStream<'static, std::io::Result<Bytes>>;

/// An image that the caller may see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Image {
    /// The id.
    pub id: Uuid,
    /// The name, if it was given one.
    pub name: Option<String>,
    /// `queued`, `saving`, `active`, `deactivated`, ...
    pub status: String,
    /// The project that owns it.
    pub owner: Option<String>,
    /// `public`, `private`, `shared`, `community`.
    pub visibility: String,
    /// `raw`, `qcow2`, `iso`, ... as declared and checked at upload.
    pub disk_format: Option<String>,
    /// `bare`, ...
    pub container_format: Option<String>,
    /// Bytes as stored.
    pub size: Option<u64>,
    /// Bytes that a machine sees.
    pub virtual_size: Option<u64>,
    /// The least disk that it needs, in GiB.
    pub min_disk: u64,
    /// The least memory that it needs, in MiB.
    pub min_ram: u64,
    /// SHA-512 of the content, in hexadecimal.
    pub sha512: Option<String>,
    /// Custom properties (`hw_disk_bus`, `os_type`, ...).
    pub properties: BTreeMap<String, String>,
}

/// A new image that another service makes (a snapshot, an uploaded volume).
#[derive(Debug, Clone)]
pub struct NewImage {
    /// Its name.
    pub name: String,
    /// `private` unless said.
    pub visibility: Option<String>,
    /// Format of the content to come.
    pub disk_format: String,
    /// In GiB.
    pub min_disk: u64,
    /// In MiB.
    pub min_ram: u64,
    /// Custom properties.
    pub properties: BTreeMap<String, String>,
}

/// Glance, to other services.
#[async_trait]
pub trait Images: Send + Sync {
    /// An image by id; not found when the caller may not see it.
    async fn image(&self, caller: &Caller, id: Uuid) -> CallResult<Image>;

    /// Makes an image in status `queued`, owned by the caller's project.
    async fn create(&self, caller: &Caller, new: NewImage) -> CallResult<Image>;

    /// The content of an active image. For parts of Pileus, which checked the caller's right when they accepted the work.
    async fn open(&self, id: Uuid) -> CallResult<(Image, ImageData)>;

    /// Stores the content of a queued image, inspects it as an upload is, and makes it `active`.
    async fn store(&self, id: Uuid, data: ImageData) -> CallResult<Image>;

    /// Gives up an image that will never have content. Does nothing when it is not there.
    async fn discard(&self, id: Uuid) -> CallResult<()>;

    /// Deletes an image on the caller's behalf: not found when the caller may not see it, `Forbidden` when it is
    /// protected or not the caller's to delete.
    async fn delete(&self, _caller: &Caller, id: Uuid) -> CallResult<()> {
        Err(CallError::unavailable("glance", format!("deleting image {id} is not offered")))
    }

    /// Images of the caller's own project that have all these custom properties, the oldest first.
    async fn having(
        &self,
        _caller: &Caller,
        _properties: &BTreeMap<String, String>,
    ) -> CallResult<Vec<Image>> {
        Err(CallError::unavailable("glance", "finding images by properties is not offered"))
    }
}
