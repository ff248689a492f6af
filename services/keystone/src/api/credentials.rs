//! `/v3/credentials`: EC2 keys, TOTP seeds and others. The blob is encrypted at rest.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Cx,
    bearer::Bearer,
    extra,
    guard::{Guard, forbidden, may},
    listing::{Listing, last, no_content},
};
use crate::{
    Keystone,
    error::Error,
    ids::{hex, new_id},
    model::credential,
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/credentials", "identity:list_credentials", list)
        .list(&SPEC)
        .post("/v3/credentials", "identity:create_credential", create)
        .get("/v3/credentials/{credential_id}", "identity:get_credential", show)
        .patch("/v3/credentials/{credential_id}", "identity:update_credential", update)
        .delete("/v3/credentials/{credential_id}", "identity:delete_credential", delete)
}

static SPEC: ListSpec<credential::Entity> = ListSpec {
    id: credential::Column::Id,
    id_kind: Kind::Text,
    filters: &[
        ("user_id", credential::Column::UserId, Kind::Text),
        ("type", credential::Column::Kind, Kind::Text),
    ],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

const DELEGATED: &str = "Delegated tokens cannot access credentials directly";

#[derive(Deserialize, Wire)]
#[body(wrap = "credential", open)]
struct CreateCredential {
    #[body(min = 1, max = 255)]
    r#type: String,
    blob: String,
    #[body(min = 1, max = 64)]
    user_id: Option<String>,
    #[body(max = 64)]
    project_id: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "credential", open)]
struct UpdateCredential {
    #[body(min = 1, max = 255)]
    r#type: Option<String>,
    blob: Option<String>,
    #[body(min = 1, max = 64)]
    user_id: Option<String>,
    #[body(max = 64)]
    project_id: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// Whose it is.
pub(super) fn about(user: &str) -> Target<'_> {
    Target::none().with("target.credential.user_id", user)
}

/// The id of an EC2 credential follows from its access key, so that it is found by that.
pub(crate) fn ec2_id(access: &str) -> String {
    hex(&Sha256::digest(access.as_bytes()))
}

impl Keystone {
    /// Encrypts what is stored.
    pub(crate) fn seal(&self, text: &str) -> Result<String, Error> {
        let sealed = self.credential_keys.encrypt(text.as_bytes());
        sealed.ok_or_else(|| Error::Inside("a credential can't be encrypted".into()))
    }

    /// Decrypts what was stored.
    pub(crate) fn unseal(&self, sealed: &str) -> Result<String, Error> {
        let bytes = self.credential_keys.decrypt(sealed);
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| Error::Inside("a credential can't be decrypted: its key is gone".into()))
    }
}

fn view(cx: &Cx, row: &credential::Model) -> Result<Value, Error> {
    let mut shown = extra::shown(row.extra.clone());
    shown.insert("id".into(), json!(row.id));
    shown.insert("user_id".into(), json!(row.user_id));
    shown.insert("project_id".into(), json!(row.project_id));
    shown.insert("type".into(), json!(row.kind));
    shown.insert("blob".into(), json!(cx.service.unseal(&row.encrypted_blob)?));
    shown.insert("links".into(), json!({"self": cx.link(&format!("/v3/credentials/{}", row.id))}));
    Ok(Value::Object(shown))
}

async fn found(cx: &Cx, id: &str) -> Result<credential::Model, Fault> {
    let row = credential::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, |row| about(&row.user_id), "credential", id)
}

async fn list(cx: Cx, bearer: Bearer, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about(&cx.caller.user.id))?;
    bearer.primary(DELEGATED)?;
    let mut select = credential::Entity::find();
    // Who may see those of others sees all, who may not sees its own, whatever it filters by.
    if !may(&cx, "identity:get_credential", &Target::none()) {
        select = select.filter(credential::Column::UserId.eq(cx.caller.user.id.as_str()));
    }
    let page = listing.page(&cx, select, &SPEC).await?;
    let views: Vec<Value> = page.items.iter().map(|row| view(&cx, row)).collect::<Result<_, _>>()?;
    listing.answer(&cx, "credentials", &views, last(&page, |row| &row.id))
}

async fn show(cx: Cx, bearer: Bearer, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    bearer.primary(DELEGATED)?;
    json(StatusCode::OK, &json!({"credential": view(&cx, &row)?}))
}

