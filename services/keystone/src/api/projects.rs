//! `/v3/projects`.

use std::collections::HashMap;

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx, extra,
    guard::{Guard, about_list, about_project},
    listing::{Links, Listing, last, no_content, response},
    project_tags::check_tags,
    project_tree,
};
use crate::{
    Keystone, deletion,
    error::Error,
    ids::new_id,
    model::{project, project_tag},
    places::{self, NewPlace, PlaceUpdate},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/projects", "identity:list_projects", list)
        .list(&SPEC)
        .post("/v3/projects", "identity:create_project", create)
        .get("/v3/projects/{project_id}", "identity:get_project", show)
        .patch("/v3/projects/{project_id}", "identity:update_project", update)
        .delete("/v3/projects/{project_id}", "identity:delete_project", delete)
}

pub(super) static SPEC: ListSpec<project::Entity> = ListSpec {
    id: project::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("domain_id", project::Column::DomainId, Kind::Text),
        ("name", project::Column::Name, Kind::Text),
        ("parent_id", project::Column::ParentId, Kind::Text),
        ("enabled", project::Column::Enabled, Kind::Bool),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

fn yes() -> bool {
    true
}

#[derive(Deserialize, Wire)]
#[body(wrap = "project", open)]
struct CreateProject {
    #[body(min = 1, max = 64, pattern = r"\S")]
    name: String,
    #[body(min = 1, max = 64)]
    domain_id: Option<String>,
    #[body(min = 1, max = 64)]
    parent_id: Option<String>,
    #[serde(default)]
    is_domain: bool,
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
#[body(wrap = "project", open)]
struct UpdateProject {
    #[body(min = 1, max = 64, pattern = r"\S")]
    name: Option<String>,
    domain_id: Option<String>,
    parent_id: Option<String>,
    is_domain: Option<bool>,
    enabled: Option<bool>,
    description: Option<String>,
    tags: Option<Vec<String>>,
    options: Option<Map<String, Value>>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// A project as it is shown.
#[derive(Debug, View)]
pub(super) struct ProjectView {
    id: String,
    name: String,
    domain_id: Option<String>,
    parent_id: Option<String>,
    description: String,
    enabled: bool,
    is_domain: bool,
    tags: Vec<String>,
    options: Value,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl ProjectView {
    pub(super) fn of(cx: &Cx, row: project::Model, tags: &Tags) -> Self {
        let some = |id: String| (!id.is_empty()).then_some(id);
        Self {
            links: Links::to(cx, &format!("projects/{}", row.id)),
            tags: tags.get(&row.id).cloned().unwrap_or_default(),
            id: row.id,
            name: row.name,
            domain_id: some(row.domain_id),
            parent_id: some(row.parent_id),
            description: row.description,
            enabled: row.enabled,
            is_domain: row.is_domain,
            options: row.options,
            extra: extra::shown(row.extra),
        }
    }
}

/// Tags by project.
pub(super) type Tags = HashMap<String, Vec<String>>;

/// The tags of projects: one query.
pub(super) async fn tags_of(db: &impl ConnectionTrait, rows: &[project::Model]) -> Result<Tags, DbErr> {
    let mut tags = Tags::new();
    if rows.is_empty() {
        return Ok(tags);
    }
    let mut select = project_tag::Entity::find();
    // A long list of ids is slower than all tags, and databases bound its length.
    if rows.len() <= 100 {
        select = select.filter(project_tag::Column::ProjectId.is_in(rows.iter().map(|row| row.id.as_str())));
    }
    for row in select.all(db).await? {
        tags.entry(row.project_id).or_default().push(row.name);
    }
    Ok(tags)
}

/// The project (or domain), if it is there and this may be done to it.
pub(super) async fn found(cx: &Cx, id: &str) -> Result<project::Model, Fault> {
    let row = project::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, about_project, "project", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about_list(&cx))?;
    let memory = &cx.service.authority.directory.memory;
    let key = (memory.generation(), listing.key(cx.domain_scope().unwrap_or("all")));
    if let Some(known) = memory.lists.get(&key) {
        return Ok(response(known));
    }
    let mut select = project::Entity::find()
        .filter(project::Column::IsDomain.eq(listing.flag("is_domain").unwrap_or(false)));
    if let Some(domain) = cx.domain_scope() {
        select = select.filter(project::Column::DomainId.eq(domain));
    }
    let page = listing.page(&cx, tagged(select, &listing), &SPEC).await?;
    let tags = tags_of(cx.service.db.read(), &page.items).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<ProjectView> =
        page.items.into_iter().map(|row| ProjectView::of(&cx, row, &tags)).collect();
    let body = listing.body(&cx, "projects", &views, behind.as_deref())?;
    memory.lists.insert(key, body.clone());
    Ok(response(body))
}

/// `tags`, `tags-any`, `not-tags`, `not-tags-any`.
fn tagged(mut select: Select<project::Entity>, listing: &Listing) -> Select<project::Entity> {
    let with = |names: Vec<&str>| {
        Sql::select()
            .column(project_tag::Column::ProjectId)
            .from(project_tag::Entity)
            .and_where(Expr::col(project_tag::Column::Name).is_in(names))
            .to_owned()
    };
    let asked = |name: &str| listing.query.get(name).map(|text| text.split(',').collect::<Vec<_>>());
    for name in asked("tags").unwrap_or_default() {
        select = select.filter(project::Column::Id.in_subquery(with(vec![name])));
    }
    if let Some(names) = asked("tags-any") {
        select = select.filter(project::Column::Id.in_subquery(with(names)));
    }
    if let Some(names) = asked("not-tags") {
        let mut all = sea_orm::Condition::all();
        for name in names {
            all = all.add(project::Column::Id.in_subquery(with(vec![name])));
        }
        select = select.filter(all.not());
    }
    if let Some(names) = asked("not-tags-any") {
        select = select.filter(project::Column::Id.not_in_subquery(with(names)));
    }
    select
}

async fn show(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let relatives = project_tree::relatives(&cx, &row, &listing).await?;
    let tags = tags_of(cx.service.db.read(), std::slice::from_ref(&row)).await?;
    let mut view = ProjectView::of(&cx, row, &tags);
    view.extra.extend(relatives);
    cx.answer(StatusCode::OK, "project", &view)
}

async fn create(cx: Cx, body: Body<CreateProject>) -> Result<Response, Fault> {
    let body = body.0;
    let target = body.domain_id.clone().or_else(|| (!body.is_domain).then(|| cx.default_domain()));
    cx.permit(&match &target {
        Some(domain) => Target::none().with("target.project.domain_id", domain.as_str()),
        None => Target::none(),
    })?;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    check_tags(&body.tags)?;
    let new = NewPlace {
        id: new_id(),
        name: body.name.trim().to_owned(),
        domain: body.domain_id,
        parent: body.parent_id,
        is_domain: body.is_domain,
        enabled: body.enabled,
        description: body.description.unwrap_or_default(),
        tags: body.tags,
        options: extra::options(&Value::Null, body.options),
        extra: extra::kept(body.extra),
        fallback: target.unwrap_or_default(),
    };
    let mut tx = cx.service.change().await?;
    let (row, tags) = places::create(&cx.service, &tx, new).await?;
    tx.emit(cx.event("identity.project.created", &row.id));
    tx.commit().await?;
    let tags = Tags::from([(row.id.clone(), tags)]);
    cx.answer(StatusCode::CREATED, "project", &ProjectView::of(&cx, row, &tags))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateProject>) -> Result<Response, Fault> {
    let before = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "project", &id)?;
    extra::known_options(body.options.as_ref(), &["immutable"])?;
    extra::may_update("project", &id, &before.options, body.options.as_ref())?;
    check_tags(body.tags.as_deref().unwrap_or_default())?;
    if body.domain_id.is_some_and(|domain| domain != before.domain_id) {
        return Err(Fault::bad_request("Cannot change Domain ID"));
    }
    if body.parent_id.is_some_and(|parent| parent != before.parent_id) {
        return Err(Fault::forbidden("Update of `parent_id` is not allowed."));
    }
    if body.is_domain.is_some_and(|is_domain| is_domain != before.is_domain) {
        return Err(Fault::bad_request("Update of `is_domain` is not allowed."));
    }
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
    tx.emit(cx.event("identity.project.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "project", &ProjectView::of(&cx, row, &tags))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    extra::may_delete("project", &id, &row.options)?;
    let mut tx = cx.service.change().await?;
    if row.is_domain {
        places::delete_domain(&cx.service, &tx, &row).await?;
    } else {
        let below = project::Entity::find()
            .filter(project::Column::ParentId.eq(id.as_str()))
            .limit(1)
            .count(tx.db())
            .await?;
        if below > 0 {
            return Err(Error::Forbidden(format!(
                "Cannot delete the project {id} since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree."
            ))
            .into());
        }
        cx.service.authority.void(tx.db(), format!("project:{id}")).await?;
        deletion::projects(&tx, std::slice::from_ref(&id)).await?;
    }
    tx.emit(cx.event("identity.project.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
