//! Limits and what is used of them.

use axum::response::Response;
use http::{Method, StatusCode};
use platform::{
    http::{Cx, Fault, Query, Routes, json},
    wire::Version,
};
use serde_json::json as literal;

use crate::{Cinder, model::usage, quota};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new().route(Method::GET, "/v3/limits", "limits_extension:used_limits", show)
}

async fn show(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    let own = cx.caller.project_id().unwrap_or_default();
    let asked = query.get("project_id").or(query.get("tenant_id"));
    let project = asked.filter(|_| cx.version >= Version::new(3, 39) && cx.is_admin()).unwrap_or(own);
    let scope = cx.scope_of(project)?;
    let db = cx.service.db.read();
    let limits = quota::limits(db, &cx.service.config, "default", Some(project)).await?;
    let used = usage::of(db, &scope, None).await?;
    json(
        StatusCode::OK,
        &literal!({"limits": {"rate": [], "absolute": {
            "maxTotalVolumes": limits.of("volumes"),
            "maxTotalSnapshots": limits.of("snapshots"),
            "maxTotalVolumeGigabytes": limits.of("gigabytes"),
            "maxTotalBackups": limits.of("backups"),
            "maxTotalBackupGigabytes": limits.of("backup_gigabytes"),
            "totalVolumesUsed": used.volumes,
            "totalSnapshotsUsed": used.snapshots,
            "totalGigabytesUsed": used.gigabytes,
            "totalBackupsUsed": 0,
            "totalBackupGigabytesUsed": 0,
        }}}),
    )
}