async fn create(cx: Cx, bearer: Bearer, body: Body<CreateCredential>) -> Result<Response, Fault> {
    let body = body.0;
    let user = body.user_id.unwrap_or_else(|| cx.caller.user.id.clone());
    cx.permit(&about(&user))?;
    bearer.primary(DELEGATED)?;
    let ec2 = body.r#type.eq_ignore_ascii_case("ec2");
    let id = if ec2 { ec2_id(&access_of(&body.blob)?) } else { new_id() };
    if ec2 && body.project_id.is_none() {
        return Err(Fault::bad_request(
            "Expecting to find project_id in credential. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.",
        ));
    }
    let row = credential::Model {
        id,
        user_id: user,
        project_id: body.project_id,
        kind: body.r#type,
        encrypted_blob: cx.service.seal(&body.blob)?,
        extra: extra::kept(body.extra),
    };
    insert(&cx, &row).await?;
    json(StatusCode::CREATED, &json!({"credential": view(&cx, &row)?}))
}

/// Stores a new credential, within the user's limit.
pub(super) async fn insert(cx: &Cx, row: &credential::Model) -> Result<(), Fault> {
    let mut tx = cx.service.change().await?;
    if let Ok(limit) = u64::try_from(cx.service.config.credential_limit) {
        let held = credential::Entity::find()
            .filter(credential::Column::UserId.eq(row.user_id.as_str()))
            .count(tx.db())
            .await?;
        if held >= limit {
            return Err(Fault::forbidden(format!(
                "Unable to create additional credentials, maximum of {limit} already exceeded for user."
            )));
        }
    }
    credential::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| {
            Error::of_write(error, || {
                Error::Duplicate("credential", format!("Duplicate entry found with ID {}", row.id))
            })
        })?;
    tx.emit(cx.event("identity.credential.created", &row.id));
    tx.commit().await?;
    Ok(())
}

/// The access key in the blob of an EC2 credential.
fn access_of(blob: &str) -> Result<String, Error> {
    let read: Value =
        serde_json::from_str(blob).map_err(|_| Error::Invalid("Invalid blob in credential".into()))?;
    match read.get("access").and_then(Value::as_str) {
        Some(access) => Ok(access.to_owned()),
        None => Err(Error::Invalid("Expecting to find access in blob of credential.".into())),
    }
}

async fn update(
    cx: Cx,
    bearer: Bearer,
    Path(id): Path<String>,
    body: Body<UpdateCredential>,
) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    bearer.primary(DELEGATED)?;
    let body = body.0;
    extra::same_id(&body.extra, "credential", &id)?;
    let was_ec2 = row.kind.eq_ignore_ascii_case("ec2");
    if let Some(kind) = body.r#type {
        if was_ec2 != kind.eq_ignore_ascii_case("ec2") {
            return Err(forbidden("changing the type of an EC2 credential"));
        }
        row.kind = kind;
    }
    if let Some(blob) = &body.blob {
        if was_ec2 {
            access_of(blob)?;
            same_scope(&cx.service.unseal(&row.encrypted_blob)?, blob)?;
        }
        row.encrypted_blob = cx.service.seal(blob)?;
    }
    row.user_id = body.user_id.unwrap_or(row.user_id);
    row.project_id = body.project_id.or(row.project_id);
    row.extra = extra::merged(&row.extra, body.extra);
    // Not handed over to somebody to whom the caller could not give one.
    cx.permit(&about(&row.user_id))?;
    let mut tx = cx.service.change().await?;
    credential::Entity::update(row.clone().into_active_model().reset_all()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.credential.updated", &id));
    tx.commit().await?;
    json(StatusCode::OK, &json!({"credential": view(&cx, &row)?}))
}

/// What narrows an EC2 credential stays.
fn same_scope(before: &str, after: &str) -> Result<(), Error> {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (before, after) = (read(before), read(after));
    for key in ["trust_id", "app_cred_id", "access_token_id", "access_id"] {
        if before.get(key) != after.get(key) {
            return Err(Error::Invalid(format!("{key} can not be updated for credential")));
        }
    }
    Ok(())
}

async fn delete(cx: Cx, bearer: Bearer, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    bearer.primary(DELEGATED)?;
    let mut tx = cx.service.change().await?;
    credential::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.credential.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}
