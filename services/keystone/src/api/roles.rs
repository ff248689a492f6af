//! `/v3/roles`. A role of a domain is a group of other roles: its rules are those with `domain` in their names.

use axum::{extract::Path, response::Response};
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
    Cx, extra,
    guard::{Guard, about_role, forbidden},
    listing::{Links, Listing, last, no_content},
};
use crate::{Keystone, error::Error, ids::new_id, model::role};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/roles", "identity:list_roles", list)
        .list(&SPEC)
        .post("/v3/roles", "identity:create_role", create)
        .get("/v3/roles/{role_id}", "identity:get_role", show)
        .patch("/v3/roles/{role_id}", "identity:update_role", update)
        .delete("/v3/roles/{role_id}", "identity:delete_role", delete)
}

static SPEC: ListSpec<role::Entity> = ListSpec {
    id: role::Column::Id,
    id_kind: Kind::Text,
    filters: &[("name", role::Column::Name, Kind::Text), ("domain_id", role::Column::DomainId, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "role", open)]
struct CreateRole {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: String,
    #[body(min = 1, max = 64)]
    domain_id: Option<String>,
    description: Option<String>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "role", open)]
struct UpdateRole {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: Option<String>,
    #[serde(default)]
    domain_id: Patch<String>,
    #[serde(default)]
    description: Patch<String>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// A role as it is shown.
#[derive(Debug, View)]
pub(super) struct RoleView {
    id: String,
    name: String,
    domain_id: Option<String>,
    description: Option<String>,
    options: Value,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl RoleView {
    pub(super) fn of(cx: &Cx, row: role::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("roles/{}", row.id)),
            id: row.id,
            name: row.name,
            domain_id: (!row.domain_id.is_empty()).then_some(row.domain_id),
            description: row.description,
            options: row.options,
            extra: extra::shown(row.extra),
        }
    }
}

/// The rule that decides: that of the route, or its sibling for roles of a domain.
fn permit(cx: &Cx, of_domain: bool, target: &Target<'_>) -> Result<(), Fault> {
    if !of_domain {
        return cx.permit(target);
    }
    let rule = cx.route.policy.unwrap_or_default().replace("_role", "_domain_role");
    cx.allow_rule(&rule, target).map_err(|_| forbidden(&rule))
}

async fn found(cx: &Cx, id: &str) -> Result<role::Model, Fault> {
    match role::Entity::find_by_id(id).one(cx.service.db.read()).await? {
        Some(row) => {
            permit(cx, !row.domain_id.is_empty(), &about_role(&row))?;
            Ok(row)
        }
        None => {
            cx.permit(&Target::none())?;
            Err(Error::missing("role", id).into())
        }
    }
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    let domain = listing.query.get("domain_id").filter(|domain| !domain.is_empty());
    permit(&cx, domain.is_some(), &Target::none())?;
    let mut select = role::Entity::find();
    if domain.is_none() {
        select = select.filter(role::Column::DomainId.eq(""));
    }
    let page = listing.page(&cx, select, &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<RoleView> = page.items.into_iter().map(|row| RoleView::of(&cx, row)).collect();
    listing.answer(&cx, "roles", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "role", &RoleView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreateRole>) -> Result<Response, Fault> {
    let body = body.0;
    permit(&cx, body.domain_id.is_some(), &Target::none())?;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    if let Some(domain) = &body.domain_id
        && cx.service.authority.directory.domain(domain).await?.is_none()
    {
        return Err(Error::missing("domain", domain).into());
    }
    let row = role::Model {
        id: new_id(),
        name: body.name.trim().to_owned(),
        domain_id: body.domain_id.unwrap_or_default(),
        description: body.description,
        options: extra::options(&Value::Null, body.options),
        extra: extra::kept(body.extra),
    };
    let mut tx = cx.service.change().await?;
    role::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("role", &row.name, &row.domain_id)))?;
    tx.emit(cx.event("identity.role.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "role", &RoleView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateRole>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "role", &id)?;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    extra::may_update("role", &id, &row.options, body.options.as_ref())?;
    if body.domain_id.given().is_some_and(|domain| domain.unwrap_or_default() != row.domain_id) {
        return Err(Fault::bad_request("Cannot change Domain ID"));
    }
    row.name = body.name.map_or(row.name, |name| name.trim().to_owned());
    if let Some(description) = body.description.given() {
        row.description = description;
    }
    row.options = extra::options(&row.options, body.options);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    role::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("role", &row.name, &row.domain_id)))?;
    tx.emit(cx.event("identity.role.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "role", &RoleView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    extra::may_delete("role", &id, &row.options)?;
    let mut tx = cx.service.change().await?;
    role::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.role.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
