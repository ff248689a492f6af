//! Proving who one is. What is wrong is never told: a missing user, a wrong password, a disabled account and a locked one
//! are answered in the same words and, as far as it can be, after the same time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contracts::identity::TokenError;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::request::{ApplicationMethod, Domain, Identity, PasswordMethod, TokenMethod, User};
use crate::{
    Keystone, application,
    directory::{ProjectFacts, UserFacts},
    error::Error,
    model::application_credential,
    token::{Place, Token},
};

/// Who somebody has proved to be.
#[derive(Default)]
pub(super) struct Proved {
    pub(super) user: Option<Arc<UserFacts>>,
    pub(super) methods: Vec<String>,
    /// The token that it was proved by.
    pub(super) token: Option<Arc<Token>>,
    /// The application credential, and the project that it is for.
    pub(super) application: Option<(String, String)>,
}

impl Proved {
    /// The end of what it was proved by.
    pub(super) fn not_after(&self) -> Option<DateTime<Utc>> {
        self.token.as_ref().map(|token| token.payload.expires_at)
    }

    fn is(&mut self, user: Arc<UserFacts>) -> Result<(), Error> {
        match &self.user {
            Some(known) if known.row.id != user.row.id => Err(Error::Unauthorized),
            _ => {
                self.user = Some(user);
                Ok(())
            }
        }
    }
}

/// Goes through all methods that the request names; all must prove the same user.
pub(super) async fn prove(keystone: &Keystone, identity: &Identity) -> Result<Proved, Error> {
    let mut proved = Proved::default();
    let mut named: Vec<&str> = Vec::new();
    for method in &identity.methods {
        if !named.contains(&method.as_str()) {
            named.push(method);
        }
    }
    for method in &named {
        let given = match *method {
            "password" => identity.password.is_some(),
            "token" => identity.token.is_some(),
            "application_credential" => identity.application_credential.is_some(),
            _ => {
                return Err(Error::UnauthorizedBecause(
                    "Attempted to authenticate with an unsupported method.".into(),
                ));
            }
        };
        if !given {
            return Err(expected(method, "identity"));
        }
    }
    if named.is_empty() {
        return Err(Error::Unauthorized);
    }
    if named.contains(&"password")
        && let Some(method) = &identity.password
    {
        proved.is(by_password(keystone, method).await?)?;
    }
    if named.contains(&"token")
        && let Some(method) = &identity.token
    {
        by_token(keystone, method, &mut proved).await?;
    }
    if named.contains(&"application_credential")
        && let Some(method) = &identity.application_credential
    {
        let (user, credential) = by_application(keystone, method).await?;
        proved.is(user)?;
        proved.application = Some((credential.row.id, credential.row.project_id));
    }
    proved.methods.extend(named.into_iter().map(str::to_owned));
    Ok(proved)
}

/// 400: something is missing in the request.
pub(super) fn expected(attribute: &str, target: &str) -> Error {
    Error::Invalid(format!(
        "Expecting to find {attribute} in {target}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error."
    ))
}

async fn by_password(keystone: &Keystone, method: &PasswordMethod) -> Result<Arc<UserFacts>, Error> {
    let password = method.user.password.as_deref().ok_or_else(|| expected("password", "user"))?;
    let user = find_user(keystone, &method.user).await?;
    let stored = user.as_ref().and_then(|user| user.row.password_hash.as_deref());
    let id = user.as_ref().map_or("", |user| user.row.id.as_str());
    let right = keystone.passwords.check(id, stored, password).await?;
    let Some(user) = user else { return Err(Error::Unauthorized) };
    // A locked account is refused before anything is learnt from the password.
    if keystone.is_locked(&user.row).await? {
        return Err(Error::Unauthorized);
    }
    keystone.note_login(&user.row, right).await?;
    if !right || !user.active() {
        return Err(Error::Unauthorized);
    }
    if user.row.password_expires_at.is_some_and(|end| end <= Utc::now()) {
        return Err(Error::UnauthorizedBecause(format!(
            "The password is expired and needs to be changed for user: {}.",
            user.row.id
        )));
    }
    Ok(user)
}

