//! What a request is answered when it can't be done.

use std::{borrow::Cow, fmt};

use axum::response::{IntoResponse, Response};
use contracts::CallError;
use http::{HeaderName, HeaderValue, StatusCode};
use sea_orm::DbErr;

use crate::wire::schema::BodyError;

/// A fault: answered in the envelope of the service (see [`super::Envelope`]).
///
/// `message` is shown to whoever asked. What is wrong inside goes to the log by [`Fault::internal`] and is never shown.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The status.
    pub status: StatusCode,
    /// What the service calls it, where the envelope has a place for that (`NetworkNotFound`, `placement.concurrent_update`).
    pub name: Option<Cow<'static, str>>,
    /// For whoever asked.
    pub message: String,
    /// Headers besides.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl Fault {
    /// Of that status, with that message.
    pub fn new(status: StatusCode, message: impl fmt::Display) -> Self {
        Self { status, name: None, message: message.to_string(), headers: Vec::new() }
    }
    /// 400
    pub fn bad_request(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
    /// 401, in the words of Keystone's middleware.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The request you have made requires authentication.")
    }
    /// 403
    pub fn forbidden(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }
    /// 404
    pub fn not_found(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }
    /// 409
    pub fn conflict(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }
    /// 413
    pub fn too_large(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }
    /// 503: the same request may succeed later.
    pub fn unavailable(message: impl fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }
    /// 500: a bug of ours. The error goes to the log, with the request id of the current span, and nothing of it out.
    pub fn internal(error: impl fmt::Display) -> Self {
        tracing::error!(%error, "internal error");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Unexpected API Error. The log has it under this request's id.",
        )
    }
    /// The words that go with its status.
    pub fn title(&self) -> &'static str {
        match self.status {
            StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
            status => status.canonical_reason().unwrap_or("Error"),
        }
    }
    /// Names it.
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }
    /// With a header besides.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Travels beside the response to the edge, where the envelope is known.
#[derive(Clone)]
pub(super) struct Unrendered(pub(super) Fault);

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(Unrendered(self));
        response
    }
}

impl From<DbErr> for Fault {
    fn from(error: DbErr) -> Self {
        if crate::db::is_duplicate(&error) {
            return Self::conflict("It exists already, or was made by another request at the same time.");
        }
        Self::internal(error)
    }
}

impl From<BodyError> for Fault {
    fn from(error: BodyError) -> Self {
        Self::bad_request(error)
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        match &error {
            CallError::NotFound(_) => Self::not_found(&error),
            CallError::Forbidden(_) => Self::forbidden(&error),
            CallError::Invalid(_) => Self::bad_request(&error),
            CallError::Conflict(_) => Self::conflict(&error),
            CallError::OverQuota(_) => Self::forbidden(&error),
            CallError::Unavailable { service, detail } => {
                tracing::warn!(service, detail, "a service did not answer");
                Self::unavailable(&error)
            }
        }
    }
}

/// For `?` on serialisation, which fails only by a bug.
impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(error)
    }
}
