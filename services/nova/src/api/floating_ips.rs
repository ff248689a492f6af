//! `/os-floating-ips`, `/os-floating-ip-pools`: Neutron's, as Nova's API showed them until 2.35.

use axum::{extract::Path, response::Response};
use contracts::{CallError, network_proxy::FloatingIp};
use http::{Method, StatusCode};
use platform::{
    http::{Body, Cx, Fault, Routes, json},
    policy::Target,
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::security_groups::UNTIL;
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/os-floating-ips", "/v2.1/os-floating-ips/{id}");
    Routes::new()
        .versioned(Method::GET, all, "os_compute_api:os-floating-ips:list", None, UNTIL, index)
        .versioned(Method::POST, all, "os_compute_api:os-floating-ips:create", None, UNTIL, create)
        .versioned(Method::GET, one, "os_compute_api:os-floating-ips:show", None, UNTIL, show)
        .versioned(Method::DELETE, one, "os_compute_api:os-floating-ips:delete", None, UNTIL, delete)
        .versioned(
            Method::GET,
            "/v2.1/os-floating-ip-pools",
            "os_compute_api:os-floating-ip-pools",
            None,
            UNTIL,
            pools,
        )
}

fn view(ip: &FloatingIp) -> Value {
    json!({
        "id": ip.id, "ip": ip.address, "pool": ip.pool, "fixed_ip": ip.fixed_ip,
        "instance_id": ip.device_id,
    })
}

#[derive(Deserialize)]
struct Wanted {
    pool: Option<String>,
}

impl Schema for Wanted {
    fn schema(_: Version) -> Value {
        json!({"type": "object", "properties": {"pool": {"type": ["string", "null"], "maxLength": 255}}})
    }
}

fn missing(id: &str) -> Fault {
    let id: String = id.chars().take(64).collect();
    Fault::not_found(format!("Floating IP not found for ID {id}"))
}

fn found(id: &str) -> impl Fn(CallError) -> Fault {
    move |error| match error {
        CallError::NotFound(_) => missing(id),
        error => error.into(),
    }
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let all = cx.service.network_proxy.floating_ips(&cx.caller).await?;
    let all: Vec<Value> = all.iter().map(view).collect();
    json(StatusCode::OK, &json!({"floating_ips": all}))
}

async fn show(cx: Cx<Nova>, Path(text): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let id: Uuid = text.parse().map_err(|_| missing(&text))?;
    let ip = cx.service.network_proxy.floating_ip(&cx.caller, id).await.map_err(found(&text))?;
    json(StatusCode::OK, &json!({"floating_ip": view(&ip)}))
}

async fn create(cx: Cx<Nova>, Body(wanted): Body<Wanted>) -> Result<Response, Fault> {
    cx.allow()?;
    let pool = wanted.pool.as_deref().filter(|pool| !pool.is_empty());
    let of_pool = |none: &str, named: &str| match pool {
        None => format!("{none}."),
        Some(pool) => format!("{named} in pool {pool}."),
    };
    let ip = cx.service.network_proxy.create_floating_ip(&cx.caller, pool).await;
    let ip = ip.map_err(|error| match error {
        CallError::Conflict(text) if text.starts_with("Multiple") => Fault::conflict(text),
        CallError::Conflict(_) => {
            Fault::not_found(of_pool("No more floating IPs available", "No more floating IPs"))
        }
        CallError::OverQuota(_) => {
            Fault::forbidden(of_pool("IP allocation over quota", "IP allocation over quota"))
        }
        error => error.into(),
    })?;
    json(StatusCode::OK, &json!({"floating_ip": view(&ip)}))
}

async fn delete(cx: Cx<Nova>, Path(text): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    let id: Uuid = text.parse().map_err(|_| missing(&text))?;
    cx.service.network_proxy.delete_floating_ip(&cx.caller, id).await.map_err(found(&text))?;
    Ok(StatusCode::ACCEPTED)
}

async fn pools(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let networks = cx.service.network_proxy.external_networks(&cx.caller).await?;
    let name = |id: Uuid, name: String| if name.is_empty() { id.to_string() } else { name };
    let pools: Vec<Value> =
        networks.into_iter().map(|pool| json!({"name": name(pool.id, pool.name)})).collect();
    json(StatusCode::OK, &json!({"floating_ip_pools": pools}))
}
