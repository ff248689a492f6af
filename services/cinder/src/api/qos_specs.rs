//! QoS specifications, and the types that they go with.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::list::{Kind, ListSpec},
    http::{Body, Cx, Fault, Query, Routes, json},
    wire::{Schema, Version},
};
use sea_orm::{ColumnTrait, EntityTrait, Order, PaginatorTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use super::pages;
use crate::{
    Cinder,
    error::Error,
    model::{
        qos_specs::{ActiveModel, Column, Entity, Model},
        volume_type,
    },
};

pub(crate) fn routes() -> Routes<Cinder> {
    const GET: &str = "volume_extension:qos_specs_manage:get";
    const GET_ALL: &str = "volume_extension:qos_specs_manage:get_all";
    const UPDATE: &str = "volume_extension:qos_specs_manage:update";
    const DELETE: &str = "volume_extension:qos_specs_manage:delete";
    Routes::new()
        .get("/v3/qos-specs", GET_ALL, list)
        .list(&LIST)
        .post("/v3/qos-specs", "volume_extension:qos_specs_manage:create", create)
        .get("/v3/qos-specs/{id}", GET, show)
        .put("/v3/qos-specs/{id}", UPDATE, set_keys)
        .delete("/v3/qos-specs/{id}", DELETE, delete)
        .put("/v3/qos-specs/{id}/delete_keys", DELETE, delete_keys)
        .get("/v3/qos-specs/{id}/associations", GET_ALL, associations)
        .get("/v3/qos-specs/{id}/associate", UPDATE, associate)
        .get("/v3/qos-specs/{id}/disassociate", UPDATE, disassociate)
        .get("/v3/qos-specs/{id}/disassociate_all", UPDATE, disassociate_all)
}

fn view(row: &Model) -> Value {
    literal!({"id": row.id, "name": row.name, "consumer": row.consumer, "specs": row.specs})
}

async fn full(cx: &Cx<Cinder>, row: &Model) -> Result<Response, Fault> {
    let links = pages::links(cx, &format!("/qos-specs/{}", row.id));
    json(StatusCode::OK, &literal!({"qos_specs": view(row), "links": links}))
}

static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("id", Column::Id, Kind::Uuid),
        ("name", Column::Name, Kind::Text),
        ("consumer", Column::Consumer, Kind::Text),
    ],
    sorts: &[("created_at", Column::CreatedAt), ("id", Column::Id), ("name", Column::Name)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let page = pages::read(&cx, Entity::find(), &LIST, &query).await?;
    let links = page.next(&cx, "/qos-specs", &query, |row| row.id);
    let views: Vec<Value> = page.rows.iter().map(view).collect();
    pages::answer(&cx, "qos_specs", &views, links, None)
}

/// Names and values, that may be numbers too.
#[derive(Deserialize)]
#[serde(transparent)]
struct Specs(Map<String, Value>);

impl Schema for Specs {
    fn schema(_: Version) -> Value {
        literal!({
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": 255, "pattern": "^[a-zA-Z0-9\\-_:. ]*$"},
            "additionalProperties": {"type": ["string", "number", "boolean"], "maxLength": 255},
        })
    }
}

impl Specs {
    /// Values as texts.
    fn texts(self) -> Map<String, Value> {
        let text = |value: Value| match value {
            Value::String(text) => text,
            value => value.to_string(),
        };
        self.0.into_iter().map(|(name, value)| (name, Value::String(text(value)))).collect()
    }
}

#[derive(Deserialize, BodyDerive)]
struct QosBody {
    qos_specs: Specs,
}

const CONSUMERS: [&str; 3] = ["front-end", "back-end", "both"];

fn consumer(specs: &mut Map<String, Value>) -> Result<Option<String>, Fault> {
    let Some(Value::String(consumer)) = specs.remove("consumer") else { return Ok(None) };
    if CONSUMERS.contains(&consumer.as_str()) {
        Ok(Some(consumer))
    } else {
        Err(Fault::bad_request(format!(
            "Invalid qos specs: Valid consumer of QoS specs are: {}",
            CONSUMERS.join(", ")
        )))
    }
}

async fn create(cx: Cx<Cinder>, Body(body): Body<QosBody>) -> Result<Response, Fault> {
    cx.allow()?;
    let mut specs = body.qos_specs.texts();
    let name = match specs.remove("name") {
        Some(Value::String(name)) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => {
            return Err(Fault::bad_request(
                "Invalid input for field/attribute name. It must be a string that is not empty.",
            ));
        }
    };
    let consumer = consumer(&mut specs)?.unwrap_or_else(|| "back-end".into());
    let row = Model {
        id: Uuid::new_v4(),
        name,
        consumer,
        specs: Value::Object(specs),
        created_at: chrono::Utc::now(),
    };
    let mut tx = cx.service.db.write().await?;
    if Entity::find().filter(Column::Name.eq(row.name.as_str())).count(&*tx).await? > 0 {
        return Err(Fault::conflict(format!("QoS Specs {} already exists.", row.name)));
    }
    Entity::insert(ActiveModel::from(row.clone())).exec_without_returning(&*tx).await?;
    tx.emit(cx.event("qos_specs.create", row.id));
    tx.commit().await?;
    full(&cx, &row).await
}

