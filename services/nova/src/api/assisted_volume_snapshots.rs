//! `/os-assisted-volume-snapshots`: what a volume driver asks of Nova that can't take snapshots of volumes in use by
//! itself. Cinder's here can, so no volume is such a driver's, and each request is answered like that.

use axum::{extract::Path, response::Response};
use platform::{
    Body,
    http::{self as web, Cx, Fault, Query, Routes},
};
use serde::Deserialize;
use serde_json::Value;

use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let all = "/v2.1/os-assisted-volume-snapshots";
    Routes::new().post(all, "os_compute_api:os-assisted-volume-snapshots:create", create).delete(
        "/v2.1/os-assisted-volume-snapshots/{id}",
        "os_compute_api:os-assisted-volume-snapshots:delete",
        delete,
    )
}

#[derive(Deserialize, Body)]
#[body(wrap = "snapshot")]
struct Create {
    #[body(min = 1)]
    volume_id: String,
    #[allow(dead_code)]
    create_info: Particulars,
}

#[derive(Deserialize, Body)]
#[allow(dead_code)]
struct Particulars {
    #[body(min = 1)]
    snapshot_id: String,
    #[body(one_of = ["qcow2"])]
    r#type: String,
    #[body(min = 1)]
    new_file: String,
    #[body(min = 1)]
    id: Option<String>,
}

fn unassisted(volume: &str) -> Fault {
    let volume: String = volume.chars().take(64).collect();
    Fault::bad_request(format!(
        "Invalid volume: Volume {volume} is of a backend that takes snapshots without Nova's assistance."
    ))
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<Create>) -> Result<Response, Fault> {
    cx.allow()?;
    Err(unassisted(&body.volume_id))
}

async fn delete(cx: Cx<Nova>, Path(_): Path<String>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let info: Option<Value> = query.get("delete_info").and_then(|text| serde_json::from_str(text).ok());
    let volume = info.as_ref().and_then(|info| info.get("volume_id")).and_then(Value::as_str);
    Err(match volume {
        Some(volume) => unassisted(volume),
        None => Fault::bad_request("delete_info, with a volume_id, is needed."),
    })
}
