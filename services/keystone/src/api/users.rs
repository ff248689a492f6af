//! `/v3/users`.

use axum::{extract::Path, response::Response};
use chrono::{TimeDelta, Utc};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
    wire::Patch,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx,
    auth::list_projects_of,
    extra,
    groups::{self, GroupView},
    guard::{Guard, about_list, about_user},
    listing::{Links, Listing, last, no_content},
};
use crate::{
    Keystone, deletion,
    error::Error,
    ids::{new_id, now, stamp},
    model::{group, membership, user},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/users", "identity:list_users", list)
        .list(&SPEC)
        .post("/v3/users", "identity:create_user", create)
        .get("/v3/users/{user_id}", "identity:get_user", show)
        .patch("/v3/users/{user_id}", "identity:update_user", update)
        .delete("/v3/users/{user_id}", "identity:delete_user", delete)
        .get("/v3/users/{user_id}/groups", "identity:list_groups_for_user", list_groups)
        .get("/v3/users/{user_id}/projects", "identity:list_user_projects", list_projects)
}

static SPEC: ListSpec<user::Entity> = ListSpec {
    id: user::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("domain_id", user::Column::DomainId, Kind::Text),
        ("name", user::Column::Name, Kind::Text),
        ("enabled", user::Column::Enabled, Kind::Bool),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

const OPTIONS: &[&str] = &[
    "ignore_change_password_upon_first_use",
    "ignore_password_expiry",
    "ignore_lockout_failure_attempts",
    "lock_password",
    "ignore_user_inactivity",
    "multi_factor_auth_rules",
    "multi_factor_auth_enabled",
];

fn yes() -> bool {
    true
}

#[derive(Deserialize, Wire)]
#[body(wrap = "user", open)]
struct CreateUser {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: String,
    #[body(min = 1, max = 64)]
    domain_id: Option<String>,
    password: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    default_project_id: Option<String>,
    description: Option<String>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "user", open)]
struct UpdateUser {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: Option<String>,
    domain_id: Option<String>,
    password: Option<String>,
    enabled: Option<bool>,
    #[serde(default)]
    default_project_id: Patch<String>,
    #[serde(default)]
    description: Patch<String>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(View)]
struct UserView {
    id: String,
    name: String,
    domain_id: String,
    enabled: bool,
    #[view(skip_none)]
    default_project_id: Option<String>,
    #[view(skip_none)]
    description: Option<String>,
    password_expires_at: Option<String>,
    options: Value,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl UserView {
    fn of(cx: &Cx, row: user::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("users/{}", row.id)),
            id: row.id,
            name: row.name,
            domain_id: row.domain_id,
            enabled: row.enabled,
            default_project_id: row.default_project_id,
            description: row.description,
            password_expires_at: row.password_expires_at.map(stamp),
            options: row.options,
            extra: extra::shown(row.extra),
        }
    }
}

/// The user, if it is there and this may be done to it.
async fn found(cx: &Cx, id: &str) -> Result<user::Model, Fault> {
    let row = user::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, about_user, "user", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about_list(&cx))?;
    let mut select = user::Entity::find();
    if let Some(domain) = cx.domain_scope() {
        select = select.filter(user::Column::DomainId.eq(domain));
    }
    answer_users(&cx, &listing, select).await
}

