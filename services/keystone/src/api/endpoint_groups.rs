//! `/v3/OS-EP-FILTER/endpoint_groups`.

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
    Cx,
    guard::Guard,
    listing::{Listing, last, no_content},
};
use crate::{Keystone, ids::new_id, model::endpoint_group};

pub(super) fn routes() -> Routes<Keystone> {
    const ALL: &str = "/v3/OS-EP-FILTER/endpoint_groups";
    const ONE: &str = "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}";
    Routes::new()
        .get(ALL, "identity:list_endpoint_groups", list)
        .list(&SPEC)
        .post(ALL, "identity:create_endpoint_group", create)
        .get(ONE, "identity:get_endpoint_group", show)
        .patch(ONE, "identity:update_endpoint_group", update)
        .delete(ONE, "identity:delete_endpoint_group", delete)
}

static SPEC: ListSpec<endpoint_group::Entity> = ListSpec {
    id: endpoint_group::Column::Id,
    id_kind: Kind::Text,
    filters: &[("name", endpoint_group::Column::Name, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "endpoint_group", open)]
struct CreateGroup {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: String,
    description: Option<String>,
    filters: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "endpoint_group", open)]
struct UpdateGroup {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: Option<String>,
    description: Option<String>,
    filters: Option<Map<String, Value>>,
}

pub(super) fn view(cx: &Cx, row: &endpoint_group::Model) -> Value {
    json!({
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "filters": row.filters,
        "links": {"self": cx.link(&format!("/v3/OS-EP-FILTER/endpoint_groups/{}", row.id))},
    })
}

/// Filters ask for what endpoints have.
fn check(filters: &Map<String, Value>) -> Result<(), Fault> {
    for (name, value) in filters {
        let fine = match name.as_str() {
            "service_id" | "region_id" => value.is_string(),
            "interface" => matches!(value.as_str(), Some("admin" | "internal" | "public")),
            _ => false,
        };
        if !fine {
            return Err(Fault::bad_request(
                "Expecting to find attributes of an endpoint (service_id, region_id, interface) in filters.",
            ));
        }
    }
    Ok(())
}

pub(super) async fn found(cx: &Cx, id: &str) -> Result<endpoint_group::Model, Fault> {
    let row = endpoint_group::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |_| Target::none(), "Endpoint Group", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let page = listing.page(&cx, endpoint_group::Entity::find(), &SPEC).await?;
    let views: Vec<Value> = page.items.iter().map(|row| view(&cx, row)).collect();
    listing.answer(&cx, "endpoint_groups", &views, last(&page, |row| &row.id))
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    json(StatusCode::OK, &json!({"endpoint_group": view(&cx, &row)}))
}

async fn create(cx: Cx, body: Body<CreateGroup>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let body = body.0;
    check(&body.filters)?;
    let row = endpoint_group::Model {
        id: new_id(),
        name: body.name,
        description: body.description,
        filters: Value::Object(body.filters),
    };
    let tx = cx.service.change().await?;
    endpoint_group::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    tx.commit().await?;
    json(StatusCode::CREATED, &json!({"endpoint_group": view(&cx, &row)}))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateGroup>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    if let Some(filters) = body.filters {
        check(&filters)?;
        row.filters = Value::Object(filters);
    }
    row.name = body.name.unwrap_or(row.name);
    row.description = body.description.or(row.description);
    let tx = cx.service.change().await?;
    endpoint_group::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.commit().await?;
    json(StatusCode::OK, &json!({"endpoint_group": view(&cx, &row)}))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let tx = cx.service.change().await?;
    endpoint_group::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}
