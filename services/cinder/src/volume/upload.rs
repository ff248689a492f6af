//! A volume's content becomes an image.

use contracts::image::ImageData;
use futures::StreamExt;
use platform::reconcile::{Next, StepError};
use tokio_util::io::ReaderStream;

use super::{VolumeReconciler, build::from_call};
use crate::{backend::BackendError, message, model::volume::Model};

impl VolumeReconciler {
    pub(super) async fn upload(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        match self.store(row).await {
            Ok(()) => self.settle(row, "available", None, None, "volume.upload.end").await,
            Err(BackendError::Failed(why)) if attempt < super::PATIENCE => Err(StepError::new(why)),
            Err(error) => {
                // The volume is as it was; it is the image that will never be.
                if let Some(image) = row.upload_image_id {
                    self.cinder.images.discard(image).await?;
                }
                self.settle(
                    row,
                    "available",
                    Some(error.to_string()),
                    Some(message::UPLOAD_FAILED),
                    "volume.upload.error",
                )
                .await
            }
        }
    }

    async fn store(&self, row: &Model) -> Result<(), BackendError> {
        let (Some(image), Some(format)) = (row.upload_image_id, row.upload_format.as_deref()) else {
            return Ok(());
        };
        // An active image has all its content: this was done before, and the process ended before that was recorded.
        if self.cinder.images.open(image).await.is_ok() {
            return Ok(());
        }
        let path = self.cinder.backend.staging().join(format!("volume-for-{image}"));
        let stored = async {
            self.cinder.backend.export(row.id, format, &path).await?;
            let file = tokio::fs::File::open(&path).await?;
            let data: ImageData = ReaderStream::with_capacity(file, 1 << 20).boxed();
            self.cinder.images.store(image, data).await.map_err(from_call)?;
            Ok(())
        }
        .await;
        let _ = tokio::fs::remove_file(&path).await;
        stored
    }
}
