//! An upload: from a queued image to an active one, or back.
//!
//! ```text
//!   queued ──▶ saving ──▶ active          (uploads)
//!   queued ──▶ uploading ──▶ importing ──▶ active      (staged, then imported)
//! ```
//! Whatever fails on the way takes the image back to `queued` and dooms the content.

use std::sync::Arc;

use contracts::image::ImageData;
use platform::{
    db::{opened, owned::Inside},
    events::Event,
};
use uuid::Uuid;

use super::receive::{Received, receive};
use crate::{
    Error, Glance,
    image::access,
    inspect::{self, Content, Expectation, Refusal},
    model::{
        content::{self, state},
        image::{self, Model, status},
    },
};

const UPLOADS: Inside = Inside::because("an upload that failed is taken back, whosever it was");

/// Where content goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The image becomes active with it.
    Upload,
    /// It waits for an import.
    Stage,
}

/// What is coming.
pub struct Incoming {
    /// The image, `queued`.
    pub image: Model,
    /// The content.
    pub data: ImageData,
    /// How long it is said to be.
    pub announced: Option<u64>,
    /// What for.
    pub purpose: Purpose,
    /// The request that brings it.
    pub request: Option<String>,
}

/// Takes the content of an image. Runs to its end even when nobody waits for it any more: so a client that hangs up
/// leaves nothing behind.
pub async fn take(service: &Arc<Glance>, incoming: Incoming) -> Result<Model, Error> {
    let service = service.clone();
    tokio::spawn(async move { run(&service, incoming).await })
        .await
        .map_err(|error| Error::Storage(std::io::Error::other(error)))?
}

async fn run(service: &Glance, incoming: Incoming) -> Result<Model, Error> {
    let Incoming { image, data, announced, purpose, request } = incoming;
    let (id, content) = (image.id, Uuid::new_v4());
    let (image, most) = begin(service, &image, content, purpose, announced, request.as_deref()).await?;
    let outcome = tokio::select! {
        outcome = bring(service, &image, content, data, most, announced, purpose) => outcome,
        () = stay_alive(service, content) => Err(Error::Gone(id)),
    };
    match outcome {
        Ok(image) => Ok(image),
        Err(error) => {
            give_up(service, id, content, purpose).await;
            Err(error)
        }
    }
}

/// From queued to saving. Answers how large the content may be.
async fn begin(
    service: &Glance,
    image: &Model,
    content: Uuid,
    purpose: Purpose,
    announced: Option<u64>,
    request: Option<&str>,
) -> Result<(Model, u64), Error> {
    let mut tx = service.db.write().await?;
    let image = opened::lock(&tx, image).await?.ok_or_else(|| Error::no_image(image.id))?;
    let missing: Vec<&str> =
        [("disk_format", &image.disk_format), ("container_format", &image.container_format)]
            .into_iter()
            .filter(|(_, value)| value.is_empty())
            .map(|(name, _)| name)
            .collect();
    if purpose == Purpose::Upload && !missing.is_empty() && image.status == status::QUEUED {
        let noun = if missing.len() == 1 { "Property" } else { "Properties" };
        return Err(Error::Invalid(format!(
            "{noun} {} must be set prior to saving data.",
            missing.join(", ")
        )));
    }
    let next = if purpose == Purpose::Upload { status::SAVING } else { status::UPLOADING };
    if !image::advance(&tx, &image, status::QUEUED, next).await? {
        return Err(Error::Conflict(format!(
            "Image status transition from {} to {next} is not allowed",
            image.status
        )));
    }
    let mut most = service.config.max_image_size;
    if let Some(quota) = service.config.bytes_per_project {
        let (_, used) = image::usage(&*tx, &access::all_of(&image.owner), &[]).await?;
        let left = quota.saturating_sub(used);
        if left == 0 || announced.is_some_and(|size| size > left) {
            return Err(Error::TooLarge(format!(
                "Project {} is over a limit: image_size_total is limited to {quota} bytes",
                image.owner
            )));
        }
        most = most.min(left);
    }
    content::begin(&*tx, content, image.id, &service.writer).await?;
    if purpose == Purpose::Upload {
        tx.emit(event("image.prepare", &image, request));
    }
    tx.commit().await?;
    Ok((image, most))
}

fn event(kind: &'static str, image: &Model, request: Option<&str>) -> Event {
    let event = Event::new(kind, image.id).project(image.owner.as_str());
    match request {
        Some(request) => event.request(request),
        None => event,
    }
}

async fn bring(
    service: &Glance,
    image: &Model,
    content: Uuid,
    data: ImageData,
    most: u64,
    announced: Option<u64>,
    purpose: Purpose,
) -> Result<Model, Error> {
    let received = receive(service.store.as_ref(), content, data, most, announced).await?;
    if purpose == Purpose::Stage {
        return staged(service, image, content, received).await;
    }
    let virtual_size = inspect(service, image, &received.path).await?;
    activate(service, image, content, Some(received), status::SAVING, virtual_size).await
}

