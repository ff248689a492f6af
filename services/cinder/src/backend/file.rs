//! Volumes as raw, sparse files in one folder. The hosts see the same folder (one machine, or a shared file system).

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use contracts::volume::Connection;
use tokio::fs;
use uuid::Uuid;

use super::{Backend, BackendError, Content};
use crate::confined;

const GIB: u64 = 1 << 30;

/// Volumes as files.
#[derive(Debug)]
pub struct FileBackend {
    volumes: PathBuf,
    snapshots: PathBuf,
    staging: PathBuf,
}

impl FileBackend {
    /// In this folder, made where it is missing. What an earlier process left on its way is removed.
    pub async fn open(folder: &Path) -> std::io::Result<Self> {
        let (volumes, snapshots, staging) =
            (folder.join("data"), folder.join("snapshots"), folder.join("staging"));
        for place in [&volumes, &snapshots, &staging] {
            fs::create_dir_all(place).await?;
        }
        let mut left = fs::read_dir(&staging).await?;
        while let Some(entry) = left.next_entry().await? {
            fs::remove_file(entry.path()).await?;
        }
        Ok(Self { volumes, snapshots, staging })
    }

    fn volume(&self, id: Uuid) -> PathBuf {
        self.volumes.join(format!("volume-{id}"))
    }

    fn snapshot(&self, id: Uuid) -> PathBuf {
        self.snapshots.join(format!("snapshot-{id}"))
    }

    /// A file of its own for something on its way.
    fn partial(&self) -> PathBuf {
        self.staging.join(Uuid::new_v4().to_string())
    }

    async fn copy(
        &self,
        from: &Path,
        format: &str,
        size: Option<u64>,
        to: &Path,
    ) -> Result<(), BackendError> {
        let partial = self.partial();
        let copied = async {
            confined::convert(from, format, &partial, "raw").await?;
            let file = fs::OpenOptions::new().write(true).open(&partial).await?;
            let have = file.metadata().await?.len();
            match size {
                Some(size) if have > size => {
                    return Err(BackendError::Refused(format!("{have} bytes don't fit into {size}")));
                }
                Some(size) => file.set_len(size).await?,
                None => {}
            }
            file.sync_all().await?;
            put(&partial, to).await
        }
        .await;
        if copied.is_err() {
            remove(&partial).await?;
        }
        copied
    }
}

/// Gives a whole file its place, and returns when that place is on the disk.
async fn put(partial: &Path, to: &Path) -> Result<(), BackendError> {
    fs::rename(partial, to).await?;
    if let Some(folder) = to.parent() {
        fs::File::open(folder).await?.sync_all().await?;
    }
    Ok(())
}

async fn remove(path: &Path) -> Result<(), BackendError> {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

#[async_trait]
impl Backend for FileBackend {
    fn name(&self) -> &'static str {
        "file"
    }

    async fn create(&self, id: Uuid, size_gib: u64, content: Content<'_>) -> Result<(), BackendError> {
        let (path, size) = (self.volume(id), size_gib * GIB);
        if fs::try_exists(&path).await? {
            return Ok(());
        }
        match content {
            Content::Blank => {
                let partial = self.partial();
                let file = fs::File::create(&partial).await?;
                file.set_len(size).await?;
                file.sync_all().await?;
                put(&partial, &path).await
            }
            Content::File(from, format) => self.copy(from, format, Some(size), &path).await,
            Content::Volume(from) => self.copy(&self.volume(from), "raw", Some(size), &path).await,
            Content::Snapshot(from) => self.copy(&self.snapshot(from), "raw", Some(size), &path).await,
        }
    }

    async fn extend(&self, id: Uuid, size_gib: u64) -> Result<(), BackendError> {
        let file = fs::OpenOptions::new().write(true).open(self.volume(id)).await?;
        if file.metadata().await?.len() < size_gib * GIB {
            file.set_len(size_gib * GIB).await?;
            file.sync_all().await?;
        }
        Ok(())
    }

    async fn delete(&self, id: Uuid) -> Result<(), BackendError> {
        remove(&self.volume(id)).await
    }

    async fn snapshot(&self, volume: Uuid, snapshot: Uuid) -> Result<(), BackendError> {
        let to = self.snapshot(snapshot);
        if fs::try_exists(&to).await? {
            return Ok(());
        }
        self.copy(&self.volume(volume), "raw", None, &to).await
    }

    async fn snapshot_from(&self, _: Uuid, snapshot: Uuid, copy: &Path) -> Result<(), BackendError> {
        let to = self.snapshot(snapshot);
        if fs::try_exists(&to).await? {
            return Ok(());
        }
        self.copy(copy, "qcow2", None, &to).await
    }

    async fn delete_snapshot(&self, snapshot: Uuid) -> Result<(), BackendError> {
        remove(&self.snapshot(snapshot)).await
    }

    async fn export(&self, volume: Uuid, format: &str, to: &Path) -> Result<(), BackendError> {
        confined::convert(&self.volume(volume), "raw", to, format).await
    }

    fn connection(&self, id: Uuid) -> Connection {
        Connection::File { path: self.volume(id).display().to_string(), format: "raw".into() }
    }

    async fn capacity(&self) -> Result<(u64, u64), BackendError> {
        let folder = self.volumes.clone();
        let space = tokio::task::spawn_blocking(move || nix::sys::statvfs::statvfs(&folder))
            .await
            .map_err(|error| BackendError::Failed(error.to_string()))?
            .map_err(|error| BackendError::Failed(error.to_string()))?;
        let gib = |blocks: u64| blocks * space.fragment_size() / GIB;
        Ok((gib(space.blocks()), gib(space.blocks_available())))
    }

    fn staging(&self) -> &Path {
        &self.staging
    }
}
