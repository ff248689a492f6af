//! `changePassword`: needs an agent in the guest, which no driver has.

use axum::response::Response;
use http::StatusCode;
use platform::{Body, http::Fault};
use serde::Deserialize;

use super::Asked;
use crate::server::state::VmState;

#[derive(Deserialize, Body)]
#[body(wrap = "changePassword")]
struct ChangePassword {
    #[serde(rename = "adminPass")]
    #[allow(dead_code)]
    admin_pass: String,
}

/// `changePassword`
pub async fn change(asked: Asked) -> Result<Response, Fault> {
    asked.read::<ChangePassword>()?;
    asked.server.in_state("changePassword", &[VmState::Active])?;
    Err(Fault::new(StatusCode::NOT_IMPLEMENTED, "Unable to set password on instance"))
}
