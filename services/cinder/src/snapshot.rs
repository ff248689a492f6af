//! The life of a snapshot: `creating` ─▶ `available` ─▶ `deleting` ─▶ gone; or `error`, `error_deleting`.

mod copy;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use platform::{
    db::{opened, owned::Inside},
    events::Event,
    reconcile::{Next, Reconciler, StepError},
};
use uuid::Uuid;

use self::copy::Writer;
use crate::{
    Cinder,
    backend::BackendError,
    message::{self, Notice},
    model::snapshot::{self, Model},
};

/// Failures in a row after which a snapshot is in error.
const PATIENCE: u32 = 5;
/// How soon to look again whether a machine has the volume by now.
const SOON: Duration = Duration::from_secs(1);
const RECONCILER: Inside = Inside::because("what rows say is brought about, whosever they are");

/// Takes snapshots to where their status says they are going.
pub(crate) struct SnapshotReconciler {
    cinder: Arc<Cinder>,
}

impl SnapshotReconciler {
    pub(crate) fn new(cinder: Arc<Cinder>) -> Self {
        Self { cinder }
    }

    async fn failed(
        &self,
        row: &Model,
        attempt: u32,
        status: &str,
        notice: Notice,
        error: BackendError,
    ) -> Result<Next, StepError> {
        let why = match error {
            BackendError::Failed(why) if attempt < PATIENCE => return Err(StepError::new(why)),
            BackendError::Failed(why) | BackendError::Refused(why) => why,
        };
        tracing::error!(snapshot = %row.id, from = row.status, to = status, why, "a snapshot could not be brought about");
        let tx = self.cinder.db.write().await?;
        if snapshot::transition(&tx, row, &[&row.status], status).await? {
            snapshot::set_fault(&tx, row, why).await?;
            message::write(&tx, &row.project_id, "VOLUME_SNAPSHOT", row.id, notice).await?;
        }
        tx.commit().await?;
        Ok(Next::Done)
    }

    async fn create(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        let copied = match self.writer(row.volume_id).await? {
            Writer::Nobody => self.cinder.backend.snapshot(row.volume_id, row.id).await,
            Writer::Server(server) => self.copy_in_use(row, server).await,
            Writer::OnItsWay => return Ok(Next::After(SOON)),
            Writer::Unknown(why) => Err(BackendError::Refused(why.to_owned())),
        };
        if let Err(error) = copied {
            return self.failed(row, attempt, "error", message::SNAPSHOT_FAILED, error).await;
        }
        let mut tx = self.cinder.db.write().await?;
        if snapshot::transition(&tx, row, &["creating"], "available").await? {
            tx.emit(Event::new("snapshot.create.end", row.id).project(&row.project_id));
        }
        tx.commit().await?;
        Ok(Next::Done)
    }

    async fn delete(&self, row: &Model, attempt: u32) -> Result<Next, StepError> {
        if let Err(error) = self.cinder.backend.delete_snapshot(row.id).await {
            return self.failed(row, attempt, "error_deleting", message::SNAPSHOT_DELETE_FAILED, error).await;
        }
        let mut tx = self.cinder.db.write().await?;
        opened::delete(&tx, row).await?;
        tx.emit(Event::new("snapshot.delete.end", row.id).project(&row.project_id));
        tx.commit().await?;
        Ok(Next::Done)
    }
}

#[async_trait]
impl Reconciler for SnapshotReconciler {
    fn name(&self) -> &'static str {
        "snapshot"
    }

    async fn pending(&self) -> Result<Vec<Uuid>, StepError> {
        Ok(snapshot::pending(self.cinder.db.read(), &RECONCILER).await?)
    }

    async fn step(&self, id: Uuid, attempt: u32) -> Result<Next, StepError> {
        let Ok(row) = snapshot::find(self.cinder.db.read(), id).await?.inside(&RECONCILER) else {
            return Ok(Next::Done);
        };
        if row.by_hand {
            return Ok(Next::Done);
        }
        match row.status.as_str() {
            "creating" => self.create(&row, attempt).await,
            "deleting" => self.delete(&row, attempt).await,
            _ => Ok(Next::Done),
        }
    }
}
