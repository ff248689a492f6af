//! `/limits`: what the caller's project may have, and has.

use axum::response::Response;
use http::StatusCode;
use platform::{
    View,
    http::{Cx, Fault, Query, Routes},
    policy::Target,
    wire::Version,
};
use serde_json::Value;

use crate::{Nova, quota};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/limits", "os_compute_api:limits", index)
}

#[derive(View)]
struct LimitsView {
    /// Requests are not limited by rate.
    rate: [Value; 0],
    #[view(nested)]
    absolute: Absolute,
}

#[derive(View)]
struct Absolute {
    #[view(rename = "maxTotalInstances")]
    max_instances: i64,
    #[view(rename = "maxTotalCores")]
    max_cores: i64,
    #[view(rename = "maxTotalRAMSize")]
    max_ram: i64,
    #[view(rename = "maxTotalKeypairs")]
    max_keypairs: i64,
    #[view(rename = "maxServerMeta")]
    max_server_metadata: i64,
    #[view(rename = "maxImageMeta", until = "2.38")]
    max_image_metadata: i64,
    #[view(rename = "maxPersonality", until = "2.56")]
    max_files: i64,
    #[view(rename = "maxPersonalitySize", until = "2.56")]
    max_file_size: i64,
    #[view(rename = "maxServerGroups")]
    max_server_groups: i64,
    #[view(rename = "maxServerGroupMembers")]
    max_group_members: i64,
    #[view(rename = "maxTotalFloatingIps", until = "2.35")]
    max_floating_ips: i64,
    #[view(rename = "maxSecurityGroups", until = "2.35")]
    max_security_groups: i64,
    #[view(rename = "maxSecurityGroupRules", until = "2.35")]
    max_security_group_rules: i64,
    #[view(rename = "totalInstancesUsed")]
    instances: i64,
    #[view(rename = "totalCoresUsed")]
    cores: i64,
    #[view(rename = "totalRAMUsed")]
    ram: i64,
    #[view(rename = "totalServerGroupsUsed")]
    server_groups: i64,
    #[view(rename = "totalFloatingIpsUsed", until = "2.35")]
    floating_ips: i64,
    #[view(rename = "totalSecurityGroupsUsed", until = "2.35")]
    security_groups: i64,
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version >= Version::new(2, 75) {
        query.only(&["tenant_id"])?;
    }
    let project = match query.get("tenant_id") {
        Some(project) => {
            cx.allow_rule("os_compute_api:limits:other_project", &Target::project(project))?;
            project
        }
        None => cx.caller.project_id().unwrap_or_default(),
    };
    let db = cx.service.db.read();
    let (limits, usage) = (quota::limits(db, project).await?, quota::usage(db, project).await?);
    let of = |name: &str| limits.get(name).copied().unwrap_or(-1);
    let absolute = Absolute {
        max_instances: of("instances"),
        max_cores: of("cores"),
        max_ram: of("ram"),
        max_keypairs: of("key_pairs"),
        max_server_metadata: of("metadata_items"),
        max_image_metadata: of("metadata_items"),
        max_files: of("injected_files"),
        max_file_size: of("injected_file_content_bytes"),
        max_server_groups: of("server_groups"),
        max_group_members: of("server_group_members"),
        max_floating_ips: of("floating_ips"),
        max_security_groups: of("security_groups"),
        max_security_group_rules: of("security_group_rules"),
        instances: usage.instances,
        cores: usage.cores,
        ram: usage.ram,
        server_groups: usage.server_groups,
        // Those are Neutron's to count.
        floating_ips: 0,
        security_groups: 0,
    };
    cx.answer(StatusCode::OK, "limits", &LimitsView { rate: [], absolute })
}
