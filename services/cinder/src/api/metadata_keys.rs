//! `/volumes/{id}/metadata` and `/snapshots/{id}/metadata`: the pairs, all at once and one by one.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::{
        WriteTx, opened,
        owned::{Owned, Sealed},
    },
    http::{Body, Cx, Fault, Routes, json},
};
use sea_orm::{DatabaseConnection, DbErr};
use serde::Deserialize;
use serde_json::{Map, Value, json as literal};
use uuid::Uuid;

use super::metadata::Pairs;
use crate::{
    Cinder,
    error::Error,
    model::{snapshot, volume},
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/volumes/{id}/metadata", "volume:get_volume_metadata", all::<volume::Model>)
        .post("/v3/volumes/{id}/metadata", "volume:create_volume_metadata", add::<volume::Model>)
        .put("/v3/volumes/{id}/metadata", "volume:update_volume_metadata", replace::<volume::Model>)
        .get("/v3/volumes/{id}/metadata/{key}", "volume:get_volume_metadata", one::<volume::Model>)
        .put("/v3/volumes/{id}/metadata/{key}", "volume:update_volume_metadata", set::<volume::Model>)
        .delete("/v3/volumes/{id}/metadata/{key}", "volume:delete_volume_metadata", remove::<volume::Model>)
        .get("/v3/snapshots/{id}/metadata", "volume:get_snapshot_metadata", all::<snapshot::Model>)
        .post("/v3/snapshots/{id}/metadata", "volume:update_snapshot_metadata", add::<snapshot::Model>)
        .put("/v3/snapshots/{id}/metadata", "volume:update_snapshot_metadata", replace::<snapshot::Model>)
        .get("/v3/snapshots/{id}/metadata/{key}", "volume:get_snapshot_metadata", one::<snapshot::Model>)
        .put("/v3/snapshots/{id}/metadata/{key}", "volume:update_snapshot_metadata", set::<snapshot::Model>)
        .delete(
            "/v3/snapshots/{id}/metadata/{key}",
            "volume:delete_snapshot_metadata",
            remove::<snapshot::Model>,
        )
}

/// Something that has pairs.
trait Tagged: Owned<Missing = Error> + Sized + Send + Sync + 'static {
    const WHAT: &'static str;
    const EVENT: &'static str;

    fn id(&self) -> Uuid;

    fn pairs(&self) -> &Value;

    fn find(db: &DatabaseConnection, id: &str) -> impl Future<Output = Result<Sealed<Self>, DbErr>> + Send;

    /// As it is now, kept so by a lock until the transaction is over.
    fn lock(&self, tx: &WriteTx) -> impl Future<Output = Result<Option<Self>, DbErr>> + Send;

    fn store(&self, tx: &WriteTx, pairs: Value) -> impl Future<Output = Result<(), DbErr>> + Send;
}

macro_rules! tagged {
    ($table:ident, $what:literal, $event:literal) => {
        impl Tagged for $table::Model {
            const WHAT: &'static str = $what;
            const EVENT: &'static str = $event;

            fn id(&self) -> Uuid {
                self.id
            }

            fn pairs(&self) -> &Value {
                &self.metadata
            }

            async fn find(db: &DatabaseConnection, id: &str) -> Result<Sealed<Self>, DbErr> {
                $table::find(db, id).await
            }

            async fn lock(&self, tx: &WriteTx) -> Result<Option<Self>, DbErr> {
                opened::lock(tx, self).await
            }

            async fn store(&self, tx: &WriteTx, pairs: Value) -> Result<(), DbErr> {
                $table::set_metadata(tx, self, pairs).await
            }
        }
    };
}

tagged!(volume, "Volume", "volume.update.end");
tagged!(snapshot, "Snapshot", "snapshot.update.end");

/// The thing, if the caller may do to it what the route does.
async fn found<T: Tagged>(cx: &Cx<Cinder>, id: &str) -> Result<T, Fault> {
    Ok(cx.open(T::find(cx.service.db.read(), id).await?)?)
}

/// Changes the pairs in one transaction, and tells what they are then.
async fn change<T: Tagged>(
    cx: &Cx<Cinder>,
    row: &T,
    change: impl FnOnce(&mut Map<String, Value>) + Send,
) -> Result<Value, Fault> {
    let mut tx = cx.service.db.write().await?;
    let now = row.lock(&tx).await?;
    let mut pairs = match now.as_ref().map(T::pairs) {
        Some(Value::Object(pairs)) => pairs.clone(),
        _ => return Err(T::missing(&row.id().to_string()).into()),
    };
    change(&mut pairs);
    let pairs = Value::Object(pairs);
    row.store(&tx, pairs.clone()).await?;
    tx.emit(cx.event(T::EVENT, row.id()));
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
    let row: T = found(&cx, &id).await?;
    json(StatusCode::OK, &literal!({"metadata": row.pairs()}))
}

async fn add<T: Tagged>(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Metadata>,
) -> Result<Response, Fault> {
    let row: T = found(&cx, &id).await?;
    let pairs = change(&cx, &row, |pairs| pairs.extend(object(body.metadata))).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

async fn replace<T: Tagged>(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Metadata>,
) -> Result<Response, Fault> {
    let row: T = found(&cx, &id).await?;
    let pairs = change(&cx, &row, |pairs| *pairs = object(body.metadata)).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

fn no_such_pair<T: Tagged>(id: Uuid, key: &str) -> Fault {
    Error::NoSuchMetadata { what: T::WHAT, id, key: key.chars().take(255).collect() }.into()
}

async fn one<T: Tagged>(cx: Cx<Cinder>, Path((id, key)): Path<(String, String)>) -> Result<Response, Fault> {
    let row: T = found(&cx, &id).await?;
    let value = row.pairs().get(&key).ok_or_else(|| no_such_pair::<T>(row.id(), &key))?;
    json(StatusCode::OK, &literal!({"meta": {key.as_str(): value}}))
}

async fn set<T: Tagged>(
    cx: Cx<Cinder>,
    Path((id, key)): Path<(String, String)>,
    Body(body): Body<Meta>,
) -> Result<Response, Fault> {
    let row: T = found(&cx, &id).await?;
    let meta = object(body.meta);
    if !meta.contains_key(&key) {
        return Err(Fault::bad_request("Request body and URI mismatch"));
    }
    if meta.len() > 1 {
        return Err(Fault::bad_request("Request body contains too many items"));
    }
    let answer = literal!({"meta": meta});
    change(&cx, &row, |pairs| pairs.extend(meta)).await?;
    json(StatusCode::OK, &answer)
}

async fn remove<T: Tagged>(
    cx: Cx<Cinder>,
    Path((id, key)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let row: T = found(&cx, &id).await?;
    if row.pairs().get(&key).is_none() {
        return Err(no_such_pair::<T>(row.id(), &key));
    }
    change(&cx, &row, |pairs| drop(pairs.remove(&key))).await?;
    Ok(StatusCode::OK.into_response())
}
