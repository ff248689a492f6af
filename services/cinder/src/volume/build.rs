//! A volume's data comes into being: blank, or from an image, a snapshot, another volume.

use contracts::CallError;
use futures::StreamExt;
use platform::reconcile::{Next, StepError};
use sea_orm::EntityTrait;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::VolumeReconciler;
use crate::{
    backend::{BackendError, Content},
    inspect::inspect,
    message,
    model::{
        volume::{self, Model},
        volume_type,
    },
};

impl VolumeReconciler {
    pub(super) async fn build(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        if row.status == "creating" && !self.has_place(row).await? {
            let why = "no backend is what the type asks for".to_owned();
            tracing::warn!(volume = %row.id, why, "a volume could not be brought about");
            return self.settle(row, "error", Some(why), Some(message::NO_BACKEND), "volume.error").await;
        }
        if let (Some(image), "creating") = (row.image_id, row.status.as_str()) {
            tracing::debug!(volume = %row.id, %image, "downloading");
            let tx = self.cinder.db.write().await?;
            volume::transition(&tx, row, &["creating"], "downloading").await?;
            tx.commit().await?;
            return Ok(Next::Now);
        }
        match self.fill(row).await {
            Ok(()) => self.settle(row, "available", None, None, "volume.create.end").await,
            Err(error) => {
                let notice =
                    if row.image_id.is_some() { message::IMAGE_FAILED } else { message::CREATE_FAILED };
                self.failed(row, attempt, "error", Some(notice), error).await
            }
        }
    }

    async fn has_place(&self, row: &Model) -> Result<bool, StepError> {
        let kind = volume_type::Entity::find_by_id(row.volume_type_id).one(self.cinder.db.read()).await?;
        Ok(self.cinder.can_hold(&kind.map(|kind| kind.extra_specs).unwrap_or_default()).await?)
    }

    async fn fill(&self, row: &Model) -> Result<(), BackendError> {
        let (backend, size) = (&self.cinder.backend, row.size.max(0) as u64);
        match (row.image_id, row.snapshot_id, row.source_volid) {
            (Some(image), ..) => self.fill_from_image(row.id, size, image).await,
            (None, Some(snapshot), _) => backend.create(row.id, size, Content::Snapshot(snapshot)).await,
            (None, None, Some(source)) => backend.create(row.id, size, Content::Volume(source)).await,
            (None, None, None) => backend.create(row.id, size, Content::Blank).await,
        }
    }

    /// By way of a file: what is converted must be whole, and its format is the recorded one.
    async fn fill_from_image(&self, id: Uuid, size: u64, image: Uuid) -> Result<(), BackendError> {
        let backend = &self.cinder.backend;
        let (about, mut data) = self.cinder.images.open(image).await.map_err(from_call)?;
        let format = about.disk_format.unwrap_or_else(|| "raw".into());
        let path = backend.staging().join(format!("image-for-{id}"));
        let staged = async {
            let mut file = tokio::fs::File::create(&path).await?;
            while let Some(piece) = data.next().await {
                file.write_all(&piece?).await?;
            }
            file.flush().await?;
            inspect(&path, &format).await?;
            backend.create(id, size, Content::File(&path, qemu_format(&format))).await
        }
        .await;
        let _ = tokio::fs::remove_file(&path).await;
        staged
    }
}

/// What `qemu-img` calls a format of Glance's.
fn qemu_format(format: &str) -> &str {
    match format {
        "vhd" => "vpc",
        "iso" | "ami" | "ari" | "aki" => "raw",
        other => other,
    }
}

pub(crate) fn from_call(error: CallError) -> BackendError {
    match error {
        CallError::Unavailable { service, detail } => BackendError::Failed(format!("{service}: {detail}")),
        error => BackendError::Refused(error.to_string()),
    }
}
