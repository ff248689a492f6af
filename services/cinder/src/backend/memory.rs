//! Volumes that exist in memory only, for tests of scale.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use contracts::volume::Connection;
use uuid::Uuid;

use super::{Backend, BackendError, Content};

/// Remembers sizes, and holds no data.
#[derive(Debug)]
pub struct MemoryBackend {
    sizes: Mutex<HashMap<Uuid, u64>>,
    staging: PathBuf,
}

impl MemoryBackend {
    /// Empty. Images on their way into volumes are staged in `staging`.
    pub fn new(staging: PathBuf) -> Self {
        Self { sizes: Mutex::default(), staging }
    }

    fn sizes(&self) -> MutexGuard<'_, HashMap<Uuid, u64>> {
        // Nothing panics while it holds the lock.
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Backend for MemoryBackend {
    fn name(&self) -> &'static str {
        "memory"
    }

    async fn create(&self, id: Uuid, size_gib: u64, _: Content<'_>) -> Result<(), BackendError> {
        self.sizes().insert(id, size_gib);
        Ok(())
    }

    async fn extend(&self, id: Uuid, size_gib: u64) -> Result<(), BackendError> {
        self.sizes().insert(id, size_gib);
        Ok(())
    }

    async fn delete(&self, id: Uuid) -> Result<(), BackendError> {
        self.sizes().remove(&id);
        Ok(())
    }

    async fn snapshot(&self, volume: Uuid, snapshot: Uuid) -> Result<(), BackendError> {
        let mut sizes = self.sizes();
        let size = sizes.get(&volume).copied().unwrap_or_default();
        sizes.insert(snapshot, size);
        Ok(())
    }

    async fn snapshot_from(&self, volume: Uuid, snapshot: Uuid, _: &Path) -> Result<(), BackendError> {
        self.snapshot(volume, snapshot).await
    }

    async fn delete_snapshot(&self, snapshot: Uuid) -> Result<(), BackendError> {
        self.sizes().remove(&snapshot);
        Ok(())
    }

    async fn export(&self, _: Uuid, _: &str, to: &Path) -> Result<(), BackendError> {
        Ok(tokio::fs::write(to, [0; 512]).await?)
    }

    fn connection(&self, id: Uuid) -> Connection {
        Connection::File { path: format!("/nonexistent/volume-{id}"), format: "raw".into() }
    }

    async fn capacity(&self) -> Result<(u64, u64), BackendError> {
        let used: u64 = self.sizes().values().sum();
        Ok((1 << 20, (1_u64 << 20).saturating_sub(used)))
    }

    fn staging(&self) -> &Path {
        &self.staging
    }
}
