//! `/volumes/{id}/metadata` and `/snapshots/{id}/metadata`: the pairs, all at once and one by one.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::WriteTx,
    http::{Body, Cx, Fault, Routes, json},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use super::{metadata::Pairs, snapshots, volumes};
use crate::{
    Cinder,
    error::Error,
    model::{snapshot, volume},
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/volumes/{id}/metadata", "volume:get_volume_metadata", all::<Volumes>)
        .post("/v3/volumes/{id}/metadata", "volume:create_volume_metadata", add::<Volumes>)
        .put("/v3/volumes/{id}/metadata", "volume:update_volume_metadata", replace::<Volumes>)
        .get("/v3/volumes/{id}/metadata/{key}", "volume:get_volume_metadata", one::<Volumes>)
        .put("/v3/volumes/{id}/metadata/{key}", "volume:update_volume_metadata", set::<Volumes>)
        .delete("/v3/volumes/{id}/metadata/{key}", "volume:delete_volume_metadata", remove::<Volumes>)
        .get("/v3/snapshots/{id}/metadata", "volume:get_snapshot_metadata", all::<Snapshots>)
        .post("/v3/snapshots/{id}/metadata", "volume:update_snapshot_metadata", add::<Snapshots>)
        .put("/v3/snapshots/{id}/metadata", "volume:update_snapshot_metadata", replace::<Snapshots>)
        .get("/v3/snapshots/{id}/metadata/{key}", "volume:get_snapshot_metadata", one::<Snapshots>)
        .put("/v3/snapshots/{id}/metadata/{key}", "volume:update_snapshot_metadata", set::<Snapshots>)
        .delete("/v3/snapshots/{id}/metadata/{key}", "volume:delete_snapshot_metadata", remove::<Snapshots>)
}

/// Something that has pairs.
trait Tagged: Send + Sync + 'static {
    const WHAT: &'static str;
    const EVENT: &'static str;

    /// The thing's id, if the caller may do to it what the route does.
    fn found(cx: &Cx<Cinder>, id: &str) -> impl Future<Output = Result<(Uuid, Value), Fault>> + Send;

    /// The pairs as they are now, kept so by a lock until the transaction is over.
    fn locked(tx: &WriteTx, id: Uuid) -> impl Future<Output = Result<Option<Value>, DbErr>> + Send;

    fn store(tx: &WriteTx, id: Uuid, pairs: Value) -> impl Future<Output = Result<(), DbErr>> + Send;
}

struct Volumes;
struct Snapshots;

macro_rules! tagged {
    ($kind:ty, $table:ident, $place:ident, $what:literal, $event:literal) => {
        impl Tagged for $kind {
            const WHAT: &'static str = $what;
            const EVENT: &'static str = $event;

            async fn found(cx: &Cx<Cinder>, id: &str) -> Result<(Uuid, Value), Fault> {
                let row = $place::found(cx, id).await?;
                Ok((row.id, row.metadata))
            }

            async fn locked(tx: &WriteTx, id: Uuid) -> Result<Option<Value>, DbErr> {
                let row = $table::Entity::find_by_id(id).lock_exclusive().one(&**tx).await?;
                Ok(row.map(|row| row.metadata))
            }

            async fn store(tx: &WriteTx, id: Uuid, pairs: Value) -> Result<(), DbErr> {
                $table::Entity::update_many()
                    .col_expr($table::Column::Metadata, Expr::value(pairs))
                    .col_expr($table::Column::UpdatedAt, Expr::value(chrono::Utc::now()))
                    .filter($table::Column::Id.eq(id))
                    .exec(&**tx)
                    .await?;
                Ok(())
            }
        }
    };
}

tagged!(Volumes, volume, volumes, "Volume", "volume.update.end");
tagged!(Snapshots, snapshot, snapshots, "Snapshot", "snapshot.update.end");

/// Changes the pairs in one transaction, and tells what they are then.
async fn change<T: Tagged>(
    cx: &Cx<Cinder>,
    id: Uuid,
    change: impl FnOnce(&mut Map<String, Value>) + Send,
) -> Result<Value, Fault> {
    let mut tx = cx.service.db.write().await?;
    let Some(Value::Object(mut pairs)) = T::locked(&tx, id).await? else {
        return Err(Error::no_volume(id).into());
    };
    change(&mut pairs);
    let pairs = Value::Object(pairs);
    T::store(&tx, id, pairs.clone()).await?;
    tx.emit(cx.event(T::EVENT, id));
    tx.commit().await?;
    Ok(pairs)
}

fn object(pairs: Pairs) -> Map<String, Value> {
    pairs.0.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

/// `{"metadata": {...}}`
#[derive(Deserialize, BodyDerive)]
struct Metadata {
    metadata: Pairs,
}

/// `{"meta": {"name": "value"}}`
#[derive(Deserialize, BodyDerive)]
struct Meta {
    meta: Pairs,
}

async fn all<T: Tagged>(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let (_, pairs) = T::found(&cx, &id).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

async fn add<T: Tagged>(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Metadata>,
) -> Result<Response, Fault> {
    let (id, _) = T::found(&cx, &id).await?;
    let pairs = change::<T>(&cx, id, |pairs| pairs.extend(object(body.metadata))).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

async fn replace<T: Tagged>(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Metadata>,
) -> Result<Response, Fault> {
    let (id, _) = T::found(&cx, &id).await?;
    let pairs = change::<T>(&cx, id, |pairs| *pairs = object(body.metadata)).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

fn no_such_pair<T: Tagged>(id: Uuid, key: &str) -> Fault {
    Error::NoSuchMetadata { what: T::WHAT, id, key: key.chars().take(255).collect() }.into()
}

async fn one<T: Tagged>(cx: Cx<Cinder>, Path((id, key)): Path<(String, String)>) -> Result<Response, Fault> {
    let (id, pairs) = T::found(&cx, &id).await?;
    let value = pairs.get(&key).ok_or_else(|| no_such_pair::<T>(id, &key))?;
    json(StatusCode::OK, &literal!({"meta": {key.as_str(): value}}))
}

async fn set<T: Tagged>(
    cx: Cx<Cinder>,
    Path((id, key)): Path<(String, String)>,
    Body(body): Body<Meta>,
) -> Result<Response, Fault> {
    let (id, _) = T::found(&cx, &id).await?;
    let meta = object(body.meta);
    if !meta.contains_key(&key) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    if meta.len() > 1 {
        return Err(Fault::bad_request("Request body contains too many items"));
    }
    let answer = literal!({"meta": meta});
    change::<T>(&cx, id, |pairs| pairs.extend(meta)).await?;
    json(StatusCode::OK, &answer)
}

async fn remove<T: Tagged>(
    cx: Cx<Cinder>,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let (id, pairs) = T::found(&cx, &id).await?;
    if pairs.get(&key).is_none() {
        return Err(no_such_pair::<T>(id, &key));
    }
    change::<T>(&cx, id, |pairs| drop(pairs.remove(&key))).await?;
    Ok(StatusCode::OK.into_response())
}
