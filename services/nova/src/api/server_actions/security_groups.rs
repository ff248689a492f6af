//! `addSecurityGroup`, `removeSecurityGroup`

use axum::response::{IntoResponse, Response};
use contracts::CallError;
use http::StatusCode;
use platform::{Body, http::Fault};
use serde::Deserialize;

use super::Asked;

#[derive(Deserialize, Body)]
#[body(wrap = "addSecurityGroup")]
struct Add {
    #[body(min = 1, max = 255)]
    name: String,
}

#[derive(Deserialize, Body)]
#[body(wrap = "removeSecurityGroup")]
struct Remove {
    #[body(min = 1, max = 255)]
    name: String,
}

/// `addSecurityGroup`
pub async fn add(asked: Asked) -> Result<Response, Fault> {
    let name = asked.read::<Add>()?.name;
    change(&asked, &name, true).await
}

/// `removeSecurityGroup`
pub async fn remove(asked: Asked) -> Result<Response, Fault> {
    let name = asked.read::<Remove>()?.name;
    change(&asked, &name, false).await
}

async fn change(asked: &Asked, name: &str, member: bool) -> Result<Response, Fault> {
    let (cx, id) = (&asked.cx, asked.server.id);
    cx.service.networks.change_security_group(&cx.caller, id, name, member).await.map_err(
        |error| match error {
            CallError::NotFound(_) => Fault::not_found(format!(
                "Security group {name} not found for project {}.",
                asked.server.project_id
            )),
            error => Fault::from(error),
        },
    )?;
    // Whoever looks at the server next sees the change; where Neutron does not answer now, it is looked for later.
    if crate::server::refresh(&cx.service, id).await.is_err() {
        cx.service.addresses.wake(id);
    }
    Ok(StatusCode::ACCEPTED.into_response())
}
