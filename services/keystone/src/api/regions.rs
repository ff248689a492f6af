//! `/v3/regions`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
    wire::Patch,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx, extra,
    guard::Guard,
    listing::{Links, Listing, last, no_content},
};
use crate::{Keystone, change::Change, error::Error, ids::new_id, model::region};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/regions", "identity:list_regions", list)
        .list(&SPEC)
        .post("/v3/regions", "identity:create_region", create)
        .get("/v3/regions/{region_id}", "identity:get_region", show)
        .put("/v3/regions/{region_id}", "identity:create_region", create_as)
        .patch("/v3/regions/{region_id}", "identity:update_region", update)
        .delete("/v3/regions/{region_id}", "identity:delete_region", delete)
}

static SPEC: ListSpec<region::Entity> = ListSpec {
    id: region::Column::Id,
    id_kind: Kind::Text,
    filters: &[("parent_region_id", region::Column::ParentRegionId, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "region", open)]
struct CreateRegion {
    #[body(max = 255)]
    id: Option<String>,
    #[body(max = 255)]
    parent_region_id: Option<String>,
    description: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "region", open)]
struct UpdateRegion {
    #[serde(default)]
    #[body(max = 255)]
    parent_region_id: Patch<String>,
    description: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(View)]
struct RegionView {
    id: String,
    description: String,
    parent_region_id: Option<String>,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl RegionView {
    fn of(cx: &Cx, row: region::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("regions/{}", row.id)),
            id: row.id,
            description: row.description,
            parent_region_id: (!row.parent_region_id.is_empty()).then_some(row.parent_region_id),
            extra: extra::shown(row.extra),
        }
    }
}

async fn found(cx: &Cx, id: &str) -> Result<region::Model, Fault> {
    let row = region::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "region", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, region::Entity::find(), &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<RegionView> = page.items.into_iter().map(|row| RegionView::of(&cx, row)).collect();
    listing.answer(&cx, "regions", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "region", &RegionView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreateRegion>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let id = body.0.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(new_id);
    insert(&cx, id, body.0).await
}

async fn create_as(cx: Cx, Path(id): Path<String>, body: Body<CreateRegion>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    if body.0.id.as_ref().is_some_and(|named| *named != id) {
        return Err(Fault::bad_request("Conflicting region IDs specified."));
    }
    if id.chars().count() > 255 {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute id. A region's id has at most 255 characters.",
        ));
    }
    insert(&cx, id, body.0).await
}

async fn insert(cx: &Cx, id: String, body: CreateRegion) -> Result<Response, Fault> {
    let row = region::Model {
        id,
        parent_region_id: body.parent_region_id.unwrap_or_default(),
        description: body.description.unwrap_or_default(),
        extra: extra::kept(body.extra),
    };
    let mut tx = cx.service.change().await?;
    check_parent(&tx, &row).await?;
    region::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await.map_err(
        |error| Error::of_write(error, || Error::Duplicate("region", format!("Duplicate ID, {}", row.id))),
    )?;
    tx.emit(cx.event("identity.region.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "region", &RegionView::of(cx, row))
}

/// The parent is there, and is not below the region.
async fn check_parent(tx: &Change, row: &region::Model) -> Result<(), Error> {
    let mut above = row.parent_region_id.clone();
    while !above.is_empty() {
        if above == row.id {
            return Err(Error::Invalid(format!(
                "The specified parent region {} would create a circular region hierarchy.",
                row.parent_region_id
            )));
        }
        let parent = region::Entity::find_by_id(above.as_str()).one(tx.db()).await?;
        above = parent.ok_or_else(|| Error::missing("region", above))?.parent_region_id;
    }
    Ok(())
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateRegion>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "region", &id)?;
    if let Some(parent) = body.parent_region_id.given() {
        row.parent_region_id = parent.unwrap_or_default();
    }
    row.description = body.description.unwrap_or(row.description);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    check_parent(&tx, &row).await?;
    region::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.region.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "region", &RegionView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    let below = region::Entity::find()
        .filter(region::Column::ParentRegionId.eq(id.as_str()))
        .limit(1)
        .count(tx.db())
        .await?;
    let used = crate::model::endpoint::Entity::find()
        .filter(crate::model::endpoint::Column::RegionId.eq(id.as_str()))
        .limit(1)
        .count(tx.db())
        .await?;
    if below + used > 0 {
        return Err(Fault::forbidden(format!(
            "Unable to delete region {id} because it or its child regions have associated endpoints."
        )));
    }
    region::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.region.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
