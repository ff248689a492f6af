//! `/v3/users/{user_id}/credentials/OS-EC2`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Cx,
    bearer::Bearer,
    credentials::{about, ec2_id, insert},
    guard::Guard,
    listing::{Listing, no_content},
};
use crate::{
    Keystone,
    error::Error,
    ids::new_id,
    model::{credential, user},
};

pub(super) fn routes() -> Routes<Keystone> {
    const ALL: &str = "/v3/users/{user_id}/credentials/OS-EC2";
    const ONE: &str = "/v3/users/{user_id}/credentials/OS-EC2/{credential_id}";
    Routes::new()
        .get(ALL, "identity:ec2_list_credentials", list)
        .post(ALL, "identity:ec2_create_credential", create)
        .get(ONE, "identity:ec2_get_credential", show)
        .delete(ONE, "identity:ec2_delete_credential", delete)
}

const DELEGATED: &str = "Delegated tokens cannot access credentials directly";

#[derive(Deserialize, Wire)]
#[body(open)]
struct CreateEc2 {
    #[body(min = 1, max = 64)]
    tenant_id: Option<String>,
    #[body(min = 1, max = 64)]
    project_id: Option<String>,
}

fn view(cx: &Cx, row: &credential::Model) -> Result<Value, Error> {
    let blob: Value = serde_json::from_str(&cx.service.unseal(&row.encrypted_blob)?).unwrap_or_default();
    let access = blob.get("access").and_then(Value::as_str).unwrap_or_default();
    let path = format!("/v3/users/{}/credentials/OS-EC2/{access}", row.user_id);
    Ok(json!({
        "access": access,
        "secret": blob.get("secret"),
        "user_id": row.user_id,
        "tenant_id": row.project_id,
        "trust_id": blob.get("trust_id"),
        "links": {"self": cx.link(&path)},
    }))
}

async fn check_user(cx: &Cx, id: &str) -> Result<(), Error> {
    match user::Entity::find_by_id(id).one(cx.service.db.read()).await? {
        Some(_) => Ok(()),
        None => Err(Error::missing("user", id)),
    }
}

async fn list(cx: Cx, bearer: Bearer, Path(user): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none().with("user_id", user.as_str()))?;
    bearer.primary(DELEGATED)?;
    check_user(&cx, &user).await?;
    let rows = credential::Entity::find()
        .filter(credential::Column::UserId.eq(user.as_str()))
        .filter(credential::Column::Kind.eq("ec2"))
        .all(cx.service.db.read())
        .await?;
    let views: Vec<Value> = rows.iter().map(|row| view(&cx, row)).collect::<Result<_, _>>()?;
    listing.answer(&cx, "credentials", &views, None)
}

async fn create(
    cx: Cx,
    bearer: Bearer,
    Path(user): Path<String>,
    body: Body<CreateEc2>,
) -> Result<Response, Fault> {
    cx.permit(&about(&user))?;
    bearer.primary(DELEGATED)?;
    check_user(&cx, &user).await?;
    let project = body.0.tenant_id.or(body.0.project_id).ok_or_else(|| {
        Fault::bad_request("Expecting to find tenant_id in request body. The server could not comply with the request since it is either malformed or otherwise incorrect.")
    })?;
    if cx.service.authority.directory.project(&project).await?.is_none_or(|project| project.is_domain) {
        return Err(Error::missing("project", project).into());
    }
    let access = new_id();
    let secret = crate::ids::hex(&crate::ids::random::<16>());
    let blob = json!({"access": access, "secret": secret}).to_string();
    let row = credential::Model {
        id: ec2_id(&access),
        user_id: user,
        project_id: Some(project),
        kind: "ec2".into(),
        encrypted_blob: cx.service.seal(&blob)?,
        extra: json!({}),
    };
    insert(&cx, &row).await?;
    json(StatusCode::CREATED, &json!({"credential": view(&cx, &row)?}))
}

/// The credential with that access key, of that user.
async fn found(cx: &Cx, user: &str, access: &str) -> Result<credential::Model, Fault> {
    let row = credential::Entity::find_by_id(ec2_id(access)).one(cx.service.db.read()).await?;
    let row = row.filter(|row| row.user_id == user && row.kind == "ec2");
    // The rule asks about the owner; of what is not there that is who is named.
    cx.permit(&about(user))?;
    Ok(row.ok_or_else(|| Error::missing("credential", access))?)
}

async fn show(
    cx: Cx,
    bearer: Bearer,
    Path((user, access)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let row = found(&cx, &user, &access).await?;
    bearer.primary(DELEGATED)?;
    json(StatusCode::OK, &json!({"credential": view(&cx, &row)?}))
}

async fn delete(
    cx: Cx,
    bearer: Bearer,
    Path((user, access)): Path<(String, String)>,
) -> Result<Response, Fault> {
    let row = found(&cx, &user, &access).await?;
    bearer.primary(DELEGATED)?;
    let mut tx = cx.service.change().await?;
    credential::Entity::delete_by_id(row.id.as_str()).exec(tx.db()).await?;
    tx.emit(cx.event("identity.credential.deleted", &row.id));
    tx.commit().await?;
    Ok(no_content())
}