/// Answers a page of users.
pub(super) async fn answer_users(
    cx: &Cx,
    listing: &Listing,
    select: sea_orm::Select<user::Entity>,
) -> Result<Response, Fault> {
    let page = listing.page(cx, select, &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<UserView> = page.items.into_iter().map(|row| UserView::of(cx, row)).collect();
    listing.answer(cx, "users", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "user", &UserView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreateUser>) -> Result<Response, Fault> {
    let body = body.0;
    let domain = body.domain_id.unwrap_or_else(|| cx.default_domain());
    cx.permit(&Target::none().with("target.user.domain_id", domain.as_str()))?;
    extra::known_options(body.options.as_ref(), OPTIONS)?;
    let keystone = &cx.service;
    if keystone.authority.directory.domain(&domain).await?.is_none() {
        return Err(Error::missing("domain", domain).into());
    }
    check_default_project(keystone, body.default_project_id.as_deref()).await?;
    let hash = match &body.password {
        Some(password) => {
            keystone.passwords.allowed(password)?;
            Some(keystone.passwords.hash(password).await?)
        }
        None => None,
    };
    let options = extra::options(&Value::Null, body.options);
    let mut row = user::Model {
        id: new_id(),
        domain_id: domain,
        name: body.name.trim().to_owned(),
        enabled: body.enabled,
        default_project_id: body.default_project_id,
        description: body.description,
        password_created_at: hash.as_ref().map(|_| now()),
        password_expires_at: None,
        password_hash: hash,
        options,
        extra: extra::kept(body.extra),
        created_at: now(),
    };
    row.password_expires_at =
        row.password_hash.as_ref().and_then(|_| keystone.password_end(&row.options, true));
    let mut tx = keystone.change().await?;
    user::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("user", &row.name, &row.domain_id)))?;
    tx.emit(cx.event("identity.user.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "user", &UserView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateUser>) -> Result<Response, Fault> {
    let before = found(&cx, &id).await?;
    let body = body.0;
    let keystone = &cx.service;
    extra::same_id(&body.extra, "user", &id)?;
    extra::known_options(body.options.as_ref(), OPTIONS)?;
    if body.domain_id.is_some_and(|domain| domain != before.domain_id) {
        return Err(Fault::bad_request("Cannot change Domain ID"));
    }
    let mut row = before.clone();
    row.name = body.name.map_or(row.name, |name| name.trim().to_owned());
    row.enabled = body.enabled.unwrap_or(row.enabled);
    if let Some(project) = body.default_project_id.given() {
        check_default_project(keystone, project.as_deref()).await?;
        row.default_project_id = project;
    }
    if let Some(description) = body.description.given() {
        row.description = description;
    }
    row.options = extra::options(&row.options, body.options);
    row.extra = extra::merged(&row.extra, body.extra);
    if let Some(password) = &body.password {
        keystone.passwords.allowed(password)?;
        row.password_hash = Some(keystone.passwords.hash(password).await?);
        row.password_created_at = Some(now());
        row.password_expires_at = keystone.password_end(&row.options, true);
    }
    let voids = body.password.is_some() || (before.enabled && !row.enabled);
    let mut tx = keystone.change().await?;
    user::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("user", &row.name, &row.domain_id)))?;
    if voids {
        keystone.authority.void(tx.db(), format!("user:{id}")).await?;
    }
    if body.password.is_some() {
        keystone.remember_password(&tx, &before).await?;
    }
    tx.emit(cx.event("identity.user.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "user", &UserView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    deletion::users(&cx.service.authority, &tx, std::slice::from_ref(&id)).await?;
    tx.emit(cx.event("identity.user.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}

async fn list_groups(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let of = membership::Entity::find().filter(membership::Column::UserId.eq(id.as_str()));
    let ids = of.all(cx.service.db.read()).await?.into_iter().map(|row| row.group_id);
    let mut select = group::Entity::find().filter(group::Column::Id.is_in(ids));
    if let Some(domain) = cx.domain_scope() {
        select = select.filter(group::Column::DomainId.eq(domain));
    }
    let page = listing.page(&cx, select, &groups::SPEC).await?;
    let views: Vec<GroupView> = page.items.into_iter().map(|row| GroupView::of(&cx, row)).collect();
    listing.answer(&cx, "groups", &views, None)
}

async fn list_projects(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    list_projects_of(&cx, &listing, &id).await
}

/// A default project may be any project, but no domain.
async fn check_default_project(keystone: &Keystone, id: Option<&str>) -> Result<(), Fault> {
    let Some(id) = id else { return Ok(()) };
    match keystone.authority.directory.project(id).await? {
        Some(project) if project.is_domain => {
            Err(Fault::bad_request(format!("User's default project ID cannot be a domain ID: {id}")))
        }
        _ => Ok(()),
    }
}

impl Keystone {
    /// When a password that is set now expires. One that an administrator chose may have to be changed at first use.
    pub(super) fn password_end(
        &self,
        options: &Value,
        by_administrator: bool,
    ) -> Option<chrono::DateTime<Utc>> {
        let option = |name: &str| options.get(name) == Some(&Value::Bool(true));
        if by_administrator
            && self.config.change_password_upon_first_use
            && !option("ignore_change_password_upon_first_use")
        {
            return Some(now());
        }
        let days = self.config.password_expires_days;
        (days > 0 && !option("ignore_password_expiry")).then(|| now() + TimeDelta::days(days.into()))
    }
}
