//! `/v3/users/{user_id}/application_credentials`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Cx,
    access_rules::{self, GivenRule},
    bearer::Bearer,
    guard::{Guard, forbidden},
    listing::{Listing, no_content},
};
use crate::{
    Keystone, application,
    error::Error,
    ids::{new_id, new_secret, now, read_time},
    model::{
        application_credential, application_credential_access_rule, application_credential_role, end::End,
    },
    roles::RoleBook,
};

pub(super) fn routes() -> Routes<Keystone> {
    const ALL: &str = "/v3/users/{user_id}/application_credentials";
    const ONE: &str = "/v3/users/{user_id}/application_credentials/{application_credential_id}";
    Routes::new()
        .get(ALL, "identity:list_application_credentials", list)
        .post(ALL, "identity:create_application_credential", create)
        .get(ONE, "identity:get_application_credential", show)
        .delete(ONE, "identity:delete_application_credential", delete)
}

#[derive(Deserialize, Wire)]
#[body(wrap = "application_credential", open)]
struct CreateCredential {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: String,
    #[body(min = 1, max = 255)]
    secret: Option<String>,
    description: Option<String>,
    expires_at: Option<String>,
    roles: Option<Vec<GivenRole>>,
    unrestricted: Option<bool>,
    access_rules: Option<Vec<GivenRule>>,
}

/// A role by id or by name.
#[derive(Deserialize, Wire)]
#[body(open)]
pub(super) struct GivenRole {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

impl GivenRole {
    /// The id of the role that is meant.
    pub(super) fn find(&self, book: &RoleBook) -> Result<String, Error> {
        match (&self.id, &self.name) {
            (Some(id), _) if book.roles.contains_key(id) => Ok(id.clone()),
            (Some(id), _) => Err(Error::missing("role", id.as_str())),
            (None, Some(name)) => {
                let named = book.roles.values().find(|role| role.name == *name && role.domain_id.is_empty());
                Ok(named.ok_or_else(|| Error::missing("role", name.as_str()))?.id.clone())
            }
            (None, None) => Err(Error::Invalid("A role is named by its id or its name.".into())),
        }
    }
}

fn view(cx: &Cx, credential: &application::Credential, book: &RoleBook) -> Value {
    let row = &credential.row;
    let roles: Vec<Value> = credential
        .roles
        .iter()
        .filter_map(|id| book.roles.get(id))
        .map(|role| {
            let domain = (!role.domain_id.is_empty()).then_some(&role.domain_id);
            json!({"id": role.id, "name": role.name, "domain_id": domain})
        })
        .collect();
    let mut shown = json!({
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "project_id": row.project_id,
        "expires_at": row.expires_at.map(|end| end.time().format("%Y-%m-%dT%H:%M:%S%.6f").to_string()),
        "unrestricted": row.unrestricted,
        "roles": roles,
        "links": {"self": cx.link(&format!("/v3/users/{}/application_credentials/{}", row.user_id, row.id))},
    });
    if !credential.access_rules.is_empty() {
        shown["access_rules"] = credential.access_rules.iter().map(access_rules::brief).collect();
    }
    shown
}

async fn list(cx: Cx, bearer: Bearer, Path(user): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none().with("user_id", user.as_str()))?;
    not_delegated(&bearer)?;
    let db = cx.service.db.read();
    let mut select = application_credential::Entity::find()
        .filter(application_credential::Column::UserId.eq(user.as_str()));
    if let Some(name) = listing.query.get("name") {
        select = select.filter(application_credential::Column::Name.eq(name));
    }
    let all = application::complete(db, select.all(db).await?).await?;
    let book = cx.service.authority.directory.book().await?;
    let views: Vec<Value> = all.iter().map(|one| view(&cx, one, &book)).collect();
    listing.answer(&cx, "application_credentials", &views, None)
}

/// Reading with an application credential is fine; with a trust or an EC2 signature it is not.
fn not_delegated(bearer: &Bearer) -> Result<(), Fault> {
    match &bearer.0.application {
        Some(_) => Ok(()),
        None => bearer.primary("Cannot manage application credentials with a token issued via delegation."),
    }
}

/// The credential, if it is there, belongs to the user in the path, and this may be done to it. Whose it is stands in the
/// row, not in the path.
async fn found(cx: &Cx, user: &str, id: &str) -> Result<application::Credential, Fault> {
    let credential = application::find(cx.service.db.read(), id).await?;
    let owner = credential.as_ref().map_or(user, |credential| credential.row.user_id.as_str());
    cx.permit(&Target::none().with("user_id", owner.to_owned()))?;
    let credential = credential.filter(|credential| credential.row.user_id == user);
    Ok(credential.ok_or_else(|| Error::missing("Application Credential", id))?)
}

