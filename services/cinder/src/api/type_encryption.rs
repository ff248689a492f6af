//! How the volumes of a type are to be encrypted. It is kept as it is set; a volume of such a type is refused as long as
//! no backend encrypts, rather than kept in the clear.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    http::{Body, Cx, Fault, Routes, json},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use super::types;
use crate::{
    Cinder,
    model::{
        volume,
        volume_type::{self, Column, Entity},
    },
};

pub(crate) fn routes() -> Routes<Cinder> {
    const GET: &str = "volume_extension:volume_type_encryption:get";
    Routes::new()
        .get("/v3/types/{id}/encryption", GET, show)
        .post("/v3/types/{id}/encryption", "volume_extension:volume_type_encryption:create", create)
        .get("/v3/types/{id}/encryption/{item}", GET, show_item)
        .put("/v3/types/{id}/encryption/{item}", "volume_extension:volume_type_encryption:update", update)
        .delete("/v3/types/{id}/encryption/{item}", "volume_extension:volume_type_encryption:delete", delete)
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "encryption")]
struct Encryption {
    #[body(min = 1, max = 255)]
    provider: Option<String>,
    #[body(one_of = ["front-end", "back-end"])]
    control_location: Option<String>,
    #[body(max = 255)]
    cipher: Option<String>,
    #[serde(default)]
    #[body(schema = key_size_schema)]
    key_size: Value,
    encryption_id: Option<Uuid>,
}

fn key_size_schema(_: platform::wire::Version) -> Value {
    literal!({"oneOf": [
        {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
        {"type": "string", "pattern": "^[0-9]{1,9}$"},
        {"type": "null"}]})
}

impl Encryption {
    /// What was given, by name.
    fn given(&self) -> Map<String, Value> {
        let key_size = self.key_size.as_i64().or_else(|| self.key_size.as_str()?.parse().ok());
        let all = [
            ("provider", literal!(self.provider)),
            ("control_location", literal!(self.control_location)),
            ("cipher", literal!(self.cipher)),
            ("key_size", literal!(key_size)),
        ];
        all.into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn shown(row: &volume_type::Model) -> Value {
    let mut encryption = row.encryption.clone().unwrap_or_else(|| literal!({}));
    if let Some(map) = encryption.as_object_mut().filter(|map| !map.is_empty()) {
        map.insert("volume_type_id".into(), literal!(row.id));
    }
    encryption
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = types::found(&cx, &id).await?;
    json(StatusCode::OK, &shown(&row))
}

fn none(row: &volume_type::Model) -> Fault {
    Fault::not_found(format!("Volume type encryption for type {} does not exist.", row.id))
}

async fn show_item(cx: Cx<Cinder>, Path((id, item)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = types::found(&cx, &id).await?;
    let value = shown(&row).get(&item).cloned().ok_or_else(|| none(&row))?;
    json(StatusCode::OK, &literal!({item: value}))
}

/// Sets what is kept, if no volume is of the type.
async fn store(
    cx: &Cx<Cinder>,
    row: &volume_type::Model,
    encryption: Option<Value>,
    what: &str,
) -> Result<(), Fault> {
    let tx = cx.service.db.write().await?;
    if volume::are_of(&tx, row).await? {
        return Err(Fault::bad_request(format!("Cannot {what} encryption specs. Volume type in use.")));
    }
    Entity::update_many()
        .col_expr(Column::Encryption, Expr::value(encryption))
        .filter(Column::Id.eq(row.id))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

async fn create(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Encryption>,
) -> Result<Response, Fault> {
    let mut row = types::found(&cx, &id).await?;
    if row.encryption.is_some() {
        return Err(Fault::bad_request(format!(
            "Volume type encryption for type {} already exists.",
            row.id
        )));
    }
    let (true, true) = (body.provider.is_some(), body.control_location.is_some()) else {
        return Err(Fault::bad_request("Invalid input: provider and control_location are needed."));
    };
    let mut given = body.given();
    given.entry("cipher").or_insert(Value::Null);
    given.entry("key_size").or_insert(Value::Null);
    given.insert("encryption_id".into(), literal!(body.encryption_id.unwrap_or_else(Uuid::new_v4)));
    row.encryption = Some(Value::Object(given));
    store(&cx, &row, row.encryption.clone(), "create").await?;
    json(StatusCode::OK, &literal!({"encryption": shown(&row)}))
}

fn is_kept(row: &volume_type::Model, id: &str) -> Result<Map<String, Value>, Fault> {
    let kept = row.encryption.as_ref().and_then(Value::as_object);
    // Clients also say `provider`, as the first releases did.
    let known =
        kept.filter(|kept| id == "provider" || kept.get("encryption_id").is_some_and(|known| known == id));
    known.cloned().ok_or_else(|| none(row))
}

async fn update(
    cx: Cx<Cinder>,
    Path((id, item)): Path<(String, String)>,
    Body(body): Body<Encryption>,
) -> Result<Response, Fault> {
    let row = types::found(&cx, &id).await?;
    let mut kept = is_kept(&row, &item)?;
    let given = body.given();
    kept.extend(given.clone());
    store(&cx, &row, Some(Value::Object(kept)), "update").await?;
    json(StatusCode::OK, &literal!({"encryption": given}))
}

async fn delete(cx: Cx<Cinder>, Path((id, item)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = types::found(&cx, &id).await?;
    is_kept(&row, &item)?;
    store(&cx, &row, None, "delete").await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
