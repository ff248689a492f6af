//! `addFloatingIp`, `removeFloatingIp`, `addFixedIp`, `removeFixedIp`: until 2.43.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use contracts::{CallError, network_proxy::FloatingIp};
use http::StatusCode;
use platform::{
    http::Fault,
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Asked;

fn object(action: &str, required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": [action], "additionalProperties": false, "properties": {
        action: {"type": "object", "required": required, "additionalProperties": false,
            "properties": properties},
    }})
}

fn address() -> Value {
    json!({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
}

#[derive(Deserialize)]
struct AddFloating {
    address: IpAddr,
    fixed_address: Option<IpAddr>,
}

impl Schema for AddFloating {
    fn schema(_: Version) -> Value {
        let both = json!({"address": address(), "fixed_address": address()});
        object("addFloatingIp", &["address"], both)
    }
}

#[derive(Deserialize)]
struct RemoveFloating {
    address: IpAddr,
}

impl Schema for RemoveFloating {
    fn schema(_: Version) -> Value {
        object("removeFloatingIp", &["address"], json!({"address": address()}))
    }
}

#[derive(Deserialize)]
struct AddFixed {
    #[serde(rename = "networkId")]
    network: Value,
}

impl Schema for AddFixed {
    fn schema(_: Version) -> Value {
        let id = json!({"type": ["string", "integer"], "minLength": 1, "maxLength": 36});
        object("addFixedIp", &["networkId"], json!({"networkId": id}))
    }
}

#[derive(Deserialize)]
struct RemoveFixed {
    address: IpAddr,
}

impl Schema for RemoveFixed {
    fn schema(_: Version) -> Value {
        object("removeFixedIp", &["address"], json!({"address": address()}))
    }
}

async fn floating(asked: &Asked, address: IpAddr) -> Result<FloatingIp, Fault> {
    let cx = &asked.cx;
    let found = cx.service.network_proxy.floating_ip_at(&cx.caller, address).await?;
    found.ok_or_else(|| Fault::not_found("floating IP not found"))
}

/// `addFloatingIp`
pub async fn add_floating(asked: Asked) -> Result<Response, Fault> {
    let AddFloating { address, fixed_address } = asked.read()?;
    let (cx, id) = (&asked.cx, asked.server.id);
    let ports = cx.service.networks.ports_of(&[id]).await?;
    let all = ports.iter().flat_map(|port| port.fixed_ips.iter().map(|ip| (port.id, ip.address)));
    let all: Vec<(Uuid, IpAddr)> = all.collect();
    if all.is_empty() {
        return Err(Fault::bad_request("No fixed IPs associated to instance"));
    }
    let lead = match fixed_address {
        Some(fixed) => *all
            .iter()
            .find(|(_, address)| *address == fixed)
            .ok_or_else(|| Fault::bad_request("Specified fixed address not assigned to instance"))?,
        None => *all.iter().find(|(_, address)| address.is_ipv4()).ok_or_else(|| {
            Fault::bad_request(format!(
                "Unable to associate floating IP {address} to any fixed IPs for instance {id}. \
                 Instance has no fixed IPv4 addresses to associate."
            ))
        })?,
    };
    let ip = floating(&asked, address).await?;
    let pointed = cx.service.network_proxy.point_floating_ip(&cx.caller, ip.id, Some(lead)).await;
    pointed.map_err(|error| match error {
        CallError::Conflict(_) => {
            Fault::bad_request(format!("Floating IP {address} association has failed."))
        }
        CallError::NotFound(text) | CallError::Invalid(text) => Fault::bad_request(format!(
            "Unable to associate floating IP {address} to fixed IP {} for instance {id}. Error: {text}",
            lead.1
        )),
        error => error.into(),
    })?;
    cx.service.addresses.wake(id);
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `removeFloatingIp`
pub async fn remove_floating(asked: Asked) -> Result<Response, Fault> {
    let RemoveFloating { address } = asked.read()?;
    let (cx, id) = (&asked.cx, asked.server.id);
    let ip = floating(&asked, address).await?;
    if ip.device_id.as_deref() != Some(id.to_string().as_str()) {
        return Err(Fault::conflict(format!("Floating IP {address} is not associated with instance {id}.")));
    }
    cx.service.network_proxy.point_floating_ip(&cx.caller, ip.id, None).await?;
    cx.service.addresses.wake(id);
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `addFixedIp`
pub async fn add_fixed(asked: Asked) -> Result<Response, Fault> {
    let network = asked.read::<AddFixed>()?.network;
    let (cx, id) = (&asked.cx, asked.server.id);
    let none = || Fault::bad_request(format!("Instance {id} has no port on that network."));
    let network: Uuid = network.as_str().and_then(|text| text.parse().ok()).ok_or_else(none)?;
    let added = cx.service.network_proxy.add_fixed_ip(id, network).await;
    added.map_err(|error| match error {
        CallError::NotFound(_) => none(),
        CallError::Conflict(text) => Fault::bad_request(text),
        error => error.into(),
    })?;
    cx.service.addresses.wake(id);
    Ok(StatusCode::ACCEPTED.into_response())
}

/// `removeFixedIp`
pub async fn remove_fixed(asked: Asked) -> Result<Response, Fault> {
    let RemoveFixed { address } = asked.read()?;
    let (cx, id) = (&asked.cx, asked.server.id);
    let removed = cx.service.network_proxy.remove_fixed_ip(id, address).await;
    removed.map_err(|error| match error {
        CallError::NotFound(_) => {
            Fault::bad_request(format!("Fixed IP address {address} is not associated with instance {id}."))
        }
        error => error.into(),
    })?;
    cx.service.addresses.wake(id);
    Ok(StatusCode::ACCEPTED.into_response())
}
