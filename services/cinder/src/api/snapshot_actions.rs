//! `/v3/snapshots/{id}/action`.

use axum::{extract::Path, response::Response};
use platform::{
    Body as BodyDerive,
    db::owned::Owned,
    http::{Action, Body, Cx, Fault, Routes},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    snapshots,
    volume_actions::{accepted, argument, named},
};
use crate::{Cinder, model::snapshot};

pub(crate) fn routes() -> Routes<Cinder> {
    // Who may see the snapshot; what may be done to it is each action's own rule.
    Routes::new().post("/v3/snapshots/{id}/action", "volume:get_snapshot", act).actions([
        Action::new("os-reset_status", RESET),
        Action::new("os-force_delete", FORCE_DELETE),
        Action::new("os-update_snapshot_status", UPDATE_STATUS),
    ])
}

const RESET: &str = "volume_extension:snapshot_admin_actions:reset_status";
const FORCE_DELETE: &str = "volume_extension:snapshot_admin_actions:force_delete";
const UPDATE_STATUS: &str = "snapshot_extension:snapshot_actions:update_snapshot_status";

async fn act(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Fault> {
    let (name, value) = named(body)?;
    let row = snapshots::found(&cx, &id).await?;
    let target = row.target();
    let allow = |rule| cx.allow_rule(rule, &target);
    match name.as_str() {
        "os-reset_status" => {
            allow(RESET)?;
            let asked: ResetStatus = argument(&value, cx.version)?;
            set(&cx, &row, &asked.status, None).await
        }
        "os-force_delete" => {
            allow(FORCE_DELETE)?;
            snapshots::remove(&cx, &row, &[row.status.as_str()]).await?;
            accepted()
        }
        "os-update_snapshot_status" => {
            allow(UPDATE_STATUS)?;
            update_status(&cx, &row, argument(&value, cx.version)?).await
        }
        name => Err(Fault::bad_request(format!(
            "There is no such action: {}",
            name.chars().take(64).collect::<String>()
        ))),
    }
}

#[derive(Deserialize, BodyDerive)]
struct ResetStatus {
    #[body(one_of = [
        "creating", "available", "deleting", "error", "error_deleting", "deleted", "updating", "unmanaging", "backing-up",
        "restoring",
    ])]
    status: String,
}

async fn set(
    cx: &Cx<Cinder>,
    row: &snapshot::Model,
    status: &str,
    progress: Option<String>,
) -> Result<Response, Fault> {
    let mut tx = cx.service.db.write().await?;
    snapshot::set_by_hand(&tx, row, status, progress).await?;
    tx.emit(cx.event("snapshot.reset_status.end", row.id));
    tx.commit().await?;
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct UpdateStatus {
    status: String,
    #[body(pattern = "^(100|[0-9]{1,2})%$")]
    progress: Option<String>,
}

/// For who makes snapshots in the backend's place: from `creating` on to its end, from `deleting` to its failure.
async fn update_status(
    cx: &Cx<Cinder>,
    row: &snapshot::Model,
    asked: UpdateStatus,
) -> Result<Response, Fault> {
    let allowed: &[&str] = match row.status.as_str() {
        "creating" => &["creating", "available", "error"],
        "deleting" => &["deleting", "error_deleting"],
        status => {
            return Err(Fault::bad_request(format!(
                "Snapshot status {status} not allowed for update_snapshot_status"
            )));
        }
    };
    let Some(status) = allowed.iter().find(|status| **status == asked.status) else {
        return Err(Fault::bad_request(format!(
            "Provided snapshot status {} not allowed for snapshot with status {}.",
            asked.status.chars().take(64).collect::<String>(),
            row.status
        )));
    };
    set(cx, row, status, asked.progress).await
}
