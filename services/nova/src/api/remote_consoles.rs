//! `/servers/{id}/remote-consoles`, and the action that came before it.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes, Service},
};
use serde::Deserialize;
use serde_json::json;

use super::lookup;
use crate::{Nova, console, error::NovaError, model::server::Model};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().versioned(
        http::Method::POST,
        "/v2.1/servers/{id}/remote-consoles",
        "os_compute_api:os-remote-consoles",
        Some((2, 6)),
        None,
        create,
    )
}

#[derive(Deserialize, Body)]
#[body(wrap = "remote_console")]
struct Wanted {
    #[body(one_of = ["vnc", "spice", "rdp", "serial", "mks"])]
    protocol: String,
    #[body(one_of = ["novnc", "xvpvnc", "rdp-html5", "spice-html5", "spice-direct", "serial", "webmks"])]
    r#type: String,
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Wanted>,
) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    if body.protocol != "vnc" || body.r#type != "novnc" {
        return Err(unavailable(&body.r#type));
    }
    let url = address(&cx, &server).await?;
    let console = json!({"protocol": "vnc", "type": "novnc", "url": url});
    web::json(StatusCode::OK, &json!({"remote_console": console}))
}

fn unavailable(kind: &str) -> Fault {
    Fault::bad_request(format!("Unavailable console type {kind}."))
}

/// The answer of `os-getVNCConsole`.
pub async fn old_form(cx: &Cx<Nova>, server: &Model, kind: &str) -> Result<Response, Fault> {
    if kind != "novnc" {
        return Err(unavailable(kind));
    }
    let url = address(cx, server).await?;
    web::json(StatusCode::OK, &json!({"console": {"type": "novnc", "url": url}}))
}

/// The address of a page that shows the console, good for a while.
async fn address(cx: &Cx<Nova>, server: &Model) -> Result<String, Fault> {
    if server.host.is_none() || server.launched_at.is_none() {
        return Err(NovaError::Conflict(format!("Instance {} is not ready", server.id)).into());
    }
    let token = console::issue(&cx.service, server).await?;
    let endpoint = &cx.service.base().endpoint;
    // The path of the websocket, without the slash that noVNC adds.
    let path = endpoint.splitn(4, '/').nth(3).unwrap_or_default();
    let slash = if path.is_empty() { "" } else { "/" };
    let socket =
        format!("{path}{slash}novnc/websockify?token={token}").replace('?', "%3F").replace('=', "%3D");
    Ok(format!("{endpoint}/novnc/vnc_lite.html?path={socket}"))
}