/// Compares the content with what the image says it is.
pub async fn inspect(service: &Glance, image: &Model, path: &std::path::Path) -> Result<Option<u64>, Error> {
    let (path, disk_format, container_format) =
        (path.to_owned(), image.disk_format.clone(), image.container_format.clone());
    let (strict, largest) = (service.config.require_format_match, service.config.max_virtual_size);
    let judged = tokio::task::spawn_blocking(move || {
        let content = Content::new(std::fs::File::open(path)?)?;
        let expected =
            Expectation { disk_format: &disk_format, container_format: &container_format, strict, largest };
        inspect::judge(&content, expected)
    })
    .await
    .map_err(|error| Error::Storage(std::io::Error::other(error)))?;
    judged.map_err(|refusal| match refusal {
        Refusal::Unreadable(error) => Error::Storage(error),
        refusal => {
            tracing::warn!(image = %image.id, %refusal, "content of an image was refused");
            refusal.into()
        }
    })
}

async fn staged(service: &Glance, image: &Model, content: Uuid, received: Received) -> Result<Model, Error> {
    let size = i64::try_from(received.size).unwrap_or(i64::MAX);
    let tx = service.db.write().await?;
    let complete = image::stage(&tx, image, size).await?
        && content::complete(&*tx, content, state::STAGED, size, &received.checksum, &received.hash_value)
            .await?;
    if !complete {
        return Err(Error::Gone(image.id));
    }
    let now = opened::lock(&tx, image).await?.ok_or(Error::Gone(image.id))?;
    tx.commit().await?;
    Ok(now)
}

/// Hands the content to the store and makes the image active. `received`: what has just come; else it was staged.
pub async fn activate(
    service: &Glance,
    image: &Model,
    content: Uuid,
    received: Option<Received>,
    from: &str,
    virtual_size: Option<u64>,
) -> Result<Model, Error> {
    service.store.keep(content).await.map_err(Error::storing)?;
    let mut tx = service.db.write().await?;
    let (size, checksum, hash_value, moved) = match received {
        Some(Received { size, checksum, hash_value, .. }) => {
            let size = i64::try_from(size).unwrap_or(i64::MAX);
            let moved = content::complete(&*tx, content, state::STORED, size, &checksum, &hash_value).await?;
            (size, checksum, hash_value, moved)
        }
        None => {
            let moved = content::advance(&*tx, content, state::STAGED, state::STORED).await?;
            let Some(row) = content::of(&*tx, image.id, state::STORED).await? else {
                return Err(Error::Gone(image.id));
            };
            (row.size, row.checksum, row.hash_value, moved)
        }
    };
    let whole = Model {
        size,
        virtual_size: virtual_size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1),
        checksum: Some(checksum),
        hash_value: Some(hash_value),
        content: Some(content),
        ..image.clone()
    };
    if !moved || !image::activate(&tx, &whole, from).await? {
        return Err(Error::Gone(image.id));
    }
    tx.emit(event("image.upload", image, None));
    tx.emit(event("image.activate", image, None));
    let now = opened::lock(&tx, image).await?.ok_or(Error::Gone(image.id))?;
    tx.commit().await?;
    Ok(now)
}

/// Says from time to time that the content is still coming. Ends only when the content is not wanted any more.
pub async fn stay_alive(service: &Glance, content: Uuid) {
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        let seen = async {
            let tx = service.db.write().await?;
            content::seen(&*tx, content).await?;
            tx.commit().await
        };
        if let Err(error) = seen.await {
            tracing::warn!(%content, %error, "could not record that an upload goes on");
        }
    }
}

/// Back to queued; the content is removed.
async fn give_up(service: &Glance, id: Uuid, content: Uuid, purpose: Purpose) {
    let from = if purpose == Purpose::Upload { status::SAVING } else { status::UPLOADING };
    if let Err(error) = back(service, id, content, &[from], state::WRITING).await {
        // The collector finds it again by the writer that died, or is not seen any more.
        tracing::error!(image = %id, %error, "could not take back a failed upload");
    }
    service.collector.wake(content);
}

/// Takes the image back to queued and dooms the content, in one transaction.
pub async fn back(
    service: &Glance,
    id: Uuid,
    content: Uuid,
    from: &[&str],
    state: &str,
) -> Result<(), Error> {
    let tx = service.db.write().await?;
    if content::advance(&*tx, content, state, state::DOOMED).await? {
        image::empty(&tx, id, from, &UPLOADS).await?;
    }
    tx.commit().await?;
    Ok(())
}
