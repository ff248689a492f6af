//! Secrets: made with their payload or without, listed, shown, deleted.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode, header};
use platform::{
    Body as BodyDerive, View,
    db::list::{Kind, ListSpec},
    http::{Body, Cx, Fault, Query, Routes, json},
    policy::Rule,
    wire::At,
};
use sea_orm::Order;
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::{moment, pages, payloads, rule};
use crate::{
    Barbican, content,
    error::Error,
    model::{
        consumer, payload,
        secret::{self, Column, Entity, Model},
    },
    quota,
};

const OWN: &str = "rule:secret_project_admin or (rule:secret_project_member and rule:secret_owner) or \
                   (rule:secret_project_member and rule:secret_is_not_private)";
const RULES: &[Rule] = &[
    rule(
        "secret_project_match",
        "project_id:%(target.secret.project_id)s",
        "Whose token is of the secret's project.",
    ),
    rule(
        "secret_project_member",
        "role:member and rule:secret_project_match",
        "A member of the secret's project.",
    ),
    rule(
        "secret_project_admin",
        "role:admin and rule:secret_project_match",
        "An admin in the secret's project.",
    ),
    rule("secret_owner", "user_id:%(target.secret.creator_id)s", "Who made the secret."),
    rule(
        "secret_is_not_private",
        "'True':%(target.secret.read_project_access)s",
        "The project's members may read the secret.",
    ),
    rule("secret_own", OWN, "Who may use the secret."),
    rule("secrets:post", "role:member", "Make a secret."),
    rule("secrets:get", "role:member", "List a project's secrets."),
    rule("secret:get", "role:admin or rule:secret_own", "Show what is known of a secret."),
    rule("secret:delete", "role:admin or rule:secret_own", "Delete a secret."),
];

pub(super) fn routes() -> Routes<Barbican> {
    Routes::new()
        .rules(RULES)
        .post("/v1/secrets", "secrets:post", create)
        .get("/v1/secrets", "secrets:get", index)
        .list(&LIST)
        .get("/v1/secrets/{id}", "secret:get", show)
        .delete("/v1/secrets/{id}", "secret:delete", delete)
}

static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("name", Column::Name, Kind::Text),
        ("alg", Column::Algorithm, Kind::Text),
        ("mode", Column::Mode, Kind::Text),
        ("bits", Column::BitLength, Kind::Int),
        ("secret_type", Column::SecretType, Kind::Text),
        ("created", Column::CreatedAt, Kind::Time),
        ("updated", Column::UpdatedAt, Kind::Time),
        ("expiration", Column::Expiration, Kind::Time),
    ],
    sorts: &[
        ("created", Column::CreatedAt),
        ("updated", Column::UpdatedAt),
        ("expiration", Column::Expiration),
        ("name", Column::Name),
        ("algorithm", Column::Algorithm),
        ("bit_length", Column::BitLength),
        ("mode", Column::Mode),
        ("secret_type", Column::SecretType),
    ],
    default_sort: &[("created", Order::Asc)],
    max_limit: None,
};

/// What is known of a secret.
#[derive(View)]
struct SecretView<'a> {
    created: String,
    updated: String,
    status: &'static str,
    name: Option<&'a str>,
    secret_type: &'a str,
    expiration: Option<String>,
    algorithm: Option<&'a str>,
    bit_length: Option<i64>,
    mode: Option<&'a str>,
    creator_id: &'a str,
    #[view(skip_none)]
    content_types: Option<Value>,
    secret_ref: String,
    #[view(since = "1.1")]
    consumers: Vec<Value>,
}

pub(super) fn reference(cx: &Cx<Barbican>, id: Uuid) -> String {
    cx.link(&format!("/v1/secrets/{id}"))
}

/// `consumers` are those of all the rows that are shown.
fn view<'a>(cx: &Cx<Barbican>, row: &'a Model, consumers: &[consumer::Model]) -> SecretView<'a> {
    let own = consumers.iter().filter(|consumer| consumer.secret_id == row.id);
    SecretView {
        created: moment(row.created_at),
        updated: moment(row.updated_at),
        status: "ACTIVE",
        name: row.name.as_deref(),
        secret_type: &row.secret_type,
        expiration: row.expiration.map(moment),
        algorithm: row.algorithm.as_deref(),
        bit_length: row.bit_length,
        mode: row.mode.as_deref(),
        creator_id: &row.creator_id,
        content_types: row.content_type.as_ref().map(|kind| literal!({"default": kind})),
        secret_ref: reference(cx, row.id),
        consumers: own
            .map(|consumer| {
                literal!({
                    "service": consumer.service,
                    "resource_type": consumer.resource_type,
                    "resource_id": consumer.resource_id,
                })
            })
            .collect(),
    }
}

