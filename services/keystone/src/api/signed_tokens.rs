//! `/v3/ec2tokens` and `/v3/s3tokens`: a service that received a signed request asks for a token of who signed it. Only
//! services and administrators may ask (OSSA-2025-002).

use axum::response::Response;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::StatusCode;
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::EntityTrait;
use serde::Deserialize;
use serde_json::Value;

use super::{Cx, auth::answer, credentials::ec2_id, guard::Guard};
use crate::{
    Keystone,
    authority::Grant,
    error::Error,
    ids::read_time,
    model::credential,
    signature::{self, Signed},
    token::Place,
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new().post("/v3/ec2tokens", "identity:ec2tokens_validate", ec2).post(
        "/v3/s3tokens",
        "identity:s3tokens_validate",
        s3,
    )
}

/// Clients have named the one member in three ways.
#[derive(Deserialize, Wire)]
#[body(open)]
struct Given {
    credentials: Option<Signed>,
    credential: Option<Signed>,
    #[serde(rename = "ec2Credentials")]
    ec2_credentials: Option<Signed>,
}

impl Given {
    fn signed(self) -> Result<Signed, Fault> {
        let any = self.credentials.or(self.credential).or(self.ec2_credentials);
        any.ok_or_else(|| Fault::bad_request("request must include credentials"))
    }
}

async fn ec2(cx: Cx, body: Body<Given>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let signed = body.0.signed()?;
    let (row, secret) = key(&cx.service, &signed).await?;
    fresh(&cx.service, &signed)?;
    if !signature::ec2(&secret, &signed) {
        return Err(unauthorized("Invalid EC2 signature."));
    }
    token(&cx, row).await
}

async fn s3(cx: Cx, body: Body<Given>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let signed = body.0.signed()?;
    let (row, secret) = key(&cx.service, &signed).await?;
    if !signature::s3(&secret, &signed) {
        return Err(unauthorized("Credential signature mismatch"));
    }
    token(&cx, row).await
}

fn unauthorized(text: &str) -> Fault {
    Fault::new(StatusCode::UNAUTHORIZED, text)
}

/// The credential of the access key, and its secret.
async fn key(keystone: &Keystone, signed: &Signed) -> Result<(credential::Model, String), Fault> {
    let access = signed.access.as_deref().ok_or_else(|| unauthorized("EC2 Signature not supplied"))?;
    if signed.signature.is_none() {
        return Err(unauthorized("EC2 signature not supplied."));
    }
    let row = credential::Entity::find_by_id(ec2_id(access)).one(keystone.db.read()).await?;
    let row =
        row.filter(|row| row.kind == "ec2").ok_or_else(|| Fault::not_found("EC2 access key not found."))?;
    let blob: Value = serde_json::from_str(&keystone.unseal(&row.encrypted_blob)?).unwrap_or_default();
    // A key that was narrowed to a trust or an application credential would come out wider here.
    let narrowed = ["trust_id", "app_cred_id", "access_token_id"].iter().any(|name| !blob[*name].is_null());
    let same = blob["access"].as_str() == Some(access);
    match blob["secret"].as_str() {
        Some(secret) if same && !narrowed => Ok((row, secret.to_owned())),
        _ => Err(unauthorized("Invalid EC2 signature.")),
    }
}

/// The signature is of now, give or take what the operator allows (OSSA-2020-003).
fn fresh(keystone: &Keystone, signed: &Signed) -> Result<(), Fault> {
    let stamp = signed.timestamp().ok_or_else(|| unauthorized("Credential timestamp is missing"))?;
    let at = read_time(&stamp)
        .or_else(|| {
            let basic = NaiveDateTime::parse_from_str(&stamp, "%Y%m%dT%H%M%SZ").ok()?;
            Some(DateTime::<Utc>::from_naive_utc_and_offset(basic, Utc))
        })
        .ok_or_else(|| unauthorized("Credential timestamp is invalid"))?;
    let window = TimeDelta::seconds(keystone.config.ec2_signature_lifetime.into());
    match (Utc::now() - at).abs() <= window {
        true => Ok(()),
        false => Err(unauthorized("Credential is expired")),
    }
}

/// A token of the credential's user in the credential's project, and nowhere else.
async fn token(cx: &Cx, row: credential::Model) -> Result<Response, Fault> {
    let project = row.project_id.ok_or(Error::Unauthorized)?;
    let grant = Grant {
        user: row.user_id,
        methods: vec!["ec2credential".into()],
        place: Place::Project(project),
        not_after: None,
        chain: None,
        application_credential: None,
        trust: None,
    };
    let (text, token) = cx.service.authority.issue(grant).await?;
    let body = cx.service.authority.body(&token, true).await?;
    answer(StatusCode::OK, &text, body)
}
