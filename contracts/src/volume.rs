//! What Nova asks of Cinder.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{CallResult, identity::Caller};

/// A volume that the caller may see.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Volume {
    /// The id.
    pub id: Uuid,
    /// `available`, `in-use`, ...
    pub status: String,
    /// In GiB.
    pub size: u64,
    /// Whether a machine can boot from it.
    pub bootable: bool,
    /// Whether several machines may have it at once.
    pub multiattach: bool,
    /// The project that owns it.
    pub project_id: String,
    /// The image that it was made from.
    pub image_id: Option<Uuid>,
}

/// How a host gets at a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "driver_volume_type", rename_all = "snake_case")]
pub enum Connection {
    /// A file that the host can open.
    File {
        /// Absolute path.
        path: String,
        /// `raw` or `qcow2`: recorded, never detected.
        format: String,
    },
}

/// A new volume made for a server (boot from volume).
#[derive(Debug, Clone)]
pub struct NewVolume {
    /// The id it is to have, chosen by the caller so that asking twice makes one volume.
    pub id: Uuid,
    /// In GiB.
    pub size: u64,
    /// Its name.
    pub name: String,
    /// Made from this image.
    pub image_id: Option<Uuid>,
    /// Made from this snapshot.
    pub snapshot_id: Option<Uuid>,
}

/// Cinder, to Nova.
#[async_trait]
pub trait Volumes: Send + Sync {
    /// A volume that the caller may use.
    async fn volume(&self, caller: &Caller, id: Uuid) -> CallResult<Volume>;

    /// Its state, for a reconciler that waits for it.
    async fn state(&self, id: Uuid) -> CallResult<Volume>;

    /// Makes a volume in the caller's project. Idempotent by `new.id`.
    async fn create(&self, caller: &Caller, new: &NewVolume) -> CallResult<Volume>;

    /// Reserves a volume for a server: an attachment with that id, chosen by the caller. `Conflict` when it can't be had. Idempotent.
    async fn reserve(&self, caller: &Caller, attachment: Uuid, volume: Uuid, server: Uuid) -> CallResult<()>;

    /// Tells how the host reaches the volume, and marks the attachment as being carried out.
    async fn connect(&self, attachment: Uuid, host: &str) -> CallResult<Connection>;

    /// The machine has it, as this device. The volume is `in-use`.
    async fn complete(&self, attachment: Uuid, device: &str) -> CallResult<()>;

    /// The machine has it no more (or never had): the attachment goes. Does nothing when it is gone.
    async fn detach(&self, attachment: Uuid) -> CallResult<()>;

    /// Deletes a volume that goes with its server. Does nothing when it is gone.
    async fn delete(&self, volume: Uuid) -> CallResult<()>;
}
