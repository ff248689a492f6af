//! What users note beside a secret, in pairs.

use std::collections::BTreeMap;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use platform::{
    Body as BodyDerive,
    http::{Body, Cx, Fault, Routes, json},
    policy::Rule,
};
use serde::Deserialize;
use serde_json::{Value, json as literal};

use super::{rule, secrets::reference};
use crate::{
    Barbican,
    error::Error,
    model::{metadatum, secret},
};

const RULES: &[Rule] = &[
    rule("secret_meta:get", "rule:secret_own", "Show what users note beside a secret."),
    rule("secret_meta:post", "rule:secret_own", "Note something beside a secret."),
    rule("secret_meta:put", "rule:secret_own", "Change what is noted beside a secret."),
    rule("secret_meta:delete", "rule:secret_own", "Remove what is noted beside a secret."),
];

pub(super) fn routes() -> Routes<Barbican> {
    Routes::new()
        .rules(RULES)
        .get("/v1/secrets/{id}/metadata", "secret_meta:get", all)
        .put("/v1/secrets/{id}/metadata", "secret_meta:put", replace)
        .post("/v1/secrets/{id}/metadata", "secret_meta:post", add)
        .get("/v1/secrets/{id}/metadata/{key}", "secret_meta:get", one)
        .put("/v1/secrets/{id}/metadata/{key}", "secret_meta:put", change)
        .delete("/v1/secrets/{id}/metadata/{key}", "secret_meta:delete", remove)
}

const MISSING: Error = Error::Missing("Secret metadata");

/// Keys are part of addresses, and known in small letters.
fn key(text: &str) -> Result<String, Error> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if text.is_empty() || text.len() > 255 || !text.bytes().all(safe) {
        return Err(Error::BadRequest("Invalid Key. Key must be URL safe."));
    }
    Ok(text.to_ascii_lowercase())
}

async fn open(cx: &Cx<Barbican>, id: &str) -> Result<secret::Model, Fault> {
    Ok(cx.open(secret::find(cx.service.db.read(), id).await?)?)
}

async fn all(cx: Cx<Barbican>, Path(id): Path<String>) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let pairs = metadatum::of(cx.service.db.read(), &secret).await?;
    json(StatusCode::OK, &literal!({"metadata": pairs}))
}

#[derive(Deserialize, BodyDerive)]
#[body(open)]
struct Replace {
    metadata: BTreeMap<String, Value>,
}

async fn replace(
    cx: Cx<Barbican>,
    Path(id): Path<String>,
    Body(body): Body<Replace>,
) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let mut pairs = BTreeMap::new();
    for (name, value) in &body.metadata {
        let value = value.as_str().filter(|value| value.chars().count() <= 255);
        let value = value.ok_or(Error::BadRequest("Invalid Metadata. Keys and Values must be Strings."))?;
        pairs.insert(key(name)?, value);
    }
    let tx = cx.service.db.write().await?;
    metadatum::clear(&tx, &secret).await?;
    for (name, value) in pairs {
        metadatum::set(&tx, &secret, &name, value).await?;
    }
    tx.commit().await?;
    json(StatusCode::CREATED, &literal!({"metadata_ref": format!("{}/metadata", reference(&cx, secret.id))}))
}

#[derive(Deserialize, BodyDerive)]
struct Pair {
    #[body(max = 255)]
    key: String,
    #[body(max = 255)]
    value: String,
}

async fn add(cx: Cx<Barbican>, Path(id): Path<String>, Body(pair): Body<Pair>) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let name = key(&pair.key)?;
    let tx = cx.service.db.write().await?;
    if metadatum::value(&*tx, &secret, &name).await?.is_some() {
        return Err(Error::Conflict("Conflict. Key in request is already in the secret metadata").into());
    }
    metadatum::set(&tx, &secret, &name, &pair.value).await?;
    tx.commit().await?;
    let place = format!("{}/metadata/{name}", reference(&cx, secret.id));
    let mut answer = json(StatusCode::CREATED, &literal!({"key": name, "value": pair.value}))?;
    answer.headers_mut().insert(header::LOCATION, place.parse().map_err(Fault::internal)?);
    Ok(answer)
}

async fn one(cx: Cx<Barbican>, Path((id, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let value = metadatum::value(cx.service.db.read(), &secret, &name).await?.ok_or(MISSING)?;
    json(StatusCode::OK, &literal!({"key": name, "value": value}))
}

async fn change(
    cx: Cx<Barbican>,
    Path((id, name)): Path<(String, String)>,
    Body(pair): Body<Pair>,
) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    metadatum::value(&*tx, &secret, &name).await?.ok_or(MISSING)?;
    if key(&pair.key)? != name {
        return Err(Error::Conflict("Key in request data does not match key in the request url.").into());
    }
    metadatum::set(&tx, &secret, &name, &pair.value).await?;
    tx.commit().await?;
    json(StatusCode::OK, &literal!({"key": name, "value": pair.value}))
}

async fn remove(cx: Cx<Barbican>, Path((id, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let secret = open(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    if !metadatum::remove(&tx, &secret, &name).await? {
        return Err(MISSING.into());
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
