//! Where the data of volumes is.

mod file;
mod memory;

use std::path::Path;

use async_trait::async_trait;
use contracts::volume::Connection;
use uuid::Uuid;

pub use file::FileBackend;
pub use memory::MemoryBackend;

/// Why a backend did not do it.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// It would fail again: the source is not fit, or does not fit.
    #[error("{0}")]
    Refused(String),
    /// It may succeed later.
    #[error("{0}")]
    Failed(String),
}

impl From<std::io::Error> for BackendError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What a new volume holds.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Nothing: it reads as zeros.
    Blank,
    /// A file in that format (recorded, never detected).
    File(&'a Path, &'a str),
    /// A copy of another volume that nobody writes to.
    Volume(Uuid),
    /// A copy of a snapshot.
    Snapshot(Uuid),
}

/// A place for the data of volumes and snapshots. Every call is idempotent.
#[async_trait]
pub trait Backend: Send + Sync {
    /// Its name in `host@backend#pool`.
    fn name(&self) -> &'static str;

    /// Makes a volume's data, of that many GiB. Returns when it is on the disk.
    async fn create(&self, id: Uuid, size_gib: u64, content: Content<'_>) -> Result<(), BackendError>;

    /// Makes a volume larger.
    async fn extend(&self, id: Uuid, size_gib: u64) -> Result<(), BackendError>;

    /// Removes a volume's data.
    async fn delete(&self, id: Uuid) -> Result<(), BackendError>;

    /// Copies a volume that nobody writes to into a snapshot.
    async fn snapshot(&self, volume: Uuid, snapshot: Uuid) -> Result<(), BackendError>;

    /// Makes a snapshot of a copy of a volume, a qcow2 file that somebody else made.
    async fn snapshot_from(&self, volume: Uuid, snapshot: Uuid, copy: &Path) -> Result<(), BackendError>;

    /// Removes a snapshot's data.
    async fn delete_snapshot(&self, snapshot: Uuid) -> Result<(), BackendError>;

    /// Writes a volume's content into a new file of that format.
    async fn export(&self, volume: Uuid, format: &str, to: &Path) -> Result<(), BackendError>;

    /// How a host gets at it.
    fn connection(&self, id: Uuid) -> Connection;

    /// GiB in all, and free.
    async fn capacity(&self) -> Result<(u64, u64), BackendError>;

    /// A folder for files on their way into or out of the backend.
    fn staging(&self) -> &Path;
}