async fn by_token(keystone: &Keystone, method: &TokenMethod, proved: &mut Proved) -> Result<(), Error> {
    // As Keystone answers: what is no token (any more) is not found.
    let token = keystone.authority.token(&method.id).await.map_err(|error| match error {
        TokenError::Unavailable => Error::Inside("the token can't be checked".into()),
        TokenError::Invalid | TokenError::Expired | TokenError::Revoked => Error::NoToken,
    })?;
    let user = keystone.authority.directory.user(&token.payload.user).await?.ok_or(Error::Unauthorized)?;
    proved.is(user)?;
    proved.methods.extend(token.payload.methods().into_iter().map(str::to_owned));
    proved.token = Some(token);
    Ok(())
}

async fn by_application(
    keystone: &Keystone,
    method: &ApplicationMethod,
) -> Result<(Arc<UserFacts>, application::Credential), Error> {
    let db = keystone.db.read();
    let credential = match (&method.id, &method.name) {
        (Some(id), _) => application::find(db, id).await?,
        (None, Some(name)) => {
            let user = method.user.as_ref().ok_or_else(|| expected("user", "application credential"))?;
            let user = find_user(keystone, user).await?;
            let id = user.as_ref().map_or("", |user| user.row.id.as_str());
            let rows = application_credential::Entity::find()
                .filter(application_credential::Column::UserId.eq(id))
                .filter(application_credential::Column::Name.eq(name.as_str()))
                .all(db)
                .await?;
            application::complete(db, rows).await?.pop()
        }
        (None, None) => return Err(expected("name or ID", "application credential")),
    };
    let id = credential.as_ref().map_or("", |credential| credential.row.id.as_str());
    let stored = credential.as_ref().map(|credential| credential.row.secret_hash.as_str());
    let right = keystone.passwords.check(id, stored, &method.secret).await?;
    let credential =
        credential.filter(|credential| right && !credential.expired()).ok_or(Error::Unauthorized)?;
    let user = keystone.authority.directory.user(&credential.row.user_id).await?;
    let user = user.filter(|user| user.active()).ok_or(Error::Unauthorized)?;
    Ok((user, credential))
}

/// The user that is meant; `None` when there is none.
async fn find_user(keystone: &Keystone, user: &User) -> Result<Option<Arc<UserFacts>>, Error> {
    let directory = &keystone.authority.directory;
    match (&user.id, &user.name) {
        (Some(id), _) => Ok(directory.user(id).await?),
        (None, Some(name)) => {
            let domain = user.domain.as_ref().ok_or_else(|| expected("domain", "user"))?;
            match find_domain(keystone, domain).await? {
                Some(domain) => Ok(directory.user_named(&domain.id, name).await?),
                None => Ok(None),
            }
        }
        (None, None) => Err(expected("id or name", "user")),
    }
}

/// The domain that is meant; `None` when there is none.
pub(super) async fn find_domain(
    keystone: &Keystone,
    domain: &Domain,
) -> Result<Option<Arc<ProjectFacts>>, Error> {
    let directory = &keystone.authority.directory;
    match (&domain.id, &domain.name) {
        (Some(id), _) => Ok(directory.domain(id).await?),
        (None, Some(name)) => Ok(directory.domain_named(name).await?),
        (None, None) => Err(expected("id or name", "domain")),
    }
}

/// What a token may be exchanged for.
pub(super) fn may_exchange(keystone: &Keystone, token: &Token, wanted: &Place) -> Result<(), Error> {
    let refused = |action: &str| {
        Err(Error::Forbidden(format!("You are not authorized to perform the requested action: {action}.")))
    };
    if token.trust.is_some() {
        return refused(
            "Using trust-scoped token to create another token. Create a new trust-scoped token instead",
        );
    }
    if token.payload.place == Place::System && matches!(wanted, Place::Project(_) | Place::Domain(_)) {
        return refused(
            "Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.",
        );
    }
    if token.is_delegated() {
        return refused("Using a delegated token to create another token is not allowed.");
    }
    if !keystone.config.allow_rescope_scoped_token && token.payload.place != Place::Unscoped {
        return refused("rescope a scoped token");
    }
    Ok(())
}
