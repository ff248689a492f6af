//! The one error of calls between services.

/// Why a service could not do what another asked of it.
///
/// The text in each variant is fit to be shown to the user on whose behalf the call was made; internals are in
/// `Unavailable::detail`, which is logged and never answered.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The thing is not there, or the caller may not know of it.
    #[error("{0}")]
    NotFound(String),
    /// The caller knows of it and may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// What was asked makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// It is not in the state that this needs.
    #[error("{0}")]
    Conflict(String),
    /// A quota would be exceeded.
    #[error("{0}")]
    OverQuota(String),
    /// It can't be done at the moment; the same call may succeed later.
    #[error("{service} is unavailable")]
    Unavailable {
        /// Who could not answer: a service, a host, an engine.
        service: &'static str,
        /// For the log only.
        detail: String,
    },
}

impl CallError {
    /// An error for which `detail` goes to the log and the user is told only who is unavailable.
    pub fn unavailable(service: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Unavailable { service, detail: detail.to_string() }
    }
}

/// The outcome of a call between services.
pub type CallResult<T> = Result<T, CallError>;
