//! What Barbican refuses, and what is answered.

use http::StatusCode;
use platform::http::Fault;
use sea_orm::DbErr;

/// Why a request can't be done. What each variant shows is fit for whoever asked: never a payload.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none of that kind, or it has expired.
    #[error("{0} not found.")]
    Missing(&'static str),
    #[error("Not Found. Sorry but your secret has no payload.")]
    NoPayload,
    #[error("{0}")]
    Conflict(&'static str),
    /// A body that has the right shape and makes no sense.
    #[error("Provided object does not match schema '{schema}': {why}. Invalid property: '{property}'")]
    Invalid { schema: &'static str, property: &'static str, why: &'static str },
    #[error("{0}")]
    BadRequest(&'static str),
    #[error("Wrong payload content-type")]
    NotAcceptable,
    #[error("Content-Type of '{0}' is not supported for PUT.")]
    MediaType(String),
    #[error("Provided information too large to process")]
    TooLarge,
    #[error("Creation not allowed because a quota has been reached")]
    Quota,
    /// What was sealed can't be opened: another key, or changed rows.
    #[error("a payload can't be sealed or opened")]
    Vault,
    #[error("the database")]
    Database(#[from] DbErr),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(_) | Error::NoPayload => Self::not_found(error),
            Error::Conflict(_) => Self::conflict(error),
            Error::Invalid { .. } | Error::BadRequest(_) => Self::bad_request(error),
            Error::NotAcceptable => Self::new(StatusCode::NOT_ACCEPTABLE, error),
            Error::MediaType(_) => Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error),
            Error::TooLarge => Self::too_large(error),
            Error::Quota => Self::forbidden(error),
            Error::Vault => Self::internal(error),
            Error::Database(error) => error.into(),
        }
    }
}