async fn index(cx: Cx<Barbican>, mut query: Query) -> Result<Response, Fault> {
    let scope = cx.own_scope()?;
    // As in Barbican, an empty filter is none, and a number of bits that is no number neither.
    let is_bits = |value: &str| value.parse::<i64>().is_ok_and(|bits| bits > 0);
    query.pairs.retain(|(name, value)| !value.is_empty() && (name != "bits" || is_bits(value)));
    let page = pages::read(&cx, secret::visible(&scope), &LIST, &query).await?;
    let consumers = consumer::of_all(cx.service.db.read(), &page.rows).await?;
    let views: Vec<_> = page.rows.iter().map(|row| view(&cx, row, &consumers)).collect();
    page.answer(&cx, "secrets", &query, &views)
}

#[derive(Deserialize, BodyDerive)]
#[body(open)]
struct CreateSecret {
    #[body(max = 255)]
    name: Option<String>,
    #[body(max = 255)]
    algorithm: Option<String>,
    #[body(max = 255)]
    mode: Option<String>,
    #[body(minimum = 1, maximum = 32767)]
    bit_length: Option<i64>,
    #[body(max = 255)]
    expiration: Option<String>,
    payload: Option<String>,
    #[body(one_of = ["symmetric", "passphrase", "private", "public", "certificate", "opaque"])]
    secret_type: Option<String>,
    #[body(max = 255)]
    payload_content_type: Option<String>,
    #[body(one_of = ["base64"])]
    payload_content_encoding: Option<String>,
}

fn expiration(text: Option<&str>) -> Result<Option<DateTime<Utc>>, Error> {
    let wrong = |why| Error::Invalid { schema: "Secret", property: "expiration", why };
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let time = platform::wire::time::read(text).ok_or_else(|| wrong("Invalid date for 'expiration'"))?;
    if time <= Utc::now() {
        return Err(wrong("'expiration' is before current time"));
    }
    Ok(Some(time))
}

async fn create(cx: Cx<Barbican>, Body(body): Body<CreateSecret>) -> Result<Response, Fault> {
    let scope = cx.own_scope()?;
    let project = cx.project_id()?;
    let barbican = &cx.service;
    let encoding = body.payload_content_encoding.as_deref();
    let kind = body.payload_content_type.as_deref();
    let payload = match &body.payload {
        Some(payload) if payload.len() > barbican.config.max_payload_bytes => {
            return Err(Error::TooLarge.into());
        }
        Some(payload) => Some(content::from_json(payload, kind, encoding)?),
        None if kind.is_some() => {
            let why = "payload must be provided when payload_content_type is specified";
            return Err(Error::Invalid { schema: "Secret", property: "payload", why }.into());
        }
        None => None,
    };
    let now = Utc::now();
    let row = Model {
        id: Uuid::new_v4(),
        project_id: project.to_owned(),
        creator_id: cx.caller.user.id.clone(),
        name: body.name.map(|name| name.trim().to_owned()),
        secret_type: body.secret_type.unwrap_or_else(|| "opaque".into()),
        algorithm: body.algorithm,
        bit_length: body.bit_length,
        mode: body.mode,
        expiration: expiration(body.expiration.as_deref())?,
        content_type: payload.as_ref().map(|(kind, _)| (*kind).to_owned()),
        created_at: now,
        updated_at: now,
    };
    let mut tx = barbican.db.write().await?;
    quota::room_for_one(barbican, &tx, project, "secrets", secret::visible(&scope)).await?;
    secret::add(&tx, row.clone()).await?;
    if let Some((_, payload)) = payload {
        payload::add(&tx, &row, barbican.vault.seal(project, row.id, payload)?).await?;
    }
    tx.emit(cx.event("key_manager.secret.create", row.id));
    tx.commit().await?;
    let place = reference(&cx, row.id);
    let mut answer = json(StatusCode::CREATED, &literal!({"secret_ref": place}))?;
    answer.headers_mut().insert(header::LOCATION, place.parse().map_err(Fault::internal)?);
    Ok(answer)
}

/// Who accepts nothing but JSON (or anything) is shown the secret; others get its payload, as in old days.
async fn show(cx: Cx<Barbican>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, Fault> {
    let sealed = secret::find(cx.service.db.read(), &id).await?;
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if accept.is_some_and(|accept| !accept.contains("application/json") && !accept.contains("*/*")) {
        let secret = cx.open_for("secret:decrypt", sealed)?;
        return payloads::answer(&cx, &secret, accept).await;
    }
    answer(&cx, &cx.open(sealed)?).await
}

/// What is known of an opened secret.
pub(super) async fn answer(cx: &Cx<Barbican>, secret: &Model) -> Result<Response, Fault> {
    let consumers = consumer::of_all(cx.service.db.read(), std::slice::from_ref(secret)).await?;
    json(StatusCode::OK, &At(&view(cx, secret, &consumers), cx.version))
}

async fn delete(cx: Cx<Barbican>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = cx.open(secret::find(cx.service.db.read(), &id).await?)?;
    let mut tx = cx.service.db.write().await?;
    secret::delete(&tx, &row).await?;
    tx.emit(cx.event("key_manager.secret.delete", row.id));
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
