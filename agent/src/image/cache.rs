//! The content of images as stored, fetched once for this host and verified.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use agent_protocol::AgentLink;
use contracts::hosts::HostError;
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use tokio::{
    io::{AsyncWriteExt, BufWriter},
    sync::Semaphore,
};
use uuid::Uuid;

use super::header::{HeaderError, inspect};
use crate::{
    config::Storage,
    fault::{failed, of_link, refused},
    file::{blocking, make_folder, publish, remove_file, write_whole},
    layout::{Layout, part},
};

/// An image that disks can be based upon.
#[derive(Debug, Clone)]
pub(crate) struct CachedImage {
    pub(crate) path: PathBuf,
    /// Bytes that a machine sees.
    pub(crate) virtual_size: u64,
}

/// What a request says of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Expected {
    format: String,
    sha512: String,
}

/// What is known of a file in the cache. Written after the file, so that a file without it is not trusted.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    image: Expected,
    size: u64,
}

type Download = Shared<BoxFuture<'static, Result<(), HostError>>>;

#[derive(Clone)]
pub(crate) struct ImageCache {
    layout: Layout,
    storage: Storage,
    link: AgentLink,
    downloads: Arc<Mutex<HashMap<Uuid, Download>>>,
    slots: Arc<Semaphore>,
}

impl ImageCache {
    pub(crate) fn open(
        layout: Layout,
        storage: Storage,
        link: AgentLink,
        parallel_downloads: usize,
    ) -> std::io::Result<Self> {
        make_folder(&layout.images())?;
        let slots = Arc::new(Semaphore::new(parallel_downloads.max(1)));
        Ok(Self { layout, storage, link, downloads: Arc::default(), slots })
    }

    fn downloads(&self) -> MutexGuard<'_, HashMap<Uuid, Download>> {
        self.downloads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The image with that content, fetched unless it is there. Whoever wants it at the same time waits for the same
    /// download.
    pub(crate) async fn get(&self, id: Uuid, format: &str, sha512: &str) -> Result<CachedImage, HostError> {
        let sha512 = sha512.to_ascii_lowercase();
        if sha512.len() != 128 || !sha512.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(refused(format!("image {id} has no SHA-512 digest to know it by")));
        }
        let path = self.layout.image(id);
        if self.storage == Storage::Simulated {
            return Ok(CachedImage { path, virtual_size: 0 });
        }
        let expected = Expected { format: format.to_owned(), sha512 };
        if !self.has(id, &expected).await? {
            self.download(id, &expected).await?;
            // Whoever began the download may have expected something else.
            if !self.has(id, &expected).await? {
                return Err(failed("fetching the image", "it is gone again"));
            }
        }
        let (inspected, format) = (path.clone(), format.to_owned());
        // Each time: the file lies there for long, and what QEMU would open is looked at before it does.
        let virtual_size = tokio::task::spawn_blocking(move || inspect(&inspected, &format)).await;
        let virtual_size = virtual_size.map_err(|error| failed("inspecting the image", error))?;
        let virtual_size = virtual_size.map_err(|error| match error {
            HeaderError::Read(error) => failed("inspecting the image", error),
            HeaderError::Unfit(reason) => refused(format!("image {id}: {reason}")),
        })?;
        Ok(CachedImage { path, virtual_size })
    }

    /// Whether the content is there, as far as its record tells.
    async fn has(&self, id: Uuid, expected: &Expected) -> Result<bool, HostError> {
        let (path, record) = (self.layout.image(id), self.layout.image_record(id));
        let found = blocking("looking into the image cache", move || Ok(recorded(&path, &record))).await?;
        match found {
            // Disks may be based on what is there, so it is not replaced by something else. Content of an image never
            // changes: one of the two is wrong.
            Some(Record { image, .. }) if image != *expected => Err(refused(format!(
                "image {id} is on the host already, as {} with SHA-512 {}",
                image.format, image.sha512
            ))),
            found => Ok(found.is_some()),
        }
    }

    async fn download(&self, id: Uuid, expected: &Expected) -> Result<(), HostError> {
        let download = self.downloads().entry(id).or_insert_with(|| self.begin(id, expected.clone())).clone();
        download.await
    }

    /// Begins a download that goes on when those who wait for it do not.
    fn begin(&self, id: Uuid, expected: Expected) -> Download {
        let cache = self.clone();
        let running = tokio::spawn(async move {
            let outcome = cache.fetch(id, expected).await;
            cache.downloads().remove(&id);
            if let Err(error) = &outcome {
                tracing::warn!(image = %id, %error, "the image could not be fetched");
            }
            outcome
        });
        async move { running.await.unwrap_or_else(|error| Err(failed("fetching the image", error))) }
            .boxed()
            .shared()
    }

    async fn fetch(&self, id: Uuid, expected: Expected) -> Result<(), HostError> {
        let Ok(_slot) = self.slots.acquire().await else {
            return Err(failed("fetching the image", "stopping"));
        };
        // Another download of it may have ended since it was looked for.
        if self.has(id, &expected).await? {
            return Ok(());
        }
        let (path, record) = (self.layout.image(id), self.layout.image_record(id));
        let unfinished = part(&path);
        match self.receive(id, &expected.sha512, &unfinished).await {
            Ok(size) => {
                blocking("keeping the image", move || {
                    publish(&unfinished, &path, 0o444)?;
                    write_whole(&record, &serde_json::to_vec(&Record { image: expected, size })?)
                })
                .await
            }
            Err(error) => {
                blocking("removing a broken download", move || remove_file(&unfinished)).await?;
                Err(error)
            }
        }
    }

    async fn receive(&self, id: Uuid, sha512: &str, to: &Path) -> Result<u64, HostError> {
        let what = format!("image {id}");
        let mut content = self.link.image(id).await.map_err(|error| of_link(&what, error))?;
        let unwritten = |error| failed("writing the image", error);
        let mut file =
            BufWriter::with_capacity(1 << 20, tokio::fs::File::create(to).await.map_err(unwritten)?);
        let (mut digest, mut size) = (Sha512::new(), 0_u64);
        while let Some(piece) = content.pieces.next().await {
            let piece = piece.map_err(|error| failed(&what, error))?;
            digest.update(&piece);
            size += piece.len() as u64;
            file.write_all(&piece).await.map_err(unwritten)?;
        }
        file.flush().await.map_err(unwritten)?;
        let found: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        if found != sha512 {
            return Err(refused(format!("{what} came with other content than was said (SHA-512 {found})")));
        }
        tracing::info!(image = %id, size, "the image is on the host");
        Ok(size)
    }
}

fn recorded(path: &Path, record: &Path) -> Option<Record> {
    let record: Record = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
    let size = fs::metadata(path).ok()?.len();
    (size == record.size).then_some(record)
}
