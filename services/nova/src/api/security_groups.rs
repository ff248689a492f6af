//! `/os-security-groups`: Neutron's, as Nova's API showed them until 2.35.

use axum::{extract::Path, response::Response};
use contracts::{
    CallError,
    network::{SecurityGroupRuleView, SecurityGroupView},
    network_proxy::SecurityGroupPage,
};
use http::{Method, StatusCode};
use platform::{
    http::{Body, Cx, Fault, Query, Routes, json},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Nova;

/// The last microversion that has what belongs to other services.
pub const UNTIL: Option<(u16, u16)> = Some((2, 35));

/// The most that a page shows.
const PAGE: u64 = 1000;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/os-security-groups", "/v2.1/os-security-groups/{id}");
    Routes::new()
        .versioned(Method::GET, all, "os_compute_api:os-security-groups:get", None, UNTIL, index)
        .versioned(Method::POST, all, "os_compute_api:os-security-groups:create", None, UNTIL, create)
        .versioned(Method::GET, one, "os_compute_api:os-security-groups:show", None, UNTIL, show)
        .versioned(Method::PUT, one, "os_compute_api:os-security-groups:update", None, UNTIL, update)
        .versioned(Method::DELETE, one, "os_compute_api:os-security-groups:delete", None, UNTIL, delete)
}

/// A group as Nova shows it.
pub fn view(group: &SecurityGroupView) -> Value {
    let rules: Vec<Value> = group.rules.iter().map(|rule| view_rule(rule, group.id)).collect();
    json!({
        "id": group.id, "name": group.name, "description": group.description,
        "tenant_id": group.project_id, "rules": rules,
    })
}

/// A rule as Nova shows it.
pub fn view_rule(rule: &SecurityGroupRuleView, group: Uuid) -> Value {
    json!({
        "id": rule.id,
        "parent_group_id": group,
        "ip_protocol": rule.protocol,
        "from_port": rule.from_port,
        "to_port": rule.to_port,
        "ip_range": rule.cidr.as_ref().map_or(json!({}), |cidr| json!({"cidr": cidr})),
        "group": rule.remote_group.as_ref()
            .map_or(json!({}), |(name, project)| json!({"name": name, "tenant_id": project})),
    })
}

/// The id of a path.
pub fn id_of(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::bad_request("Security group id should be uuid"))
}

/// What Neutron refuses because of the state of things is a bad request here.
fn refused(error: CallError) -> Fault {
    match error {
        CallError::Conflict(text) => Fault::bad_request(text),
        error => error.into(),
    }
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    description: String,
}

impl Schema for Wanted {
    fn schema(_: Version) -> Value {
        let text = json!({"type": "string", "minLength": 0, "maxLength": 255});
        json!({"type": "object", "required": ["name", "description"],
            "properties": {"name": text, "description": text}})
    }
    const WRAP: Option<&'static str> = Some("security_group");
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let limit = match query.read::<u64>("limit")? {
        None | Some(0) => PAGE,
        Some(limit) => limit.min(PAGE),
    };
    let offset = query.read::<u32>("offset")?.unwrap_or(0).into();
    let page = SecurityGroupPage { all_projects: query.get("all_tenants").is_some(), offset, limit };
    let groups = cx.service.network_proxy.security_groups(&cx.caller, page).await?;
    let groups: Vec<Value> = groups.iter().map(view).collect();
    json(StatusCode::OK, &json!({"security_groups": groups}))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let group = cx.service.network_proxy.security_group(&cx.caller, id_of(&id)?).await?;
    json(StatusCode::OK, &json!({"security_group": view(&group)}))
}

async fn create(cx: Cx<Nova>, Body(wanted): Body<Wanted>) -> Result<Response, Fault> {
    cx.allow()?;
    let proxy = &cx.service.network_proxy;
    let group = proxy.create_security_group(&cx.caller, &wanted.name, &wanted.description).await;
    let group = group.map_err(|error| match error {
        CallError::Conflict(text) => Fault::forbidden(text),
        error => error.into(),
    })?;
    json(StatusCode::OK, &json!({"security_group": view(&group)}))
}

async fn update(cx: Cx<Nova>, Path(id): Path<String>, Body(wanted): Body<Wanted>) -> Result<Response, Fault> {
    cx.allow()?;
    let (proxy, id) = (&cx.service.network_proxy, id_of(&id)?);
    let group = proxy.update_security_group(&cx.caller, id, &wanted.name, &wanted.description).await;
    json(StatusCode::OK, &json!({"security_group": view(&group.map_err(refused)?)}))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    cx.service.network_proxy.delete_security_group(&cx.caller, id_of(&id)?).await.map_err(refused)?;
    Ok(StatusCode::ACCEPTED)
}
