//! `/v3/services`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx, extra,
    guard::Guard,
    listing::{Links, Listing, last, no_content},
};
use crate::{Keystone, ids::new_id, model::service};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/services", "identity:list_services", list)
        .list(&SPEC)
        .post("/v3/services", "identity:create_service", create)
        .get("/v3/services/{service_id}", "identity:get_service", show)
        .patch("/v3/services/{service_id}", "identity:update_service", update)
        .delete("/v3/services/{service_id}", "identity:delete_service", delete)
}

static SPEC: ListSpec<service::Entity> = ListSpec {
    id: service::Column::Id,
    id_kind: Kind::Text,
    filters: &[("type", service::Column::Kind, Kind::Text), ("name", service::Column::Name, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

fn yes() -> bool {
    true
}

#[derive(Deserialize, Wire)]
#[body(wrap = "service", open)]
struct CreateService {
    #[body(min = 1, max = 255)]
    r#type: String,
    #[body(max = 255)]
    name: Option<String>,
    description: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "service", open)]
struct UpdateService {
    #[body(min = 1, max = 255)]
    r#type: Option<String>,
    #[body(max = 255)]
    name: Option<String>,
    description: Option<String>,
    #[serde(default)]
    #[body(schema = |_| serde_json::json!({"type": "boolean"}))]
    enabled: Option<bool>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(View)]
struct ServiceView {
    id: String,
    name: String,
    r#type: String,
    #[view(skip_none)]
    description: Option<String>,
    enabled: bool,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl ServiceView {
    fn of(cx: &Cx, row: service::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("services/{}", row.id)),
            id: row.id,
            name: row.name,
            r#type: row.kind,
            description: row.description,
            enabled: row.enabled,
            extra: extra::shown(row.extra),
        }
    }
}

async fn found(cx: &Cx, id: &str) -> Result<service::Model, Fault> {
    let row = service::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "service", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, service::Entity::find(), &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<ServiceView> = page.items.into_iter().map(|row| ServiceView::of(&cx, row)).collect();
    listing.answer(&cx, "services", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "service", &ServiceView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreateService>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let body = body.0;
    let row = service::Model {
        id: new_id(),
        kind: body.r#type,
        name: body.name.unwrap_or_default(),
        description: body.description,
        enabled: body.enabled,
        extra: extra::kept(body.extra),
    };
    let mut tx = cx.service.change().await?;
    service::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    tx.emit(cx.event("identity.service.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "service", &ServiceView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateService>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "service", &id)?;
    row.kind = body.r#type.unwrap_or(row.kind);
    row.name = body.name.unwrap_or(row.name);
    row.description = body.description.or(row.description);
    row.enabled = body.enabled.unwrap_or(row.enabled);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    service::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.service.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "service", &ServiceView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    service::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.service.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
