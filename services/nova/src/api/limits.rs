//! `/limits`

use axum::response::Response;
use http::StatusCode;
use platform::{
    View,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::At,
};

use crate::{Nova, quota};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/limits", "os_compute_api:limits", show)
}

#[derive(View)]
struct Whole {
    #[view(nested)]
    limits: Limits,
}

#[derive(View)]
struct Limits {
    rate: [(); 0],
    #[view(nested)]
    absolute: Absolute,
}

#[derive(View)]
struct Absolute {
    #[view(rename = "maxTotalInstances")]
    instances: i64,
    #[view(rename = "maxTotalCores")]
    cores: i64,
    #[view(rename = "maxTotalRAMSize")]
    ram: i64,
    #[view(rename = "maxServerMeta")]
    metadata: i64,
    #[view(rename = "maxImageMeta", until = "2.38")]
    image_metadata: i64,
    #[view(rename = "maxTotalKeypairs")]
    key_pairs: i64,
    #[view(rename = "maxServerGroups")]
    server_groups: i64,
    #[view(rename = "maxServerGroupMembers")]
    members: i64,
    #[view(rename = "maxPersonality", until = "2.56")]
    files: i64,
    #[view(rename = "maxPersonalitySize", until = "2.56")]
    file_size: i64,
    #[view(rename = "maxTotalFloatingIps", until = "2.35")]
    floating_ips: i64,
    #[view(rename = "maxSecurityGroups", until = "2.35")]
    security_groups: i64,
    #[view(rename = "maxSecurityGroupRules", until = "2.35")]
    rules: i64,
    #[view(rename = "totalInstancesUsed")]
    instances_used: i64,
    #[view(rename = "totalCoresUsed")]
    cores_used: i64,
    #[view(rename = "totalRAMUsed")]
    ram_used: i64,
    #[view(rename = "totalServerGroupsUsed")]
    groups_used: i64,
    #[view(rename = "totalFloatingIpsUsed", until = "2.35")]
    floating_ips_used: i64,
    #[view(rename = "totalSecurityGroupsUsed", until = "2.35")]
    security_groups_used: i64,
}

async fn show(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let scope = match query.get("tenant_id") {
        Some(other) if other != own.project_id().unwrap_or_default() => {
            cx.scope_of_for("os_compute_api:limits:other_project", other)?
        }
        _ => own,
    };
    let db = cx.service.db.read();
    let limits = quota::limits(db, &scope).await?;
    let usage = quota::usage(db, &scope).await?;
    let limit = |name: &str| limits.get(name).copied().unwrap_or(-1);
    let absolute = Absolute {
        instances: limit("instances"),
        cores: limit("cores"),
        ram: limit("ram"),
        metadata: limit("metadata_items"),
        image_metadata: limit("metadata_items"),
        key_pairs: limit("key_pairs"),
        server_groups: limit("server_groups"),
        members: limit("server_group_members"),
        files: limit("injected_files"),
        file_size: limit("injected_file_content_bytes"),
        floating_ips: -1,
        security_groups: -1,
        rules: -1,
        instances_used: usage.instances,
        cores_used: usage.cores,
        ram_used: usage.ram,
        groups_used: usage.server_groups,
        floating_ips_used: 0,
        security_groups_used: 0,
    };
    web::json(StatusCode::OK, &At(&Whole { limits: Limits { rate: [], absolute } }, cx.version))
}
