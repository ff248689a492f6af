//! `/v3/registered_limits`: default limits of resources.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes, json},
    policy::Target,
    wire::Patch,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Cx,
    guard::Guard,
    listing::{Listing, last, no_content},
};
use crate::{
    Keystone,
    change::Change,
    error::Error,
    ids::new_id,
    model::{limit, region, registered_limit, service},
};

pub(super) fn routes() -> Routes<Keystone> {
    const ONE: &str = "/v3/registered_limits/{registered_limit_id}";
    Routes::new()
        .get("/v3/registered_limits", "identity:list_registered_limits", list)
        .list(&SPEC)
        .post("/v3/registered_limits", "identity:create_registered_limits", create)
        .get(ONE, "identity:get_registered_limit", show)
        .patch(ONE, "identity:update_registered_limit", update)
        .delete(ONE, "identity:delete_registered_limit", delete)
}

static SPEC: ListSpec<registered_limit::Entity> = ListSpec {
    id: registered_limit::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("service_id", registered_limit::Column::ServiceId, Kind::Text),
        ("region_id", registered_limit::Column::RegionId, Kind::Text),
        ("resource_name", registered_limit::Column::ResourceName, Kind::Text),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
struct CreateLimits {
    #[body(min_items = 1)]
    registered_limits: Vec<NewLimit>,
}

#[derive(Deserialize, Wire)]
struct NewLimit {
    #[body(min = 1, max = 64)]
    service_id: String,
    #[body(max = 255)]
    region_id: Option<String>,
    #[body(min = 1, max = 255)]
    resource_name: String,
    #[body(minimum = -1, maximum = 0x7FFF_FFFF)]
    default_limit: i64,
    description: Option<String>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "registered_limit")]
struct UpdateLimit {
    #[body(min = 1, max = 64)]
    service_id: Option<String>,
    #[serde(default)]
    #[body(max = 255)]
    region_id: Patch<String>,
    #[body(min = 1, max = 255)]
    resource_name: Option<String>,
    #[body(minimum = -1, maximum = 0x7FFF_FFFF)]
    default_limit: Option<i64>,
    #[serde(default)]
    description: Patch<String>,
}

fn view(cx: &Cx, row: &registered_limit::Model) -> Value {
    json!({
        "id": row.id,
        "service_id": row.service_id,
        "region_id": (!row.region_id.is_empty()).then_some(&row.region_id),
        "resource_name": row.resource_name,
        "default_limit": row.default_limit,
        "description": row.description,
        "links": {"self": cx.link(&format!("/v3/registered_limits/{}", row.id))},
    })
}

async fn found(cx: &Cx, id: &str) -> Result<registered_limit::Model, Fault> {
    let row = registered_limit::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.permit(&Target::none())?;
    row.ok_or_else(|| Fault::not_found(format!("Could not find registered limit for {id}.")))
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, registered_limit::Entity::find(), &SPEC).await?;
    let views: Vec<Value> = page.items.iter().map(|row| view(&cx, row)).collect();
    listing.answer(&cx, "registered_limits", &views, last(&page, |row| &row.id))
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    json(StatusCode::OK, &json!({"registered_limit": view(&cx, &row)}))
}

/// Service and region are there.
pub(super) async fn check_place(tx: &Change, service: &str, region: &str) -> Result<(), Fault> {
    if service::Entity::find_by_id(service).one(tx.db()).await?.is_none() {
        return Err(Fault::bad_request(Error::missing("service", service)));
    }
    if !region.is_empty() && region::Entity::find_by_id(region).one(tx.db()).await?.is_none() {
        return Err(Fault::bad_request(Error::missing("region", region)));
    }
    Ok(())
}

fn taken() -> Error {
    Error::Duplicate("registered_limit", "Duplicate entry".into())
}

async fn create(cx: Cx, body: Body<CreateLimits>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let tx = cx.service.change().await?;
    let mut rows = Vec::new();
    for new in body.0.registered_limits {
        let row = registered_limit::Model {
            id: new_id(),
            service_id: new.service_id,
            region_id: new.region_id.unwrap_or_default(),
            resource_name: new.resource_name,
            default_limit: new.default_limit,
            description: new.description,
        };
        check_place(&tx, &row.service_id, &row.region_id).await?;
        rows.push(row);
    }
    registered_limit::Entity::insert_many(rows.iter().cloned().map(IntoActiveModel::into_active_model))
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, taken))?;
    tx.commit().await?;
    let views: Vec<Value> = rows.iter().map(|row| view(&cx, row)).collect();
    json(StatusCode::CREATED, &json!({"registered_limits": views}))
}

/// Whether a limit stands on this default.
async fn in_use(tx: &Change, row: &registered_limit::Model) -> Result<bool, Fault> {
    let limits = limit::Entity::find()
        .filter(limit::Column::ServiceId.eq(row.service_id.as_str()))
        .filter(limit::Column::RegionId.eq(row.region_id.as_str()))
        .filter(limit::Column::ResourceName.eq(row.resource_name.as_str()))
        .limit(1)
        .count(tx.db())
        .await?;
    Ok(limits > 0)
}

fn used(id: &str) -> Fault {
    Fault::forbidden(format!(
        "Unable to update or delete registered limit {id} because there are project limits associated with it."
    ))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateLimit>) -> Result<Response, Fault> {
    let before = found(&cx, &id).await?;
    let body = body.0;
    let mut row = before.clone();
    row.service_id = body.service_id.unwrap_or(row.service_id);
    if let Some(region) = body.region_id.given() {
        row.region_id = region.unwrap_or_default();
    }
    row.resource_name = body.resource_name.unwrap_or(row.resource_name);
    row.default_limit = body.default_limit.unwrap_or(row.default_limit);
    if let Some(description) = body.description.given() {
        row.description = description;
    }
    let tx = cx.service.change().await?;
    check_place(&tx, &row.service_id, &row.region_id).await?;
    let moved = (&row.service_id, &row.region_id, &row.resource_name)
        != (&before.service_id, &before.region_id, &before.resource_name);
    if moved && in_use(&tx, &before).await? {
        return Err(used(&id));
    }
    registered_limit::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx.db())
        .await
        .map_err(|error| Error::of_write(error, taken))?;
    tx.commit().await?;
    json(StatusCode::OK, &json!({"registered_limit": view(&cx, &row)}))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let tx = cx.service.change().await?;
    if in_use(&tx, &row).await? {
        return Err(used(&id));
    }
    registered_limit::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}
