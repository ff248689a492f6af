//! What can go wrong, in Nova's words, and the status of each.

use http::StatusCode;
use platform::http::Fault;

/// What can go wrong. The text is for whoever asked.
#[derive(Debug, Clone, thiserror::Error)]
#[allow(missing_docs)]
pub enum NovaError {
    #[error("Instance {0} could not be found.")]
    InstanceNotFound(String),
    #[error("Flavor {0} could not be found.")]
    FlavorNotFound(String),
    #[error("Image {0} could not be found.")]
    ImageNotFound(String),
    #[error("Keypair {name} not found for user {user}")]
    KeypairNotFound { name: String, user: String },
    #[error("Instance group {0} could not be found.")]
    GroupNotFound(String),
    #[error("Aggregate {0} could not be found.")]
    AggregateNotFound(String),
    #[error("Compute host {0} could not be found.")]
    HostNotFound(String),
    #[error("Cannot '{action}' instance {id} while it is in {attribute} {state}")]
    InvalidState { action: &'static str, id: String, attribute: &'static str, state: String },
    #[error("Instance {0} is locked")]
    Locked(String),
    #[error(
        "Quota exceeded for {resources}: Requested {requested}, but already used {used} of {allowed} {resources}"
    )]
    OverQuota { resources: String, requested: String, used: String, allowed: String },
    #[error("Quota exceeded, too many {0}.")]
    TooMany(&'static str),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    NotImplemented(String),
}

impl From<NovaError> for Fault {
    fn from(error: NovaError) -> Self {
        use NovaError as E;
        let status = match &error {
            E::InstanceNotFound(_)
            | E::FlavorNotFound(_)
            | E::ImageNotFound(_)
            | E::KeypairNotFound { .. }
            | E::GroupNotFound(_)
            | E::AggregateNotFound(_)
            | E::HostNotFound(_)
            | E::NotFound(_) => StatusCode::NOT_FOUND,
            E::InvalidState { .. } | E::Locked(_) | E::Conflict(_) => StatusCode::CONFLICT,
            E::OverQuota { .. } | E::TooMany(_) | E::Forbidden(_) => StatusCode::FORBIDDEN,
            E::Invalid(_) => StatusCode::BAD_REQUEST,
            E::NotImplemented(_) => StatusCode::NOT_IMPLEMENTED,
        };
        Self::new(status, error)
    }
}
