//! `/flavors/{id}/os-extra_specs`

use std::collections::BTreeMap;

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes},
    wire::Version,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Value, json};

use super::flavors::usable;
use crate::{
    Nova,
    error::NovaError,
    model::{
        self,
        flavor::{self, Strings},
    },
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/flavors/{id}/os-extra_specs", "/v2.1/flavors/{id}/os-extra_specs/{key}");
    Routes::new()
        .get(all, "os_compute_api:os-flavor-extra-specs:index", index)
        .post(all, "os_compute_api:os-flavor-extra-specs:create", create)
        .get(one, "os_compute_api:os-flavor-extra-specs:show", show)
        .put(one, "os_compute_api:os-flavor-extra-specs:update", update)
        .delete(one, "os_compute_api:os-flavor-extra-specs:delete", delete)
}

fn specs(_: Version) -> Value {
    json!({
        "type": "object",
        "patternProperties": {r"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "number"], "maxLength": 255}},
        "additionalProperties": false,
    })
}

#[derive(Deserialize, Body)]
struct CreateSpecs {
    #[body(schema = specs)]
    extra_specs: BTreeMap<String, Value>,
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn absent(id: &str, key: &str) -> Fault {
    NovaError::NotFound(format!("Flavor {id} has no extra specs with key {key}.")).into()
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = usable(&cx, &id).await?;
    web::json(StatusCode::OK, &json!({"extra_specs": row.extra_specs}))
}

async fn show(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = usable(&cx, &id).await?;
    let value = row.extra_specs.0.get(&key).ok_or_else(|| absent(&id, &key))?;
    web::json(StatusCode::OK, &json!({key: value}))
}

async fn store(
    cx: &Cx<Nova>,
    id: &str,
    change: impl FnOnce(&mut Strings) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut tx = cx.service.db.write().await?;
    let row = flavor::Entity::find_by_id(id).one(&*tx).await?;
    let mut specs = row.ok_or_else(|| NovaError::FlavorNotFound(id.to_owned()))?.extra_specs;
    change(&mut specs)?;
    flavor::Entity::update_many()
        .filter(flavor::Column::Id.eq(id))
        .col_expr(flavor::Column::ExtraSpecs, model::json(&specs))
        .col_expr(flavor::Column::UpdatedAt, Expr::value(Utc::now()))
        .exec(&*tx)
        .await?;
    tx.emit(cx.event("flavor.update", id));
    Ok(tx.commit().await?)
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<CreateSpecs>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let new: BTreeMap<String, String> =
        body.extra_specs.into_iter().map(|(key, value)| (key, text(value))).collect();
    let answer = json!({"extra_specs": new});
    store(&cx, &id, |specs| {
        specs.0.extend(new);
        Ok(())
    })
    .await?;
    web::json(StatusCode::OK, &answer)
}

async fn update(
    cx: Cx<Nova>,
    Path((id, key)): Path<(String, String)>,
    web::Body(body): web::Body<serde_json::Map<String, Value>>,
) -> Result<Response, Fault> {
    cx.allow()?;
    platform::wire::schema::check::<CreateSpecs>(&json!({"extra_specs": body}), cx.version)?;
    let mut members = body.into_iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return Err(Fault::bad_request("Request body contains too many items"));
    };
    if name != key {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    let value = text(value);
    let answer = json!({name.as_str(): value});
    store(&cx, &id, |specs| {
        specs.0.insert(name, value);
        Ok(())
    })
    .await?;
    web::json(StatusCode::OK, &answer)
}

async fn delete(cx: Cx<Nova>, Path((id, key)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    store(&cx, &id, |specs| specs.0.remove(&key).map(|_| ()).ok_or_else(|| absent(&id, &key))).await?;
    Ok(StatusCode::OK)
}
