//! What can go wrong, and how it is answered. The outside text is Keystone's; what is inside goes to the log.

use contracts::identity::TokenError;
use http::StatusCode;
use platform::http::Fault;
use sea_orm::DbErr;

/// Why Keystone can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A key repository can't be read or made.
    #[error("key repository: {0}")]
    Keys(#[from] std::io::Error),
    /// The policy file can't be read.
    #[error("policy: {0}")]
    Policy(#[from] platform::config::ConfigError),
    /// An option makes no sense.
    #[error("option {0}")]
    Option(String),
}

/// Why the bootstrap failed; it may be asked again.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] DbErr),
    /// The password can't be hashed.
    #[error("the password can't be hashed")]
    Password,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// `Could not find user: ID.`
    #[error("Could not find {0}: {1}.")]
    Missing(&'static str, String),
    /// 404 without the token in it: what is in a message ends in logs.
    #[error("Could not find token.")]
    NoToken,
    /// 401, always in the same words.
    #[error("The request you have made requires authentication.")]
    Unauthorized,
    /// 401 with words that tell only the one who knew the password.
    #[error("{0}")]
    UnauthorizedBecause(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    Invalid(String),
    /// A unique key is taken: what was to be stored, and what of it is taken.
    #[error("Conflict occurred attempting to store {0} - {1}.")]
    Duplicate(&'static str, String),
    #[error("Too many logins are waiting. Try again later.")]
    Busy,
    /// Inside only.
    #[error("internal")]
    Inside(String),
    /// Inside only.
    #[error("database")]
    Database(#[from] DbErr),
}

impl Error {
    pub(crate) fn missing(what: &'static str, id: impl Into<String>) -> Self {
        Self::Missing(what, id.into())
    }

    /// A name that is taken in a domain.
    pub(crate) fn name_taken(what: &'static str, name: &str, domain: &str) -> Self {
        let place = if domain.is_empty() { String::new() } else { format!(" at domain ID {domain}") };
        Self::Duplicate(what, format!("Duplicate entry found with name {name}{place}"))
    }

    /// What a failed write means where a race for a unique key may have been lost.
    pub(crate) fn of_write(error: DbErr, taken: impl FnOnce() -> Self) -> Self {
        if platform::db::is_duplicate(&error) { taken() } else { Self::Database(error) }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Missing(..) | Error::NoToken => Fault::not_found(&error),
            Error::Unauthorized => Fault::unauthorized(),
            Error::UnauthorizedBecause(_) => Fault::new(StatusCode::UNAUTHORIZED, &error),
            Error::Forbidden(_) => Fault::forbidden(&error),
            Error::Invalid(_) => Fault::bad_request(&error),
            Error::Duplicate(..) => Fault::conflict(&error),
            Error::Busy => Fault::unavailable(&error),
            Error::Inside(text) => Fault::internal(text),
            Error::Database(error) => error.into(),
        }
    }
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Unavailable => Self::Inside("the token can't be checked".into()),
            _ => Self::Unauthorized,
        }
    }
}
