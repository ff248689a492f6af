//! What Nova's old API (microversions up to 2.35, metadata up to 2.38) shows of Glance. Glance's own policy holds.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{CallResult, identity::Caller, image::Image};

/// An image with its times.
#[derive(Debug, Clone)]
pub struct DatedImage {
    /// The image.
    pub image: Image,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

/// Which images are asked for.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter {
    /// Only those of that name.
    pub name: Option<String>,
    /// Only those of that status, in Glance's words.
    pub status: Option<String>,
    /// Only those changed at that time or since.
    pub changes_since: Option<DateTime<Utc>>,
    /// Only those that need so much memory, in MiB.
    pub min_ram: Option<u64>,
    /// Only those that need so much disk, in GiB.
    pub min_disk: Option<u64>,
    /// Only those with these custom properties.
    pub properties: BTreeMap<String, String>,
    /// Those that come after this one.
    pub marker: Option<Uuid>,
    /// At most so many.
    pub limit: Option<u64>,
}

/// What becomes of an image's custom properties.
#[derive(Debug, Clone)]
pub enum PropertyChange {
    /// These and no others.
    Replace(BTreeMap<String, String>),
    /// These besides, or instead of those of the same names.
    Merge(BTreeMap<String, String>),
    /// All but this.
    Remove(String),
}

/// Glance, to Nova's old API.
#[async_trait]
pub trait ImageProxy: Send + Sync {
    /// Images that the caller sees, newest first. `Invalid` when the marker is none of them.
    async fn images(&self, caller: &Caller, filter: ImageFilter) -> CallResult<Vec<DatedImage>>;

    /// An image.
    async fn dated_image(&self, caller: &Caller, id: Uuid) -> CallResult<DatedImage>;

    /// Changes the custom properties of an image; those that it has then. `NotFound` also when what is to go is not there.
    async fn change_properties(
        &self,
        caller: &Caller,
        id: Uuid,
        change: PropertyChange,
    ) -> CallResult<BTreeMap<String, String>>;
}
