//! `/v3/OS-OAUTH1/consumers`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx, extra,
    guard::Guard,
    listing::{Listing, last, no_content},
};
use crate::{
    Keystone,
    ids::{new_id, new_secret},
    model::consumer,
};

pub(super) fn routes() -> Routes<Keystone> {
    const ONE: &str = "/v3/OS-OAUTH1/consumers/{consumer_id}";
    Routes::new()
        .get("/v3/OS-OAUTH1/consumers", "identity:list_consumers", list)
        .list(&SPEC)
        .post("/v3/OS-OAUTH1/consumers", "identity:create_consumer", create)
        .get(ONE, "identity:get_consumer", show)
        .patch(ONE, "identity:update_consumer", update)
        .delete(ONE, "identity:delete_consumer", delete)
}

static SPEC: ListSpec<consumer::Entity> = ListSpec {
    id: consumer::Column::Id,
    id_kind: Kind::Text,
    filters: &[],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "consumer", open)]
struct GivenConsumer {
    description: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

fn view(cx: &Cx, row: &consumer::Model) -> Value {
    let mut shown = extra::shown(row.extra.clone());
    shown.insert("id".into(), json!(row.id));
    shown.insert("description".into(), json!(row.description));
    let path = format!("/v3/OS-OAUTH1/consumers/{}", row.id);
    shown.insert("links".into(), json!({"self": cx.link(&path)}));
    Value::Object(shown)
}

async fn found(cx: &Cx, id: &str) -> Result<consumer::Model, Fault> {
    let row = consumer::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "Consumer", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, consumer::Entity::find(), &SPEC).await?;
    let views: Vec<Value> = page.items.iter().map(|row| view(&cx, row)).collect();
    listing.answer(&cx, "consumers", &views, last(&page, |row| &row.id))
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    json(StatusCode::OK, &json!({"consumer": view(&cx, &row)}))
}

async fn create(cx: Cx, body: Body<GivenConsumer>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let mut given = body.0.extra;
    given.remove("secret");
    let secret = new_secret();
    let row = consumer::Model {
        id: new_id(),
        description: body.0.description,
        encrypted_secret: cx.service.seal(&secret)?,
        extra: extra::kept(given),
    };
    let mut tx = cx.service.change().await?;
    consumer::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    tx.emit(cx.event("identity.OS-OAUTH1:consumer.created", &row.id));
    tx.commit().await?;
    let mut shown = view(&cx, &row);
    shown["secret"] = secret.into();
    json(StatusCode::CREATED, &json!({"consumer": shown}))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<GivenConsumer>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "consumer", &id)?;
    if body.extra.contains_key("secret") {
        return Err(Fault::bad_request("Cannot change consumer secret"));
    }
    row.description = body.description.or(row.description);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    consumer::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.OS-OAUTH1:consumer.updated", &id));
    tx.commit().await?;
    json(StatusCode::OK, &json!({"consumer": view(&cx, &row)}))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    consumer::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.OS-OAUTH1:consumer.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
