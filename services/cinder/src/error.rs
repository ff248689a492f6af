//! What can go wrong, and what is answered.

use contracts::CallError;
use platform::http::Fault;
use sea_orm::DbErr;
use uuid::Uuid;

/// Why a request can't be done. What each variant shows is fit for whoever asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("Volume {0} could not be found.")]
    VolumeNotFound(String),
    #[error("Snapshot {0} could not be found.")]
    SnapshotNotFound(String),
    #[error("Volume type {0} could not be found.")]
    TypeNotFound(String),
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
            Error::VolumeNotFound(_) | Error::SnapshotNotFound(_) | Error::TypeNotFound(_) => Self::not_found(error),
            Error::InvalidVolume(_) | Error::InvalidInput(_) => Self::bad_request(error),
            Error::OverQuota(_) => Self::too_large(error),
            Error::Call(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}

/// The same for Nova, which asks without HTTP.
impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::VolumeNotFound(_) | Error::SnapshotNotFound(_) | Error::TypeNotFound(_) => Self::NotFound(error.to_string()),
            Error::InvalidVolume(_) => Self::Conflict(error.to_string()),
            Error::InvalidInput(_) => Self::Invalid(error.to_string()),
            Error::OverQuota(_) => Self::OverQuota(error.to_string()),
            Error::Call(error) => error,
            Error::Database(error) => Self::unavailable("cinder", error),
        }
    }
}

impl Error {
    pub(crate) fn no_volume(id: Uuid) -> Self {
        Self::VolumeNotFound(id.to_string())
    }
}
