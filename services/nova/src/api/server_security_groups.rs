//! `/servers/{id}/os-security-groups`

use axum::{extract::Path, response::Response};
use contracts::network::SecurityGroupView;
use http::StatusCode;
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Value, json};

use super::lookup;
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get(
        "/v2.1/servers/{id}/os-security-groups",
        "os_compute_api:os-security-groups:list",
        index,
    )
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let groups = cx.service.networks.security_groups_of(server.id).await?;
    let groups: Vec<Value> = groups.iter().map(view).collect();
    json(StatusCode::OK, &json!({"security_groups": groups}))
}

fn view(group: &SecurityGroupView) -> Value {
    let rules: Vec<Value> = group
        .rules
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id,
                "parent_group_id": group.id,
                "ip_protocol": rule.protocol,
                "from_port": rule.from_port,
                "to_port": rule.to_port,
                "ip_range": rule.cidr.as_ref().map_or(json!({}), |cidr| json!({"cidr": cidr})),
                "group": rule.remote_group.as_ref()
                    .map_or(json!({}), |(name, project)| json!({"name": name, "tenant_id": project})),
            })
        })
        .collect();
    json!({
        "id": group.id, "name": group.name, "description": group.description,
        "tenant_id": group.project_id, "rules": rules,
    })
}
