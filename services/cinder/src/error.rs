//! What can go wrong, and what is answered.

use contracts::CallError;
use platform::{db::owned::Denied, http::Fault};
use sea_orm::DbErr;
use uuid::Uuid;

/// Why a request can't be done. What each variant shows is fit for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Volume {0} could not be found.")]
    VolumeNotFound(String),
    #[error("Snapshot {0} could not be found.")]
    SnapshotNotFound(String),
    #[error("Volume type {0} could not be found.")]
    TypeNotFound(String),
    #[error("Volume attachment could not be found with filter: attachment_id = {0}.")]
    AttachmentNotFound(String),
    #[error("Transfer {0} could not be found.")]
    TransferNotFound(String),
    #[error("Invalid auth key: Attempt to transfer {0} with invalid auth key.")]
    InvalidAuthKey(Uuid),
    #[error("No such QoS spec {0}.")]
    QosSpecsNotFound(String),
    #[error("Message {0} could not be found.")]
    MessageNotFound(String),
    #[error("{what} {id} has no metadata with key {key}.")]
    NoSuchMetadata { what: &'static str, id: Uuid, key: String },
    #[error("Glance metadata for volume/snapshot {0} cannot be found.")]
    NoImageMetadata(Uuid),
    #[error("Detach volume from instance {0} using the Compute API")]
    HeldByNova(String),
    #[error("Invalid snapshot: {0}")]
    InvalidSnapshot(String),
    #[error("Invalid volume: {0}")]
    InvalidVolume(String),
    #[error("Invalid input received: {0}")]
    InvalidInput(String),
    #[error("{0}")]
    OverQuota(String),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the database")]
    Database(#[from] DbErr),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::VolumeNotFound(_)
            | Error::SnapshotNotFound(_)
            | Error::TypeNotFound(_)
            | Error::AttachmentNotFound(_)
            | Error::TransferNotFound(_)
            | Error::QosSpecsNotFound(_)
            | Error::MessageNotFound(_)
            | Error::NoSuchMetadata { .. }
            | Error::NoImageMetadata(_) => Self::not_found(error),
            Error::InvalidVolume(_)
            | Error::InvalidSnapshot(_)
            | Error::InvalidInput(_)
            | Error::InvalidAuthKey(_) => Self::bad_request(error),
            Error::HeldByNova(_) => Self::conflict(error),
            Error::OverQuota(_) => Self::too_large(error),
            Error::Call(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<Denied<Self>> for Error {
    fn from(denied: Denied<Self>) -> Self {
        match denied {
            Denied::Missing(error) => error,
            refused => Self::Call(refused.into()),
        }
    }
}

/// The same for Nova, which asks without HTTP.
impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidVolume(_) | Error::InvalidSnapshot(_) | Error::HeldByNova(_) => {
                Self::Conflict(error.to_string())
            }
            Error::InvalidInput(_) | Error::InvalidAuthKey(_) => Self::Invalid(error.to_string()),
            Error::OverQuota(_) => Self::OverQuota(error.to_string()),
            Error::Call(error) => error,
            Error::Database(error) => Self::unavailable("cinder", error),
            error => Self::NotFound(error.to_string()),
        }
    }
}

impl Error {
    pub(crate) fn no_volume(id: Uuid) -> Self {
        Self::VolumeNotFound(id.to_string())
    }

    /// What a user wrote where an id belongs, short enough to be shown again.
    pub(crate) fn shown(id: &str) -> String {
        id.chars().take(64).collect()
    }
}
