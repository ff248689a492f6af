//! Tokens: what is in one ([`payload`]), what is known of one ([`Token`]), how one is shown ([`view`]).

pub(crate) mod payload;
pub(crate) mod view;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contracts::identity::Caller;

pub(crate) use payload::{Payload, Place};

/// A token that was checked, with all that is shown of it.
#[derive(Debug)]
pub(crate) struct Token {
    /// What stood in it.
    pub(crate) payload: Payload,
    /// Who the bearer is.
    pub(crate) caller: Arc<Caller>,
    /// When the user's password expires.
    pub(crate) password_expires_at: Option<DateTime<Utc>>,
    /// Whether the project of its scope is a domain.
    pub(crate) is_domain: bool,
    /// The application credential by which it was got.
    pub(crate) application: Option<Application>,
    /// The trust by which it was got.
    pub(crate) trust: Option<Trusted>,
    /// The state of the directory that this was read from.
    pub(crate) generation: u64,
}

/// An application credential, as a token shows it.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) unrestricted: bool,
    pub(crate) access_rules: Vec<crate::model::access_rule::Model>,
}

/// A trust, as a token shows it.
#[derive(Debug, Clone)]
pub(crate) struct Trusted {
    pub(crate) id: String,
    pub(crate) trustor: String,
    pub(crate) trustee: String,
    pub(crate) impersonation: bool,
}

impl Token {
    /// Whether it was got by something that hands on less than its user has: such a token makes no other tokens and no
    /// credentials.
    pub(crate) fn is_delegated(&self) -> bool {
        self.trust.is_some()
            || self
                .payload
                .methods()
                .iter()
                .any(|method| !matches!(*method, "password" | "token" | "totp" | "external"))
    }
}
