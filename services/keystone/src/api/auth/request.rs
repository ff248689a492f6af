//! What is sent to get a token.

use platform::Body;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize, Body)]
#[body(wrap = "auth", open)]
pub(super) struct Auth {
    pub(super) identity: Identity,
    pub(super) scope: Option<Scope>,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct Identity {
    pub(super) methods: Vec<String>,
    pub(super) password: Option<PasswordMethod>,
    pub(super) token: Option<TokenMethod>,
    pub(super) application_credential: Option<ApplicationMethod>,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct PasswordMethod {
    pub(super) user: User,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct User {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) domain: Option<Domain>,
    pub(super) password: Option<String>,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct Domain {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct TokenMethod {
    pub(super) id: String,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct ApplicationMethod {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) user: Option<User>,
    pub(super) secret: String,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct Scope {
    pub(super) project: Option<Project>,
    pub(super) domain: Option<Domain>,
    pub(super) system: Option<System>,
    pub(super) unscoped: Option<Map<String, Value>>,
    #[serde(rename = "OS-TRUST:trust")]
    pub(super) trust: Option<Trust>,
}

impl Scope {
    /// How many scopes it names: one is right.
    pub(super) fn named(&self) -> usize {
        [
            self.project.is_some(),
            self.domain.is_some(),
            self.system.is_some(),
            self.unscoped.is_some(),
            self.trust.is_some(),
        ]
        .into_iter()
        .filter(|named| *named)
        .count()
    }
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct Project {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) domain: Option<Domain>,
}

#[derive(Deserialize, Body)]
pub(super) struct System {
    pub(super) all: bool,
}

#[derive(Deserialize, Body)]
#[body(open)]
pub(super) struct Trust {
    pub(super) id: String,
}