async fn found(cx: &Cx<Cinder>, id: &str) -> Result<Model, Fault> {
    cx.allow()?;
    let row = match id.parse::<Uuid>() {
        Ok(id) => Entity::find_by_id(id).one(cx.service.db.read()).await?,
        Err(_) => None,
    };
    Ok(row.ok_or_else(|| Error::QosSpecsNotFound(Error::shown(id)))?)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    full(&cx, &row).await
}

/// Changes the specs in one transaction.
async fn change(
    cx: &Cx<Cinder>,
    id: Uuid,
    consumer: Option<String>,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut tx = cx.service.db.write().await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&*tx).await?;
    let row = row.ok_or_else(|| Error::QosSpecsNotFound(id.to_string()))?;
    let mut specs = row.specs.as_object().cloned().unwrap_or_default();
    change(&mut specs)?;
    Entity::update_many()
        .col_expr(Column::Specs, Expr::value(Value::Object(specs)))
        .col_expr(Column::Consumer, Expr::value(consumer.unwrap_or(row.consumer)))
        .filter(Column::Id.eq(id))
        .exec(&*tx)
        .await?;
    tx.emit(cx.event("qos_specs.update", id));
    tx.commit().await?;
    Ok(())
}

async fn set_keys(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<QosBody>,
) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let mut specs = body.qos_specs.texts();
    let answer = literal!({"qos_specs": specs});
    let consumer = consumer(&mut specs)?;
    change(&cx, row.id, consumer, |kept| {
        kept.extend(specs);
        Ok(())
    })
    .await?;
    json(StatusCode::OK, &answer)
}

#[derive(Deserialize, BodyDerive)]
struct Keys {
    keys: Vec<String>,
}

async fn delete_keys(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Keys>,
) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    change(&cx, row.id, None, |specs| {
        for key in &body.keys {
            if specs.remove(key).is_none() {
                let key: String = key.chars().take(255).collect();
                return Err(Fault::not_found(format!("QoS spec {} has no spec with key {key}.", row.id)));
            }
        }
        Ok(())
    })
    .await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let force = query.flag("force")?.unwrap_or(false);
    let mut tx = cx.service.db.write().await?;
    let of = volume_type::Column::QosSpecsId.eq(row.id);
    if !force && volume_type::Entity::find().filter(of.clone()).count(&*tx).await? > 0 {
        return Err(Fault::bad_request("Qos specs still in use."));
    }
    volume_type::Entity::update_many()
        .col_expr(volume_type::Column::QosSpecsId, Expr::value(Option::<Uuid>::None))
        .filter(of)
        .exec(&*tx)
        .await?;
    Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.emit(cx.event("qos_specs.delete", row.id));
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn associations(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let kinds = volume_type::Entity::find().filter(volume_type::Column::QosSpecsId.eq(row.id));
    let list: Vec<Value> = kinds
        .all(cx.service.db.read())
        .await?
        .into_iter()
        .map(|kind| literal!({"association_type": "volume_type", "name": kind.name, "id": kind.id}))
        .collect();
    json(StatusCode::OK, &literal!({"qos_associations": list}))
}

/// Sets what goes with the types of a condition.
async fn associate_types(
    cx: &Cx<Cinder>,
    which: sea_orm::sea_query::SimpleExpr,
    with: Option<Uuid>,
) -> Result<u64, Fault> {
    let tx = cx.service.db.write().await?;
    let changed = volume_type::Entity::update_many()
        .col_expr(volume_type::Column::QosSpecsId, Expr::value(with))
        .filter(which)
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(changed.rows_affected)
}

async fn kind(cx: &Cx<Cinder>, query: &Query) -> Result<volume_type::Model, Fault> {
    let Some(asked) = query.get("vol_type_id").filter(|id| !id.is_empty()) else {
        return Err(Fault::bad_request("Volume Type id must not be None."));
    };
    let found = match asked.parse::<Uuid>() {
        Ok(id) => volume_type::Entity::find_by_id(id).one(cx.service.db.read()).await?,
        Err(_) => None,
    };
    Ok(found.ok_or_else(|| Error::TypeNotFound(Error::shown(asked)))?)
}

async fn associate(cx: Cx<Cinder>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let kind = kind(&cx, &query).await?;
    if kind.qos_specs_id.is_some_and(|other| other != row.id) {
        return Err(Fault::bad_request(format!(
            "Invalid volume type: Type {} is already associated with another qos specs: {}",
            kind.id,
            kind.qos_specs_id.unwrap_or_default()
        )));
    }
    associate_types(&cx, volume_type::Column::Id.eq(kind.id), Some(row.id)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn disassociate(cx: Cx<Cinder>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let kind = kind(&cx, &query).await?;
    associate_types(&cx, volume_type::Column::Id.eq(kind.id), None).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn disassociate_all(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    associate_types(&cx, volume_type::Column::QosSpecsId.eq(row.id), None).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
