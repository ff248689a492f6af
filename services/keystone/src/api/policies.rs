//! `/v3/policies`: texts that Keystone keeps for others.

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
use crate::{Keystone, ids::new_id, model::policy};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/policies", "identity:list_policies", list)
        .list(&SPEC)
        .post("/v3/policies", "identity:create_policy", create)
        .get("/v3/policies/{policy_id}", "identity:get_policy", show)
        .patch("/v3/policies/{policy_id}", "identity:update_policy", update)
        .delete("/v3/policies/{policy_id}", "identity:delete_policy", delete)
}

static SPEC: ListSpec<policy::Entity> = ListSpec {
    id: policy::Column::Id,
    id_kind: Kind::Text,
    filters: &[("type", policy::Column::Kind, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "policy", open)]
struct CreatePolicy {
    blob: String,
    #[body(max = 255)]
    r#type: String,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "policy", open)]
struct UpdatePolicy {
    blob: Option<String>,
    #[body(max = 255)]
    r#type: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(View)]
struct PolicyView {
    id: String,
    r#type: String,
    blob: String,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl PolicyView {
    fn of(cx: &Cx, row: policy::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("policies/{}", row.id)),
            id: row.id,
            r#type: row.kind,
            blob: row.blob,
            extra: extra::shown(row.extra),
        }
    }
}

async fn found(cx: &Cx, id: &str) -> Result<policy::Model, Fault> {
    let row = policy::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "policy", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, policy::Entity::find(), &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<PolicyView> = page.items.into_iter().map(|row| PolicyView::of(&cx, row)).collect();
    listing.answer(&cx, "policies", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "policy", &PolicyView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreatePolicy>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let body = body.0;
    let row =
        policy::Model { id: new_id(), kind: body.r#type, blob: body.blob, extra: extra::kept(body.extra) };
    let mut tx = cx.service.change().await?;
    policy::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    tx.emit(cx.event("identity.policy.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "policy", &PolicyView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdatePolicy>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "policy", &id)?;
    row.kind = body.r#type.unwrap_or(row.kind);
    row.blob = body.blob.unwrap_or(row.blob);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    policy::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.policy.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "policy", &PolicyView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    policy::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.policy.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
