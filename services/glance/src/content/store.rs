//! Where content is kept.
//!
//! Content always comes into a file of its own first (the spool): it is inspected there, and only then handed to the
//! store. In the file store that is a rename, so what is there is whole.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use contracts::image::ImageData;
use uuid::Uuid;

use super::download;

/// A store.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Where files that are coming are made: on the same file system as the store, if it has one.
    fn spool(&self) -> &Path;

    /// Takes a whole file (of that id) from the spool, for good. The file is gone from there afterwards. Does nothing when
    /// it has been taken before.
    async fn keep(&self, id: Uuid) -> io::Result<()>;

    /// So many bytes from there.
    async fn read(&self, id: Uuid, offset: u64, length: u64) -> io::Result<ImageData>;

    /// Removes it, from the spool too. Does nothing when it is not there.
    async fn remove(&self, id: Uuid) -> io::Result<()>;
}

/// Files in a folder.
#[derive(Debug, Clone)]
pub struct FileStore {
    images: PathBuf,
    spool: PathBuf,
}

impl FileStore {
    /// In `FOLDER/images`; `FOLDER/incoming` is the spool.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let store = Self { images: folder.join("images"), spool: folder.join("incoming") };
        for folder in [&store.images, &store.spool] {
            fs::create_dir_all(folder)?;
        }
        Ok(store)
    }

    fn path(&self, id: Uuid) -> PathBuf {
        self.images.join(id.to_string())
    }
}

#[async_trait]
impl Store for FileStore {
    fn spool(&self) -> &Path {
        &self.spool
    }

    async fn keep(&self, id: Uuid) -> io::Result<()> {
        let (spooled, target, folder) = (self.spool.join(id.to_string()), self.path(id), self.images.clone());
        blocking(move || {
            match fs::rename(spooled, &target) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && target.exists() => {}
                renamed => renamed?,
            }
            // The name, too, must outlive a power failure.
            File::open(folder)?.sync_all()
        })
        .await
    }

    async fn read(&self, id: Uuid, offset: u64, length: u64) -> io::Result<ImageData> {
        let path = self.path(id);
        let file = blocking(move || File::open(path)).await?;
        Ok(download::stream(file, offset, length))
    }

    async fn remove(&self, id: Uuid) -> io::Result<()> {
        let paths = [self.path(id), self.spool.join(id.to_string())];
        blocking(move || {
            for path in paths {
                match fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        })
        .await
    }
}

/// A new file of the spool, readable by nobody else.
pub(super) fn spool_file(folder: &Path, id: Uuid) -> io::Result<(PathBuf, File)> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = folder.join(id.to_string());
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((path, file))
}

/// Runs what waits for a disk where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
