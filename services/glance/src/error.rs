//! What Glance refuses, and how that is told over HTTP and to other services.

use contracts::CallError;
use http::StatusCode;
use platform::{db::owned::Denied, http::Fault};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::inspect::Refusal;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or the caller may not know of it.
    #[error("No image found with ID {0}")]
    NoImage(String),
    /// Not there, in words.
    #[error("{0}")]
    NotFound(String),
    /// Nonsense, in words.
    #[error("{0}")]
    Invalid(String),
    /// Not allowed, in words.
    #[error("{0}")]
    Forbidden(String),
    /// Not in this state, in words.
    #[error("{0}")]
    Conflict(String),
    /// Too much of something: content, properties, tags, members, or a quota.
    #[error("{0}")]
    TooLarge(String),
    /// The content is not what it is said to be, or could harm whoever opens it.
    #[error("{0}")]
    Content(#[from] Refusal),
    /// The image was deleted while its content came.
    #[error(
        "Image {0} could not be found after upload. The image may have been deleted during the upload, cleaning up the chunks uploaded."
    )]
    Gone(Uuid),
    /// The content ended before it was all there.
    #[error("The content of the image did not arrive whole: {0}")]
    Truncated(String),
    /// The content can't be kept or read. The text is for the log.
    #[error("image storage: {0}")]
    Storage(std::io::Error),
    /// The database failed. The text is for the log.
    #[error("database: {0}")]
    Database(#[from] DbErr),
}

impl From<Denied<Self>> for Error {
    fn from(denied: Denied<Self>) -> Self {
        match denied {
            Denied::Missing(error) => error,
            Denied::Refused(rule) => Self::Forbidden(format!("Policy doesn't allow {rule} to be performed.")),
        }
    }
}

impl Error {
    /// There is no such image.
    pub fn no_image(id: Uuid) -> Self {
        Self::NoImage(id.to_string())
    }

    /// Content could not be written: a full disk is the caller's to know.
    pub fn storing(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::TooLarge("Image storage media is full".to_owned())
            }
            _ => Self::Storage(error),
        }
    }

    /// What the user may read of it: for the message of a task.
    pub fn outside(&self) -> String {
        match self {
            Self::Storage(_) | Self::Database(_) => "The image could not be stored.".to_owned(),
            error => error.to_string(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NoImage(_) | Error::NotFound(_) => Self::not_found(error),
            Error::Invalid(_) | Error::Truncated(_) => Self::bad_request(error),
            Error::Forbidden(_) => Self::forbidden(error),
            Error::Conflict(_) => Self::conflict(error),
            Error::TooLarge(_) => Self::too_large(error),
            Error::Content(_) => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error),
            Error::Gone(_) => Self::new(StatusCode::GONE, error),
            Error::Storage(error) => {
                tracing::error!(%error, "image storage failed");
                Self::unavailable("Image storage is unavailable.")
            }
            Error::Database(error) => error.into(),
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::NoImage(_) | Error::NotFound(_) | Error::Gone(_) => Self::NotFound(text),
            Error::Invalid(_) | Error::Truncated(_) | Error::Content(_) => Self::Invalid(text),
            Error::Forbidden(_) => Self::Forbidden(text),
            Error::Conflict(_) => Self::Conflict(text),
            Error::TooLarge(_) => Self::OverQuota(text),
            Error::Storage(_) | Error::Database(_) => Self::unavailable("glance", text),
        }
    }
}
