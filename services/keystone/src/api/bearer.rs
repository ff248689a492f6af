//! The whole token of a request, for what the caller alone does not tell: whether it was delegated.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use platform::http::Fault;

use super::guard::forbidden;
use crate::{Keystone, token::Token};

/// The token of the request. It was checked with the caller; this finds it in memory.
pub(super) struct Bearer(pub(super) Arc<Token>);

impl FromRequestParts<Arc<Keystone>> for Bearer {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, keystone: &Arc<Keystone>) -> Result<Self, Fault> {
        let text = parts.headers.get("x-auth-token").and_then(|value| value.to_str().ok());
        let text = text.ok_or_else(Fault::unauthorized)?;
        Ok(Self(keystone.authority.token(text).await.map_err(|_| Fault::unauthorized())?))
    }
}

impl Bearer {
    /// The token was got by its user itself, not by something that hands on less than the user has.
    pub(super) fn primary(&self, action: &str) -> Result<(), Fault> {
        if self.0.is_delegated() { Err(forbidden(action)) } else { Ok(()) }
    }

    /// The token may manage application credentials: a primary one, or that of an application credential without
    /// restriction. Others would make what outlives them.
    pub(super) fn unrestricted(&self) -> Result<(), Fault> {
        match &self.0.application {
            Some(application) if application.unrestricted => Ok(()),
            Some(_) => Err(forbidden(
                "Using method 'application_credential' is not allowed for managing additional application credentials.",
            )),
            None => self.primary("Cannot manage application credentials with a token issued via delegation."),
        }
    }
}
