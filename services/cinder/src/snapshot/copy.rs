//! The copy of a volume that a machine writes to: the machine's own host makes it, and a snapshot is made of that.
//!
//! Whatever is thought here of who writes, QEMU's lock on the file is what keeps an ordinary copy from being made of a
//! volume that a machine has.

use contracts::CallError;
use sea_orm::DbErr;
use uuid::Uuid;

use super::{RECONCILER, SnapshotReconciler};
use crate::{
    backend::BackendError,
    inspect::inspect,
    model::{attachment, snapshot::Model, volume},
    volume::from_call,
};

/// Who may write to a volume.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// Nobody: it can be copied as it is.
    Nobody,
    /// A server's machine.
    Server(Uuid),
    /// A server's machine is about to have it.
    OnItsWay,
    /// There is no copying it, for this reason.
    Unknown(&'static str),
}

impl SnapshotReconciler {
    pub(super) async fn writer(&self, volume: Uuid) -> Result<Writer, DbErr> {
        let db = self.cinder.db.read();
        let Ok(volume) = volume::find(db, volume).await?.inside(&RECONCILER) else {
            return Ok(Writer::Nobody);
        };
        let mut attachments = attachment::of(db, &volume).await?;
        attachments.retain(|attachment| attachment.status != "reserved");
        Ok(writer_of(&attachments))
    }

    /// Has the server's host copy the volume.
    pub(super) async fn copy_in_use(&self, row: &Model, server: Uuid) -> Result<(), BackendError> {
        let backend = &self.cinder.backend;
        let Some(copies) = self.cinder.copies.get() else {
            return Err(BackendError::Failed("nova is not there yet".into()));
        };
        let path = backend.staging().join(format!("copy-for-{}", row.id));
        let copied = async {
            match copies.copy_volume(server, row.volume_id, &path.to_string_lossy()).await {
                Ok(()) => {
                    // Hosts are not trusted: the copy must be what it is said to be.
                    inspect(&path, "qcow2").await?;
                    backend.snapshot_from(row.volume_id, row.id, &path).await
                }
                // It was detached, or its server has no machine at the moment.
                Err(CallError::NotFound(_)) => backend.snapshot(row.volume_id, row.id).await,
                Err(error) => Err(from_call(error)),
            }
        }
        .await;
        let _ = tokio::fs::remove_file(&path).await;
        copied
    }
}

pub(super) fn writer_of(attachments: &[attachment::Model]) -> Writer {
    match attachments {
        [] => Writer::Nobody,
        [one] => match (one.instance, one.of_nova, one.status.as_str()) {
            (Some(_), true, "attaching") => Writer::OnItsWay,
            (Some(server), true, _) => Writer::Server(server),
            _ => Writer::Unknown("the volume is attached to what is not a server"),
        },
        _ => Writer::Unknown("the volume is attached to several servers"),
    }
}
