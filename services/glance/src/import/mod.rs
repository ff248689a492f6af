//! Imports: content that was staged, or that is fetched from the web, becomes an image's.
//!
//! ```text
//!   task:  pending ──▶ processing ──▶ success
//!                           └───────▶ failure
//!   image: uploading ──▶ importing ──▶ active        (glance-direct)
//!          queued ─────▶ importing ──▶ active        (web-download)
//!                            └───────▶ queued        whatever failed
//! ```

pub mod address;
mod fetch;

use std::sync::{Arc, Weak};

use async_trait::async_trait;
use platform::{
    db::owned::Inside,
    reconcile::{Next, Reconciler, StepError},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Glance,
    content::{receive::receive, upload},
    image::view::STORE,
    model::{
        content::{self, state},
        image::{self, Model, status},
        property, task,
    },
};

/// The property that tells in which stores an import failed.
pub const FAILED: &str = "os_glance_failed_import";

/// A step that failed for a reason of ours is taken so many times.
const ATTEMPTS: u32 = 5;

const IMPORTER: Inside = Inside::because("imports are carried out, whosever they are");

/// Carries imports out.
pub struct Importer {
    service: Weak<Glance>,
}

impl Importer {
    /// For that service.
    pub fn new(service: &Arc<Glance>) -> Self {
        Self { service: Arc::downgrade(service) }
    }
}

#[async_trait]
impl Reconciler for Importer {
    fn name(&self) -> &'static str {
        "image-import"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        let Some(service) = self.service.upgrade() else { return Ok(Vec::new()) };
        Ok(task::open_images(service.db.read(), &IMPORTER).await?)
    }

    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
        let Some(service) = self.service.upgrade() else { return Ok(Next::Done) };
        let Some(task) = task::open(service.db.read(), id, &IMPORTER).await? else { return Ok(Next::Done) };
        match carry_out(&service, &task, id).await {
            Ok(()) => succeed(&service, &task, id).await?,
            Err(error @ (Error::Storage(_) | Error::Database(_))) if attempt < ATTEMPTS => {
                return Err(StepError::new(error));
            }
            Err(error) => {
                tracing::warn!(image = %id, %error, "an import failed");
                fail(&service, &task, id, &error).await.map_err(StepError::new)?;
            }
        }
        Ok(Next::Done)
    }
}

async fn carry_out(service: &Glance, task: &task::Model, id: Uuid) -> Result<(), Error> {
    let tx = service.db.write().await?;
    task::begin(&tx, task).await?;
    tx.commit().await?;
    let image = image::get(service.db.read(), id, &IMPORTER).await?;
    if image.status == status::ACTIVE {
        // The process ended between that and the end of the task.
        return Ok(());
    }
    let staged = match content::of(service.db.read(), id, state::STAGED).await? {
        Some(staged) => staged.id,
        None => match address_of(task) {
            Some(uri) => bring(service, &image, uri).await?,
            None => return Err(Error::Conflict("There is no staged content to import.".into())),
        },
    };
    let spooled = service.store.spool().join(staged.to_string());
    let virtual_size = match upload::inspect(service, &image, &spooled).await {
        // Handed to the store already, and inspected before that.
        Err(Error::Storage(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
        judged => judged?,
    };
    upload::activate(service, &image, staged, None, status::IMPORTING, virtual_size).await?;
    Ok(())
}

/// Where the content is, if it is in the web.
fn address_of(task: &task::Model) -> Option<&str> {
    let input = &task.input;
    input["import_req"]["method"]["uri"].as_str().or(input["import_from"].as_str())
}

/// Fetches content from the web and stages it.
async fn bring(service: &Glance, image: &Model, uri: &str) -> Result<Uuid, Error> {
    let id = Uuid::new_v4();
    let tx = service.db.write().await?;
    content::begin(&*tx, id, image.id, &service.writer).await?;
    tx.commit().await?;
    let fetched = async {
        let (data, announced) = fetch::fetch(uri, &service.config).await?;
        receive(service.store.as_ref(), id, data, service.config.max_image_size, announced).await
    };
    let staged = tokio::select! {
        outcome = fetched => outcome,
        () = upload::stay_alive(service, id) => Err(Error::Gone(image.id)),
    };
    let tx = service.db.write().await?;
    let outcome = match staged {
        Ok(received) => {
            let size = i64::try_from(received.size).unwrap_or(i64::MAX);
            content::complete(&*tx, id, state::STAGED, size, &received.checksum, &received.hash_value)
                .await?;
            Ok(id)
        }
        Err(error) => {
            content::advance(&*tx, id, state::WRITING, state::DOOMED).await?;
            Err(error)
        }
    };
    tx.commit().await?;
    service.collector.wake(id);
    outcome
}

async fn succeed(service: &Glance, task: &task::Model, id: Uuid) -> Result<(), StepError> {
    let tx = service.db.write().await?;
    if let Ok(image) = image::get(&*tx, id, &IMPORTER).await {
        property::remove(&tx, &image, FAILED).await?;
    }
    task::end(&tx, task, "success", "", Some(json!({"image_id": id}))).await?;
    tx.commit().await?;
    Ok(())
}

async fn fail(service: &Glance, task: &task::Model, id: Uuid, error: &Error) -> Result<(), Error> {
    let tx = service.db.write().await?;
    let doomed = content::of(&*tx, id, state::STAGED).await?;
    match image::get(&*tx, id, &IMPORTER).await {
        Ok(image) => {
            image::empty(&tx, id, &[status::IMPORTING, status::UPLOADING], &IMPORTER).await?;
            property::set(&tx, &image, FAILED, STORE).await?;
        }
        Err(Error::NoImage(_)) => {}
        Err(error) => return Err(error),
    }
    if let Some(staged) = &doomed {
        content::advance(&*tx, staged.id, state::STAGED, state::DOOMED).await?;
    }
    task::end(&tx, task, "failure", &error.outside(), None).await?;
    tx.commit().await?;
    if let Some(staged) = doomed {
        service.collector.wake(staged.id);
    }
    Ok(())
}
