//! Issues tokens, checks them, revokes them.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use contracts::identity::{Caller, Named, Scope, TokenError};
use moka::Entry as Slot;
use platform::db::Database;
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};

use crate::{
    Config, application,
    directory::Directory,
    error::Error,
    ids::now,
    keys::KeyRepository,
    memory::{Entry, Memory},
    model::{end::End, revocation, trust, trust_role},
    token::{Application, Payload, Place, Token, Trusted, payload::audit_text, view},
};

/// Longer texts are no tokens of ours.
const LONGEST: usize = 1024;

/// What a token is to be issued for. Who asks has proved to be the user.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) methods: Vec<String>,
    pub(crate) place: Place,
    /// Not later than this: the end of the token that it is made from.
    pub(crate) not_after: Option<DateTime<Utc>>,
    /// The first audit id of the chain that it belongs to.
    pub(crate) chain: Option<[u8; 16]>,
    pub(crate) application_credential: Option<String>,
    pub(crate) trust: Option<String>,
}

pub(crate) struct Authority {
    pub(crate) directory: Directory,
    keys: KeyRepository,
    config: Config,
}

impl Authority {
    pub(crate) fn new(db: Database, keys: KeyRepository, config: Config) -> Self {
        Self { directory: Directory { db, memory: Memory::new() }, keys, config }
    }

    pub(crate) fn rotate_keys(&self) -> std::io::Result<()> {
        self.keys.rotate()
    }

    /// The token behind the text, checked now: its time, its user, its scope, its roles, its revocation.
    pub(crate) async fn token(&self, text: &str) -> Result<Arc<Token>, TokenError> {
        self.token_within(text, TimeDelta::zero()).await
    }

