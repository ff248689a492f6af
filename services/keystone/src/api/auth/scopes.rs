//! Where one may go with a token: catalog, projects, domains, system.

use std::collections::HashSet;

use axum::response::Response;
use http::StatusCode;
use platform::{
    db::list::Page,
    http::{Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use serde_json::json;

use crate::{
    Keystone,
    api::{
        Cx,
        domains::DomainView,
        guard::Guard,
        listing::{Listing, last},
        projects::{self, ProjectView},
    },
    model::{assignment, project},
    roles,
    token::Place,
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/auth/catalog", "identity:get_auth_catalog", catalog)
        .get("/v3/auth/projects", "identity:get_auth_projects", auth_projects)
        .get("/v3/auth/domains", "identity:get_auth_domains", auth_domains)
        .get("/v3/auth/system", "identity:get_auth_system", system)
}

async fn catalog(cx: Cx) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let Some(project) = cx.caller.project_id() else {
        return Err(Fault::forbidden("A project-scoped token is required to produce a service catalog."));
    };
    let catalog = cx.service.authority.directory.catalog(&cx.caller.user.id, Some(project)).await?;
    let links = json!({"self": cx.link("/v3/auth/catalog")});
    json(StatusCode::OK, &Catalog { catalog: &catalog, links })
}

#[derive(serde::Serialize)]
struct Catalog<'a> {
    catalog: &'a serde_json::value::RawValue,
    links: serde_json::Value,
}

async fn auth_projects(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    list_projects_of(&cx, &listing, &cx.caller.user.id).await
}

/// Answers the projects in which a user has a role, itself, by a group or by inheritance.
pub(crate) async fn list_projects_of(cx: &Cx, listing: &Listing, user: &str) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let assigned = assignment::Entity::find().filter(roles::of_user(user)).all(db).await?;
    let mut own = HashSet::new();
    let (mut below_domains, mut above) = (HashSet::new(), HashSet::new());
    for row in assigned {
        match (row.target_kind.as_str(), row.inherited) {
            ("project", false) => own.insert(row.target_id),
            ("project", true) => above.insert(row.target_id),
            ("domain", true) => below_domains.insert(row.target_id),
            _ => false,
        };
    }
    // One query for each level of the tree, whose depth is bounded.
    while !above.is_empty() {
        let below: Vec<project::Model> =
            project::Entity::find().filter(project::Column::ParentId.is_in(above.drain())).all(db).await?;
        for row in below {
            if own.insert(row.id.clone()) {
                above.insert(row.id);
            }
        }
    }
    let select = project::Entity::find().filter(project::Column::IsDomain.eq(false)).filter(
        Condition::any()
            .add(project::Column::Id.is_in(own))
            .add(project::Column::DomainId.is_in(below_domains)),
    );
    let page: Page<project::Model> = listing.page(cx, select, &projects::SPEC).await?;
    let tags = projects::tags_of(db, &page.items).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<ProjectView> = page.items.into_iter().map(|row| ProjectView::of(cx, row, &tags)).collect();
    listing.answer(cx, "projects", &views, behind.as_deref())
}

async fn auth_domains(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let db = cx.service.db.read();
    let assigned = assignment::Entity::find()
        .filter(roles::of_user(&cx.caller.user.id))
        .filter(assignment::Column::TargetKind.eq("domain"))
        .filter(assignment::Column::Inherited.eq(false))
        .all(db)
        .await?;
    let select = project::Entity::find()
        .filter(project::Column::IsDomain.eq(true))
        .filter(project::Column::Enabled.eq(true))
        .filter(project::Column::Id.is_in(assigned.into_iter().map(|row| row.target_id)));
    let page = listing.page(&cx, select, &projects::SPEC).await?;
    let tags = projects::tags_of(db, &page.items).await?;
    let views: Vec<DomainView> = page.items.into_iter().map(|row| DomainView::of(&cx, row, &tags)).collect();
    listing.answer(&cx, "domains", &views, None)
}

async fn system(cx: Cx) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let roles = cx.service.authority.directory.roles(&cx.caller.user.id, &Place::System).await?;
    let system = if roles.is_empty() { json!([]) } else { json!([{"all": true}]) };
    json(StatusCode::OK, &json!({"system": system, "links": {"self": cx.link("/v3/auth/system")}}))
}
