//! `/v3/limits`: limits of projects and domains, where they differ from the default.

use axum::{extract::Path, response::Response};
use contracts::identity::Scope;
use http::StatusCode;
use platform::{
    Body as Wire,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes, json},
    policy::Target,
    wire::Patch,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QuerySelect,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Cx,
    guard::Guard,
    listing::{Listing, last, no_content},
    registered_limits::check_place,
};
use crate::{
    Keystone,
    error::Error,
    ids::new_id,
    model::{limit, project, registered_limit},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/limits/model", "identity:get_limit_model", model)
        .get("/v3/limits", "identity:list_limits", list)
        .list(&SPEC)
        .post("/v3/limits", "identity:create_limits", create)
        .get("/v3/limits/{limit_id}", "identity:get_limit", show)
        .patch("/v3/limits/{limit_id}", "identity:update_limit", update)
        .delete("/v3/limits/{limit_id}", "identity:delete_limit", delete)
}

static SPEC: ListSpec<limit::Entity> = ListSpec {
    id: limit::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("service_id", limit::Column::ServiceId, Kind::Text),
        ("region_id", limit::Column::RegionId, Kind::Text),
        ("resource_name", limit::Column::ResourceName, Kind::Text),
        ("project_id", limit::Column::ProjectId, Kind::Text),
        ("domain_id", limit::Column::DomainId, Kind::Text),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
struct CreateLimits {
    #[body(min_items = 1)]
    limits: Vec<NewLimit>,
}

#[derive(Deserialize, Wire)]
struct NewLimit {
    #[body(min = 1, max = 64)]
    project_id: Option<String>,
    #[body(min = 1, max = 64)]
    domain_id: Option<String>,
    #[body(min = 1, max = 64)]
    service_id: String,
    #[body(max = 255)]
    region_id: Option<String>,
    #[body(min = 1, max = 255)]
    resource_name: String,
    #[body(minimum = -1, maximum = 0x7FFF_FFFF)]
    resource_limit: i64,
    description: Option<String>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "limit")]
struct UpdateLimit {
    #[body(minimum = -1, maximum = 0x7FFF_FFFF)]
    resource_limit: Option<i64>,
    #[serde(default)]
    description: Patch<String>,
}

fn view(cx: &Cx, row: &limit::Model) -> Value {
    let some = |id: &str| (!id.is_empty()).then(|| id.to_owned());
    json!({
        "id": row.id,
        "project_id": some(&row.project_id),
        "domain_id": some(&row.domain_id),
        "service_id": row.service_id,
        "region_id": some(&row.region_id),
        "resource_name": row.resource_name,
        "resource_limit": row.resource_limit,
        "description": row.description,
        "links": {"self": cx.link(&format!("/v3/limits/{}", row.id))},
    })
}

async fn found(cx: &Cx, id: &str) -> Result<limit::Model, Fault> {
    let row = limit::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    let Some(row) = row else {
        cx.permit(&Target::none())?;
        return Err(Fault::not_found(format!("Could not find limit for {id}.")));
    };
    let mut target = Target::none();
    if row.project_id.is_empty() {
        target = target.with("target.limit.domain.id", row.domain_id.as_str());
    } else {
        target = target.with("target.limit.project_id", row.project_id.as_str());
        if let Some(project) = cx.service.authority.directory.project(&row.project_id).await? {
            target = target.with("target.limit.project.domain_id", project.domain.id.clone());
        }
    }
    cx.permit(&target)?;
    Ok(row)
}

async fn model(cx: Cx) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let description = "Limit enforcement and validation does not take project hierarchy into consideration.";
    json(StatusCode::OK, &json!({"model": {"name": "flat", "description": description}}))
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let mut select = limit::Entity::find();
    let all = cx.caller.has_role("admin") || cx.caller.has_role("service");
    match &cx.caller.scope {
        Scope::System => {}
        _ if all => {}
        Scope::Domain(domain) => {
            let inside = Sql::select()
                .column(project::Column::Id)
                .from(project::Entity)
                .and_where(Expr::col(project::Column::DomainId).eq(domain.id.as_str()))
                .to_owned();
            select = select.filter(
                Condition::any()
                    .add(limit::Column::DomainId.eq(domain.id.as_str()))
                    .add(limit::Column::ProjectId.in_subquery(inside)),
            );
        }
        Scope::Project(project) => select = select.filter(limit::Column::ProjectId.eq(project.id.as_str())),
        Scope::Unscoped => return listing.answer(&cx, "limits", &Vec::<Value>::new(), None),
    }
    let page = listing.page(&cx, select, &SPEC).await?;
    let views: Vec<Value> = page.items.iter().map(|row| view(&cx, row)).collect();
    listing.answer(&cx, "limits", &views, last(&page, |row| &row.id))
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    json(StatusCode::OK, &json!({"limit": view(&cx, &row)}))
}

async fn create(cx: Cx, body: Body<CreateLimits>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let tx = cx.service.change().await?;
    let mut rows = Vec::new();
    for new in body.0.limits {
        let row = limit::Model {
            id: new_id(),
            project_id: new.project_id.unwrap_or_default(),
            domain_id: new.domain_id.unwrap_or_default(),
            service_id: new.service_id,
            region_id: new.region_id.unwrap_or_default(),
            resource_name: new.resource_name,
            resource_limit: new.resource_limit,
            description: new.description,
        };
        if row.project_id.is_empty() == row.domain_id.is_empty() {
            return Err(Fault::bad_request("A limit is that of a project or of a domain, and not of both."));
        }
        check_place(&tx, &row.service_id, &row.region_id).await?;
        check_owner(&tx, &row).await?;
        let registered = registered_limit::Entity::find()
            .filter(registered_limit::Column::ServiceId.eq(row.service_id.as_str()))
            .filter(registered_limit::Column::RegionId.eq(row.region_id.as_str()))
            .filter(registered_limit::Column::ResourceName.eq(row.resource_name.as_str()))
            .limit(1)
            .count(tx.db())
            .await?;
        if registered == 0 {
            return Err(Fault::forbidden(format!(
                "Unable to create a limit that has no corresponding registered limit: {}.",
                row.resource_name
            )));
        }
        rows.push(row);
    }
    limit::Entity::insert_many(rows.iter().cloned().map(IntoActiveModel::into_active_model))
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::Duplicate("limit", "Duplicate entry".into())))?;
    tx.commit().await?;
    let views: Vec<Value> = rows.iter().map(|row| view(&cx, row)).collect();
    json(StatusCode::CREATED, &json!({"limits": views}))
}

/// The project or domain is there.
async fn check_owner(tx: &crate::change::Change, row: &limit::Model) -> Result<(), Fault> {
    let (what, id, is_domain) = match row.project_id.as_str() {
        "" => ("domain", row.domain_id.as_str(), true),
        id => ("project", id, false),
    };
    let found = project::Entity::find_by_id(id).one(tx.db()).await?;
    match found.filter(|found| found.is_domain == is_domain) {
        Some(_) => Ok(()),
        None => Err(Fault::bad_request(Error::missing(what, id))),
    }
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateLimit>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    row.resource_limit = body.resource_limit.unwrap_or(row.resource_limit);
    if let Some(description) = body.description.given() {
        row.description = description;
    }
    let tx = cx.service.change().await?;
    limit::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.commit().await?;
    json(StatusCode::OK, &json!({"limit": view(&cx, &row)}))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let tx = cx.service.change().await?;
    limit::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}
