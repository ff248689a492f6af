//! Payloads: uploaded in a second step, and got back.

use axum::{
    extract::{Path, Request},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use platform::{
    http::{Cx, Fault, Routes},
    policy::Rule,
};

use super::rule;
use crate::{
    Barbican, content,
    error::Error,
    model::{payload, secret},
};

const RULES: &[Rule] = &[
    rule("secret:decrypt", "rule:secret_own", "Get a secret's payload."),
    rule("secret:put", "rule:secret_own", "Give a payload to a secret that has none."),
];

pub(super) fn routes() -> Routes<Barbican> {
    Routes::new().rules(RULES).get("/v1/secrets/{id}/payload", "secret:decrypt", get).put(
        "/v1/secrets/{id}",
        "secret:put",
        put,
    )
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

async fn get(cx: Cx<Barbican>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let secret = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    answer(&cx, &secret, text(&headers, header::ACCEPT).as_deref()).await
}

/// The payload, as who asks accepts it.
pub(super) async fn answer(
    cx: &Cx<Barbican>,
    secret: &secret::Model,
    accept: Option<&str>,
) -> Result<Response, Fault> {
    let kept = secret.content_type.as_deref().and_then(content::normal).ok_or(Error::NoPayload)?;
    let sealed = payload::of(cx.service.db.read(), secret).await?.ok_or(Error::NoPayload)?;
    let payload = cx.service.vault.open(&secret.project_id, secret.id, &sealed)?;
    let kind = content::acceptable(kept, accept, &payload)?;
    let kind = if kind == content::TEXT { "text/plain; charset=utf-8" } else { kind };
    Ok(([(header::CONTENT_TYPE, kind)], payload).into_response())
}

async fn put(cx: Cx<Barbican>, Path(id): Path<String>, request: Request) -> Result<Response, Fault> {
    let secret = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    let barbican = &cx.service;
    let (parts, body) = request.into_parts();
    let body =
        axum::body::to_bytes(body, barbican.config.max_payload_bytes).await.map_err(|_| Error::TooLarge)?;
    let (kind, encoding) =
        (text(&parts.headers, header::CONTENT_TYPE), text(&parts.headers, header::CONTENT_ENCODING));
    let (kind, payload) = content::from_body(&body, kind.as_deref(), encoding.as_deref())?;
    let sealed = barbican.vault.seal(&secret.project_id, secret.id, payload)?;
    let mut tx = barbican.db.write().await?;
    payload::add(&tx, &secret, sealed).await?;
    secret::set_content_type(&tx, &secret, kind).await?;
    tx.emit(cx.event("key_manager.secret.update", secret.id));
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