async fn show(cx: Cx, bearer: Bearer, Path((user, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let credential = found(&cx, &user, &id).await?;
    not_delegated(&bearer)?;
    let book = cx.service.authority.directory.book().await?;
    json(StatusCode::OK, &json!({"application_credential": view(&cx, &credential, &book)}))
}

async fn create(
    cx: Cx,
    bearer: Bearer,
    Path(user): Path<String>,
    body: Body<CreateCredential>,
) -> Result<Response, Fault> {
    cx.permit(&Target::none().with("user_id", user.as_str()))?;
    bearer.unrestricted()?;
    if cx.caller.user.id != user {
        return Err(forbidden("Cannot create an application credential for another user."));
    }
    let Some(project) = cx.caller.project_id() else {
        return Err(forbidden("An application credential is made with a project-scoped token."));
    };
    let body = body.0;
    let keystone = &cx.service;
    let book = keystone.authority.directory.book().await?;
    let roles = roles(&cx, &book, body.roles.as_deref().unwrap_or_default())?;
    let expires_at = expiry(body.expires_at.as_deref())?;
    let secret = body.secret.unwrap_or_else(new_secret);
    let row = application_credential::Model {
        id: new_id(),
        user_id: user.clone(),
        project_id: project.to_owned(),
        name: body.name.trim().to_owned(),
        description: body.description,
        secret_hash: keystone.passwords.hash(&secret).await?,
        // What is made by a credential is no freer than it.
        unrestricted: body.unrestricted.unwrap_or(false),
        expires_at,
        created_at: now(),
    };
    let mut tx = keystone.change().await?;
    let limit = keystone.config.application_credential_limit;
    if let Ok(limit) = u64::try_from(limit) {
        let held = application_credential::Entity::find()
            .filter(application_credential::Column::UserId.eq(user.as_str()))
            .count(tx.db())
            .await?;
        if held >= limit {
            return Err(Fault::forbidden(format!(
                "Unable to create additional application credentials, maximum of {limit} already exceeded for user."
            )));
        }
    }
    application_credential::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| {
            Error::of_write(error, || {
                let text = format!("Duplicate entry found with name {} for user {user}", row.name);
                Error::Duplicate("application_credential", text)
            })
        })?;
    application_credential_role::Entity::insert_many(roles.iter().map(|role| {
        application_credential_role::ActiveModel {
            application_credential_id: Set(row.id.clone()),
            role_id: Set(role.clone()),
        }
    }))
    .exec_without_returning(tx.db())
    .await?;
    let rules = access_rules::ensure(&tx, &user, body.access_rules.as_deref().unwrap_or_default()).await?;
    if !rules.is_empty() {
        application_credential_access_rule::Entity::insert_many(rules.iter().map(|rule| {
            application_credential_access_rule::ActiveModel {
                application_credential_id: Set(row.id.clone()),
                access_rule_id: Set(rule.id.clone()),
            }
        }))
        .exec_without_returning(tx.db())
        .await?;
    }
    tx.emit(cx.event("identity.application_credential.created", &row.id));
    tx.commit().await?;
    let mut shown = view(&cx, &application::Credential { row, roles, access_rules: rules }, &book);
    shown["secret"] = secret.into();
    json(StatusCode::CREATED, &json!({"application_credential": shown}))
}

/// The roles to be handed on: those named with what they imply, else all of the token's; none that the token lacks.
fn roles(cx: &Cx, book: &RoleBook, given: &[GivenRole]) -> Result<Vec<String>, Fault> {
    let held: Vec<&str> = cx.caller.roles.iter().map(|role| role.id.as_str()).collect();
    if given.is_empty() {
        return Ok(held.into_iter().map(str::to_owned).collect());
    }
    let named: Vec<String> = given.iter().map(|role| role.find(book)).collect::<Result<_, _>>()?;
    let all: Vec<String> = book.closure(named).into_iter().collect();
    if all.iter().any(|id| !held.contains(&id.as_str())) {
        return Err(Fault::bad_request(
            "Invalid application credential: Cannot create an application credential with unassigned role",
        ));
    }
    Ok(all)
}

/// A moment to come.
pub(super) fn expiry(text: Option<&str>) -> Result<Option<End>, Error> {
    let Some(text) = text else { return Ok(None) };
    let end = read_time(text).ok_or_else(|| {
        Error::Invalid(format!(
            "The 'expires_at' must not be before now and be a timestamp in ISO 8601 format: {}",
            text.chars().take(64).collect::<String>()
        ))
    })?;
    if end <= chrono::Utc::now() {
        return Err(Error::Invalid("The 'expires_at' must not be before now. The server could not comply with the request since it is either malformed or otherwise incorrect.".into()));
    }
    Ok(Some(end.into()))
}

async fn delete(cx: Cx, bearer: Bearer, Path((user, id)): Path<(String, String)>) -> Result<Response, Fault> {
    found(&cx, &user, &id).await?;
    bearer.unrestricted()?;
    let mut tx = cx.service.change().await?;
    application_credential::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.application_credential.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
