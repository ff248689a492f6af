//! `/v3/domains`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx, extra,
    guard::{Guard, about_list, about_project},
    listing::{Links, Listing, last, no_content},
    project_tags::check_tags,
    projects::{SPEC, Tags, tags_of},
};
use crate::{
    Keystone,
    error::Error,
    ids::new_id,
    model::project,
    places::{self, NewPlace, PlaceUpdate},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/domains", "identity:list_domains", list)
        .post("/v3/domains", "identity:create_domain", create)
        .get("/v3/domains/{domain_id}", "identity:get_domain", show)
        .patch("/v3/domains/{domain_id}", "identity:update_domain", update)
        .delete("/v3/domains/{domain_id}", "identity:delete_domain", delete)
}

fn yes() -> bool {
    true
}

#[derive(Deserialize, Wire)]
#[body(wrap = "domain", open)]
struct CreateDomain {
    #[body(min = 1, max = 64, pattern = r"\S")]
    name: String,
    #[body(pattern = "^[0-9a-f]{32}$")]
    explicit_domain_id: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "domain", open)]
struct UpdateDomain {
    #[body(min = 1, max = 64, pattern = r"\S")]
    name: Option<String>,
    enabled: Option<bool>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// A domain as it is shown.
#[derive(Debug, View)]
pub(super) struct DomainView {
    id: String,
    name: String,
    description: String,
    enabled: bool,
    tags: Vec<String>,
    options: Value,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl DomainView {
    pub(super) fn of(cx: &Cx, row: project::Model, tags: &Tags) -> Self {
        Self {
            links: Links::to(cx, &format!("domains/{}", row.id)),
            tags: tags.get(&row.id).cloned().unwrap_or_default(),
            id: row.id,
            name: row.name,
            description: row.description,
            enabled: row.enabled,
            options: row.options,
            extra: extra::shown(row.extra),
        }
    }
}

/// The domain, if it is there and this may be done to it. Who has a token of the domain, or of a project in it, may see it.
pub(super) async fn found(cx: &Cx, id: &str) -> Result<project::Model, Fault> {
    let row = project::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row.filter(|row| row.is_domain), about_project, "domain", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about_list(&cx))?;
    let mut select = project::Entity::find().filter(project::Column::IsDomain.eq(true));
    if let Some(domain) = cx.domain_scope() {
        select = select.filter(project::Column::Id.eq(domain));
    }
    let page = listing.page(&cx, select, &SPEC).await?;
    let tags = tags_of(cx.service.db.read(), &page.items).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<DomainView> = page.items.into_iter().map(|row| DomainView::of(&cx, row, &tags)).collect();
    listing.answer(&cx, "domains", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let tags = tags_of(cx.service.db.read(), std::slice::from_ref(&row)).await?;
    cx.answer(StatusCode::OK, "domain", &DomainView::of(&cx, row, &tags))
}

async fn create(cx: Cx, body: Body<CreateDomain>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let body = body.0;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    check_tags(&body.tags)?;
    let new = NewPlace {
        id: body.explicit_domain_id.unwrap_or_else(new_id),
        name: body.name.trim().to_owned(),
        domain: None,
        parent: None,
        is_domain: true,
        enabled: body.enabled,
        description: body.description.unwrap_or_default(),
        tags: body.tags,
        options: extra::options(&Value::Null, body.options),
        extra: extra::kept(body.extra),
        fallback: String::new(),
    };
    let mut tx = cx.service.change().await?;
    let (row, tags) = places::create(&cx.service, &tx, new).await?;
    tx.emit(cx.event("identity.domain.created", &row.id));
    tx.commit().await?;
    let tags = Tags::from([(row.id.clone(), tags)]);
    cx.answer(StatusCode::CREATED, "domain", &DomainView::of(&cx, row, &tags))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateDomain>) -> Result<Response, Fault> {
    let before = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "domain", &id)?;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    extra::may_update("domain", &id, &before.options, body.options.as_ref())?;
    check_tags(body.tags.as_deref().unwrap_or_default())?;
    let update = PlaceUpdate {
        name: body.name,
        enabled: body.enabled,
        description: body.description,
        tags: body.tags,
        options: extra::options(&before.options, body.options),
        extra: extra::merged(&before.extra, body.extra),
    };
    let mut tx = cx.service.change().await?;
    let row = places::update(&cx.service, &tx, before, update).await?;
    let tags = tags_of(tx.db(), std::slice::from_ref(&row)).await?;
    tx.emit(cx.event("identity.domain.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "domain", &DomainView::of(&cx, row, &tags))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    extra::may_delete("domain", &id, &row.options)?;
    let mut tx = cx.service.change().await?;
    places::delete_domain(&cx.service, &tx, &row).await?;
    tx.emit(cx.event("identity.domain.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}

/// The domain, for what hangs from it; 404 when it is not there.
pub(super) async fn existing(cx: &Cx, id: &str) -> Result<project::Model, Error> {
    let row = project::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    row.filter(|row| row.is_domain).ok_or_else(|| Error::missing("domain", id))
}
