//! `/v3/endpoints`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, sea_query::OnConflict};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx, extra,
    guard::Guard,
    listing::{Links, Listing, last, no_content},
};
use crate::{
    Keystone, catalog,
    change::Change,
    error::Error,
    ids::new_id,
    model::{endpoint, region, service},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/endpoints", "identity:list_endpoints", list)
        .list(&SPEC)
        .post("/v3/endpoints", "identity:create_endpoint", create)
        .get("/v3/endpoints/{endpoint_id}", "identity:get_endpoint", show)
        .patch("/v3/endpoints/{endpoint_id}", "identity:update_endpoint", update)
        .delete("/v3/endpoints/{endpoint_id}", "identity:delete_endpoint", delete)
}

static SPEC: ListSpec<endpoint::Entity> = ListSpec {
    id: endpoint::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("interface", endpoint::Column::Interface, Kind::Text),
        ("service_id", endpoint::Column::ServiceId, Kind::Text),
        ("region_id", endpoint::Column::RegionId, Kind::Text),
        ("region", endpoint::Column::RegionId, Kind::Text),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

fn yes() -> bool {
    true
}

#[derive(Deserialize, Wire)]
#[body(wrap = "endpoint", open)]
struct CreateEndpoint {
    #[body(one_of = ["admin", "internal", "public"])]
    interface: String,
    #[body(min = 1, max = 64)]
    service_id: String,
    #[body(max = 225, pattern = "^[a-zA-Z0-9+.-]+:.+")]
    url: String,
    #[body(max = 255)]
    region_id: Option<String>,
    #[body(max = 255)]
    region: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "endpoint", open)]
struct UpdateEndpoint {
    #[serde(default)]
    #[body(schema = |_| json!({"enum": ["admin", "internal", "public"]}))]
    interface: Option<String>,
    #[body(min = 1, max = 64)]
    service_id: Option<String>,
    #[body(max = 225, pattern = "^[a-zA-Z0-9+.-]+:.+")]
    url: Option<String>,
    #[body(max = 255)]
    region_id: Option<String>,
    #[body(max = 255)]
    region: Option<String>,
    #[serde(default)]
    #[body(schema = |_| json!({"type": "boolean"}))]
    enabled: Option<bool>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// An endpoint as it is shown.
#[derive(Debug, View)]
pub(super) struct EndpointView {
    id: String,
    interface: String,
    service_id: String,
    region: Option<String>,
    region_id: Option<String>,
    url: String,
    enabled: bool,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl EndpointView {
    pub(super) fn of(cx: &Cx, row: endpoint::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("endpoints/{}", row.id)),
            id: row.id,
            interface: row.interface,
            service_id: row.service_id,
            region: row.region_id.clone(),
            region_id: row.region_id,
            url: row.url,
            enabled: row.enabled,
            extra: extra::shown(row.extra),
        }
    }
}

async fn found(cx: &Cx, id: &str) -> Result<endpoint::Model, Fault> {
    let row = endpoint::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "endpoint", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, endpoint::Entity::find(), &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<EndpointView> = page.items.into_iter().map(|row| EndpointView::of(&cx, row)).collect();
    listing.answer(&cx, "endpoints", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "endpoint", &EndpointView::of(&cx, row))
}

/// Service and region are there. The region of the old API, `region`, is made when it is not.
async fn check(tx: &Change, row: &endpoint::Model, old_style: bool) -> Result<(), Fault> {
    if !catalog::well_formed(&row.url) {
        return Err(Error::Invalid(format!(
            "Malformed endpoint URL ({}), see ERROR log for details.",
            row.url
        ))
        .into());
    }
    if service::Entity::find_by_id(row.service_id.as_str()).one(tx.db()).await?.is_none() {
        return Err(Fault::bad_request(Error::missing("service", row.service_id.as_str())));
    }
    let Some(id) = &row.region_id else { return Ok(()) };
    if region::Entity::find_by_id(id.as_str()).one(tx.db()).await?.is_some() {
        return Ok(());
    }
    if !old_style {
        return Err(Fault::bad_request(Error::missing("region", id.as_str())));
    }
    let row = region::ActiveModel {
        id: Set(id.clone()),
        parent_region_id: Set(String::new()),
        description: Set(String::new()),
        extra: Set(json!({})),
    };
    let there = OnConflict::column(region::Column::Id).update_column(region::Column::Id).to_owned();
    region::Entity::insert(row).on_conflict(there).exec_without_returning(tx.db()).await?;
    Ok(())
}

async fn create(cx: Cx, body: Body<CreateEndpoint>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let body = body.0;
    let old_style = body.region_id.is_none();
    let row = endpoint::Model {
        id: new_id(),
        service_id: body.service_id,
        interface: body.interface,
        region_id: body.region_id.or(body.region),
        url: body.url,
        enabled: body.enabled,
        extra: extra::kept(body.extra),
    };
    let mut tx = cx.service.change().await?;
    check(&tx, &row, old_style).await?;
    endpoint::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    tx.emit(cx.event("identity.endpoint.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "endpoint", &EndpointView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateEndpoint>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "endpoint", &id)?;
    let old_style = body.region_id.is_none();
    row.interface = body.interface.unwrap_or(row.interface);
    row.service_id = body.service_id.unwrap_or(row.service_id);
    row.url = body.url.unwrap_or(row.url);
    row.region_id = body.region_id.or(body.region).or(row.region_id);
    row.enabled = body.enabled.unwrap_or(row.enabled);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    check(&tx, &row, old_style).await?;
    endpoint::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.endpoint.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "endpoint", &EndpointView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    endpoint::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.endpoint.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
