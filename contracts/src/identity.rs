//! What every service asks of Keystone: who is calling, and what is in the catalog.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::CallResult;

/// An id and a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The id, as Keystone gives it (32 hexadecimal digits, or `default`).
    pub id: String,
    /// The name at the time the token was checked.
    pub name: String,
}

/// A user or project, with the domain that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InDomain {
    /// The id.
    pub id: String,
    /// The name at the time the token was checked.
    pub name: String,
    /// Its domain.
    pub domain: Named,
}

/// What a token was issued for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Nothing yet: good for finding out where one may go.
    Unscoped,
    /// A project.
    Project(InDomain),
    /// A domain.
    Domain(Named),
    /// The whole cloud.
    System,
}

/// Who is calling, as proved by a token. Made by Keystone only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Caller {
    /// The user.
    pub user: InDomain,
    /// What the token is good for.
    pub scope: Scope,
    /// Roles in that scope, implied ones included.
    pub roles: Vec<Named>,
    /// Whether the scope's project is `admin_project` (kept for policies that still ask).
    pub is_admin_project: bool,
    /// When the token expires.
    pub expires_at: DateTime<Utc>,
    /// When the token was issued.
    pub issued_at: DateTime<Utc>,
    /// How the user proved who it is (`password`, `token`, `application_credential`).
    pub methods: Vec<String>,
    /// The token's audit ids: its own, then that of the first of its chain.
    pub audit_ids: Vec<String>,
    /// The application credential that was used, if any.
    pub application_credential: Option<String>,
}

impl Caller {
    /// The project of a project-scoped token.
    pub fn project_id(&self) -> Option<&str> {
        match &self.scope {
            Scope::Project(project) => Some(&project.id),
            _ => None,
        }
    }

    /// Whether the caller holds the role of that name (names of roles are compared without case, as oslo.policy does).
    pub fn has_role(&self, name: &str) -> bool {
        self.roles.iter().any(|role| role.name.eq_ignore_ascii_case(name))
    }
}

/// Why a token was refused. All are answered with 401, alike.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It can't be read, was tampered with, or is of another cloud.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// It, its user, its project or a role of it is no more.
    #[error("the token was revoked")]
    Revoked,
    /// Keystone can't tell at the moment.
    #[error("identity is unavailable")]
    Unavailable,
}

/// Checks tokens. On the hot path of every request: no query to a database when the token was seen lately.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Who the bearer of the token is. A token that is good for some requests only (an application credential's with
    /// access rules) is refused: see [`Tokens::validate_for`].
    async fn validate(&self, token: &str) -> Result<Arc<Caller>, TokenError>;

    /// Who the bearer of the token is, for this request to the service of that type.
    async fn validate_for(
        &self,
        token: &str,
        _service_type: &str,
        _method: &str,
        _path: &str,
    ) -> Result<Arc<Caller>, TokenError> {
        self.validate(token).await
    }
}

/// What the other services ask of Keystone besides tokens.
#[async_trait]
pub trait Identity: Tokens {
    /// The project with that id, or `None`: for quotas, image members, and the like.
    async fn project(&self, id: &str) -> CallResult<Option<InDomain>>;
}
