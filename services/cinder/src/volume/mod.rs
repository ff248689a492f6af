//! The life of a volume.
//!
//! ```text
//!  creating ──▶ available ◀──▶ reserved ──▶ attaching ──▶ in-use ──▶ detaching ──▶ available
//!     │            │  ▲
//!  downloading ────┘  ├──▶ extending, uploading ──┘
//!     │               │
//!     ▼               ▼
//!   error         deleting ──▶ gone (or error_deleting)
//! ```
//!
//! The reconciler takes those that are `...ing` by themselves to their end; the others are Nova's and the user's to change.

mod build;
pub(crate) mod request;
mod upload;

pub(crate) use build::from_call;

use std::sync::Arc;

use async_trait::async_trait;
use platform::{
    db::owned::Inside,
    events::Event,
    reconcile::{Next, Reconciler, StepError},
};
use uuid::Uuid;

use crate::{
    Cinder,
    backend::BackendError,
    message::{self, Notice},
    model::{
        snapshot,
        volume::{self, Model},
    },
};

/// Failures in a row after which a volume is in error.
const PATIENCE: u32 = 5;
const RECONCILER: Inside = Inside::because("what rows say is brought about, whosever they are");

/// Takes volumes to where their status says they are going.
pub(crate) struct VolumeReconciler {
    cinder: Arc<Cinder>,
}

impl VolumeReconciler {
    pub(crate) fn new(cinder: Arc<Cinder>) -> Self {
        Self { cinder }
    }

    /// The step is over: the volume has this status, unless somebody deletes it meanwhile.
    async fn settle(
        &self,
        row: &Model,
        status: &str,
        fault: Option<String>,
        notice: Option<Notice>,
        event: &'static str,
    ) -> Result<Next, StepError> {
        let mut tx = self.cinder.db.write().await?;
        if volume::transition(&tx, row, &[&row.status], status).await? {
            let size = row.extended_from.filter(|_| status == "error_extending");
            volume::settle(&tx, row, fault, size).await?;
            if let Some(notice) = notice {
                message::write(&tx, &row.project_id, "VOLUME", row.id, notice).await?;
            }
            tx.emit(Event::new(event, row.id).project(&row.project_id));
        }
        tx.commit().await?;
        Ok(Next::Done)
    }

    /// What a backend's failure comes to: another try, or a status that says so.
    async fn failed(
        &self,
        row: &Model,
        attempt: u32,
        status: &str,
        notice: Option<Notice>,
        error: BackendError,
    ) -> Result<Next, StepError> {
        match error {
            BackendError::Failed(why) if attempt < PATIENCE => Err(StepError::new(why)),
            BackendError::Failed(why) | BackendError::Refused(why) => {
                tracing::error!(volume = %row.id, from = row.status, to = status, why, "a volume could not be brought about");
                self.settle(row, status, Some(why), notice, "volume.error").await
            }
        }
    }

    async fn extend(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        match self.cinder.backend.extend(row.id, row.size.max(0) as u64).await {
            Ok(()) => self.settle(row, "available", None, None, "volume.resize.end").await,
            Err(error) => {
                self.failed(row, attempt, "error_extending", Some(message::EXTEND_FAILED), error).await
            }
        }
    }

    async fn delete(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        for id in snapshot::ids(self.cinder.db.read(), row).await? {
            if let Err(error) = self.cinder.backend.delete_snapshot(id).await {
                return self.failed(row, attempt, "error_deleting", None, error).await;
            }
        }
        if let Err(error) = self.cinder.backend.delete(row.id).await {
            return self.failed(row, attempt, "error_deleting", None, error).await;
        }
        let mut tx = self.cinder.db.write().await?;
        volume::delete(&tx, row).await?;
        tx.emit(Event::new("volume.delete.end", row.id).project(&row.project_id));
        tx.commit().await?;
        Ok(Next::Done)
    }
}

#[async_trait]
impl Reconciler for VolumeReconciler {
    fn name(&self) -> &'static str {
        "volume"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        Ok(volume::pending(self.cinder.db.read(), &RECONCILER).await?)
    }

    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
        let Ok(row) = volume::find(self.cinder.db.read(), id).await?.inside(&RECONCILER) else {
            return Ok(Next::Done);
        };
        if row.by_hand {
            return Ok(Next::Done);
        }
        match row.status.as_str() {
            "creating" | "downloading" => self.build(&row, attempt).await,
            "extending" => self.extend(&row, attempt).await,
            "uploading" => self.upload(&row, attempt).await,
            "deleting" => self.delete(&row, attempt).await,
            _ => Ok(Next::Done),
        }
    }
}