    /// The same, where it may have expired lately.
    pub(crate) async fn token_within(&self, text: &str, window: TimeDelta) -> Result<Arc<Token>, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError::Invalid);
        }
        let key = Memory::key(text);
        let memory = &self.directory.memory;
        let generation = memory.generation();
        let alive = |payload: &Payload| match payload.expires_at + window > Utc::now() {
            true => Ok(()),
            false => Err(TokenError::Expired),
        };
        match memory.tokens.get(&key) {
            Some(Entry::Void) => return Err(TokenError::Revoked),
            Some(Entry::Known(token)) if token.generation == generation => {
                alive(&token.payload)?;
                return Ok(token);
            }
            _ => {}
        }
        let bytes = self.keys.decrypt(text).ok_or(TokenError::Invalid)?;
        let payload = Payload::decode(&bytes).ok_or(TokenError::Invalid)?;
        alive(&payload)?;
        let failed = |error: DbErr| {
            tracing::error!(%error, "a token can't be checked");
            TokenError::Unavailable
        };
        if self.is_revoked(&payload).await.map_err(failed)? {
            return Err(TokenError::Revoked);
        }
        let token = self.assemble(payload, generation).await.map_err(failed)?.ok_or(TokenError::Revoked)?;
        self.remember(key, Arc::new(token))
    }

    /// Issues a token. Unauthorized when the user may not have it.
    pub(crate) async fn issue(&self, grant: Grant) -> Result<(String, Arc<Token>), Error> {
        let generation = self.directory.memory.generation();
        let issued_at = now();
        let mut expires_at = issued_at + TimeDelta::seconds(self.config.token_lifetime.into());
        if let Some(end) = grant.not_after {
            expires_at = expires_at.min(end);
        }
        let methods = grant.methods.iter().map(String::as_str);
        let mut payload = Payload::new(&grant.user, methods, grant.place, issued_at, expires_at);
        payload.chain = grant.chain;
        payload.application_credential = grant.application_credential;
        payload.trust = grant.trust;
        let token = self.assemble(payload, generation).await?.ok_or(Error::Unauthorized)?;
        let token = Arc::new(token);
        let text = token
            .payload
            .encode()
            .and_then(|bytes| self.keys.encrypt(&bytes))
            .ok_or_else(|| Error::Inside("a token can't be encrypted".into()))?;
        self.remember(Memory::key(&text), token.clone())?;
        Ok((text, token))
    }

    /// `{"token": ...}`.
    pub(crate) async fn body(&self, token: &Token, catalog: bool) -> Result<Bytes, Error> {
        let catalog = match (&token.caller.scope, catalog) {
            (Scope::Unscoped, _) | (_, false) => None,
            _ => Some(self.directory.catalog(&token.caller.user.id, token.caller.project_id()).await?),
        };
        view::body(token, catalog.as_deref()).map_err(|error| Error::Inside(error.to_string()))
    }

    /// The same for a token that is asked for by its text, which services do again and again.
    pub(crate) async fn body_of(&self, text: &str, token: &Token) -> Result<Bytes, Error> {
        let bodies = &self.directory.memory.bodies;
        let key = (token.generation, Memory::key(text));
        if let Some(known) = bodies.get(&key) {
            return Ok(known);
        }
        let body = self.body(token, true).await?;
        bodies.insert(key, body.clone());
        Ok(body)
    }

    /// Revokes one token, for good, wherever it is checked. In a task of its own, as every change (see `change`).
    pub(crate) async fn revoke(self: &Arc<Self>, text: &str, token: &Token) -> Result<(), Error> {
        let tx = self.directory.db.write().await?;
        let subject = format!("audit:{}", audit_text(&token.payload.audit));
        self.void(&*tx, subject).await?;
        let (key, authority) = (Memory::key(text), self.clone());
        let task = tokio::spawn(async move {
            let committed = tx.commit().await;
            authority.directory.memory.tokens.insert(key, Entry::Void);
            committed
        });
        Ok(task.await.map_err(|error| Error::Inside(error.to_string()))??)
    }

    /// Makes void all tokens of a subject (`user:ID`, `project:ID`, `domain:ID`, `chain:ID`) that were issued until now.
    /// The transaction is that of the change for which this is done.
    pub(crate) async fn void(&self, tx: &impl ConnectionTrait, subject: String) -> Result<(), DbErr> {
        let now = now();
        let longest = i64::from(self.config.token_lifetime) + i64::from(self.config.allow_expired_window);
        let row = revocation::ActiveModel {
            id: NotSet,
            subject: Set(subject),
            issued_before: Set(now),
            expires_at: Set(now + TimeDelta::seconds(longest) + TimeDelta::days(1)),
        };
        revocation::Entity::insert(row).exec_without_returning(tx).await?;
        Ok(())
    }

    /// Files a token under its key, unless it was revoked in the meantime.
    fn remember(&self, key: [u8; 16], token: Arc<Token>) -> Result<Arc<Token>, TokenError> {
        let kept: Slot<_, Entry> =
            self.directory.memory.tokens.entry(key).and_upsert_with(|old| match old.map(Slot::into_value) {
                Some(Entry::Void) => Entry::Void,
                _ => Entry::Known(token.clone()),
            });
        match kept.into_value() {
            Entry::Void => Err(TokenError::Revoked),
            Entry::Known(token) => Ok(token),
        }
    }

    async fn is_revoked(&self, payload: &Payload) -> Result<bool, DbErr> {
        let mut subjects = vec![
            format!("audit:{}", audit_text(&payload.audit)),
            format!("chain:{}", audit_text(&payload.root())),
            format!("user:{}", payload.user),
        ];
        match &payload.place {
            Place::Project(id) => {
                subjects.push(format!("project:{id}"));
                if let Some(project) = self.directory.project(id).await? {
                    subjects.push(format!("domain:{}", project.domain.id));
                }
            }
            Place::Domain(id) => subjects.push(format!("domain:{id}")),
            Place::Unscoped | Place::System => {}
        }
        if let Some(user) = self.directory.user(&payload.user).await? {
            subjects.push(format!("domain:{}", user.domain.id));
        }
        if let Some(trust) = &payload.trust {
            subjects.push(format!("trust:{trust}"));
        }
        let matching = revocation::Entity::find()
            .filter(revocation::Column::Subject.is_in(subjects))
            .filter(revocation::Column::IssuedBefore.gte(payload.issued_at))
            .limit(1)
            .count(self.directory.db.read())
            .await?;
        Ok(matching > 0)
    }

    /// The payload with all that it stands for today; `None` when that is not to be had any more.
    async fn assemble(&self, payload: Payload, generation: u64) -> Result<Option<Token>, DbErr> {
        let Some(user) = self.directory.user(&payload.user).await?.filter(|user| user.active()) else {
            return Ok(None);
        };
        let mut token = Token {
            caller: Arc::new(Caller {
                user: user.in_domain(),
                scope: Scope::Unscoped,
                roles: Vec::new(),
                is_admin_project: false,
                expires_at: payload.expires_at,
                issued_at: payload.issued_at,
                methods: payload.methods().into_iter().map(str::to_owned).collect(),
                audit_ids: audit_ids(&payload),
                application_credential: payload.application_credential.clone(),
            }),
            password_expires_at: user.row.password_expires_at,
            is_domain: false,
            application: None,
            trust: None,
            generation,
            payload,
        };
        let Some(scope) = self.scope(&token.payload.place).await? else { return Ok(None) };
        let roles = if token.payload.trust.is_some() {
            self.trusted_roles(&mut token).await?
        } else if token.payload.application_credential.is_some() {
            self.application_roles(&mut token).await?
        } else {
            Some(self.directory.roles(&token.payload.user, &token.payload.place).await?.to_vec())
        };
        let Some(roles) = roles else { return Ok(None) };
        if roles.is_empty() && !matches!(scope, Scope::Unscoped) {
            return Ok(None);
        }
        let caller = Arc::make_mut(&mut token.caller);
        caller.scope = scope;
        caller.roles = roles;
        Ok(Some(token))
    }

    /// The scope, if it may be used.
    async fn scope(&self, place: &Place) -> Result<Option<Scope>, DbErr> {
        Ok(match place {
            Place::Unscoped => Some(Scope::Unscoped),
            Place::System => Some(Scope::System),
            Place::Project(id) => self
                .directory
                .project(id)
                .await?
                .filter(|project| project.enabled && !project.is_domain)
                .map(|project| Scope::Project(project.in_domain())),
            Place::Domain(id) => self
                .directory
                .domain(id)
                .await?
                .filter(|domain| domain.enabled)
                .map(|domain| Scope::Domain(domain.named())),
        })
    }

    /// The roles that an application credential hands on and that its user still has.
    async fn application_roles(&self, token: &mut Token) -> Result<Option<Vec<Named>>, DbErr> {
        let Some(id) = &token.payload.application_credential else { return Ok(None) };
        let Some(credential) = application::find(self.directory.db.read(), id).await? else {
            return Ok(None);
        };
        let here = Place::Project(credential.row.project_id.clone());
        if credential.expired() || credential.row.user_id != token.payload.user || here != token.payload.place
        {
            return Ok(None);
        }
        let held = self.directory.roles(&token.payload.user, &here).await?;
        let handed_on = self.directory.book().await?.closure(credential.roles);
        token.application = Some(Application {
            id: credential.row.id,
            name: credential.row.name,
            unrestricted: credential.row.unrestricted,
            access_rules: credential.access_rules,
        });
        Ok(Some(held.iter().filter(|role| handed_on.contains(&role.id)).cloned().collect()))
    }

    /// The roles that a trust hands on, all of which the trustor must still have. Makes the caller the trustor where
    /// the trust says so.
    async fn trusted_roles(&self, token: &mut Token) -> Result<Option<Vec<Named>>, DbErr> {
        let Some(id) = &token.payload.trust else { return Ok(None) };
        let db = self.directory.db.read();
        let Some(row) = trust::Entity::find_by_id(id.as_str()).one(db).await? else { return Ok(None) };
        let over = row.deleted || row.expires_at.is_some_and(End::over);
        if over || row.trustee_user_id != token.payload.user {
            return Ok(None);
        }
        let Some(trustor) = self.directory.user(&row.trustor_user_id).await?.filter(|user| user.active())
        else {
            return Ok(None);
        };
        let here =
            if row.project_id.is_empty() { Place::Unscoped } else { Place::Project(row.project_id.clone()) };
        if here != token.payload.place {
            return Ok(None);
        }
        let handed_on: Vec<String> = trust_role::Entity::find()
            .select_only()
            .column(trust_role::Column::RoleId)
            .filter(trust_role::Column::TrustId.eq(row.id.as_str()))
            .into_tuple()
            .all(db)
            .await?;
        let held = self.directory.roles(&row.trustor_user_id, &here).await?;
        if !handed_on.iter().all(|id| held.iter().any(|role| role.id == *id)) {
            return Ok(None);
        }
        let all = self.directory.book().await?.closure(handed_on);
        if row.impersonation {
            Arc::make_mut(&mut token.caller).user = trustor.in_domain();
            token.password_expires_at = trustor.row.password_expires_at;
        }
        token.trust = Some(Trusted {
            id: row.id,
            trustor: row.trustor_user_id,
            trustee: row.trustee_user_id,
            impersonation: row.impersonation,
        });
        Ok(Some(held.iter().filter(|role| all.contains(&role.id)).cloned().collect()))
    }
}

/// Its own audit id, then the first of its chain.
fn audit_ids(payload: &Payload) -> Vec<String> {
    let mut ids = vec![audit_text(&payload.audit)];
    ids.extend(payload.chain.as_ref().map(audit_text));
    ids
}
