//! What went wrong, told to who asked for it (`/v3/messages`): committed with the status that it explains.

use chrono::TimeDelta;
use platform::db::WriteTx;
use sea_orm::DbErr;
use uuid::Uuid;

use crate::model::message::{self, Model};

/// What was being done, and what became of it: Cinder's numbers, and words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice {
    action: (&'static str, &'static str),
    detail: (&'static str, &'static str),
}

pub(crate) const NO_BACKEND: Notice = Notice {
    action: ("001", "schedule allocate volume"),
    detail: ("003", "Could not find any available weighted backend."),
};
pub(crate) const IMAGE_FAILED: Notice =
    Notice { action: ("005", "copy image to volume"), detail: ("001", "An unknown error occurred.") };
pub(crate) const UPLOAD_FAILED: Notice = Notice {
    action: ("003", "copy volume to image"),
    detail: ("004", "Failed to upload volume to image at backend."),
};
pub(crate) const CREATE_FAILED: Notice = Notice {
    action: ("008", "create volume from backend storage"),
    detail: ("012", "Driver failed to create the volume."),
};
pub(crate) const EXTEND_FAILED: Notice =
    Notice { action: ("007", "extend volume"), detail: ("010", "Volume Driver failed to extend volume.") };
pub(crate) const SNAPSHOT_FAILED: Notice =
    Notice { action: ("009", "create snapshot"), detail: ("013", "Snapshot failed to create.") };
pub(crate) const SNAPSHOT_DELETE_FAILED: Notice =
    Notice { action: ("010", "delete snapshot"), detail: ("016", "Snapshot failed to delete.") };

/// Days for which a message is kept.
const KEPT: i64 = 30;

/// Writes a message, and forgets those whose time is over.
pub(crate) async fn write(
    tx: &WriteTx,
    project: &str,
    kind: &str,
    about: Uuid,
    notice: Notice,
) -> Result<(), DbErr> {
    let now = chrono::Utc::now();
    let row = Model {
        id: Uuid::new_v4(),
        project_id: project.to_owned(),
        event_id: format!("VOLUME_{kind}_{}_{}", notice.action.0, notice.detail.0),
        resource_type: kind.to_owned(),
        resource_uuid: about,
        user_message: format!("{}:{}", notice.action.1, notice.detail.1),
        message_level: "ERROR".into(),
        request_id: String::new(),
        created_at: now,
        expires_at: now + TimeDelta::days(KEPT),
    };
    message::insert(tx, row).await
}
