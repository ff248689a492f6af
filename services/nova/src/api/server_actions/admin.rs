//! What administrators do to servers.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use platform::{Body, http::Fault};
use serde::Deserialize;

use super::{super::servers::mark_deleting, Asked};
use crate::{
    model::{instance_action, server},
    server::state::VmState,
};

#[derive(Deserialize, Body)]
#[body(wrap = "os-resetState")]
struct ResetState {
    #[body(one_of = ["active", "error"])]
    state: String,
}

/// `os-resetState`: says what a server is to count as. A server that is being deleted stays so.
pub async fn reset_state(asked: Asked) -> Result<Response, Fault> {
    let body: ResetState = asked.read()?;
    let state = if body.state == "active" { VmState::Active } else { VmState::Error };
    let cx = &asked.cx;
    let mut tx = cx.service.db.write().await?;
    if !server::reset(&tx, &asked.server, state).await? {
        return Err(Fault::conflict("The server is being deleted."));
    }
    instance_action::begin(&tx, &asked.server, "os-resetState", cx).await?;
    tx.emit(cx.event("compute.instance.update", asked.server.id));
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `forceDelete`
pub async fn force_delete(asked: Asked) -> Result<Response, Fault> {
    mark_deleting(&asked.cx, &asked.server).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `restore`: nothing is ever deleted softly.
pub async fn restore(asked: Asked) -> Result<Response, Fault> {
    asked.server.in_state("restore", &[VmState::SoftDeleted])?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `resetNetwork`, `injectNetworkInfo`: what is known of the ports is asked for anew.
pub async fn reset_network(asked: Asked) -> Result<Response, Fault> {
    asked.cx.service.addresses.wake(asked.server.id);
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `migrate`, `os-migrateLive`, `evacuate`: disks are on their hosts, and no host can read another's.
pub async fn migrate(asked: Asked) -> Result<Response, Fault> {
    asked.server.in_state("migrate", &[VmState::Active, VmState::Stopped, VmState::Paused])?;
    Err(Fault::bad_request("No valid host was found. Disks of servers can not be moved between hosts."))
}

/// `trigger_crash_dump`
pub async fn crash_dump(asked: Asked) -> Result<Response, Fault> {
    let _ = asked;
    Err(Fault::bad_request("The hypervisor driver does not support to trigger a crash dump."))
}
