//! `/os-security-group-rules`: Neutron's, as Nova's API showed them until 2.35.

use axum::{extract::Path, response::Response};
use contracts::{CallError, network_proxy::NewSecurityGroupRule};
use http::{Method, StatusCode};
use ipnet::IpNet;
use platform::{
    http::{Body, Cx, Fault, Routes, json},
    wire::{Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::security_groups::{UNTIL, id_of, view_rule};
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/os-security-group-rules", "/v2.1/os-security-group-rules/{id}");
    Routes::new()
        .versioned(Method::POST, all, "os_compute_api:os-security-groups:rule:create", None, UNTIL, create)
        .versioned(Method::DELETE, one, "os_compute_api:os-security-groups:rule:delete", None, UNTIL, delete)
}

#[derive(Deserialize)]
struct Wanted {
    parent_group_id: Uuid,
    group_id: Option<Uuid>,
    #[serde(default)]
    ip_protocol: Value,
    #[serde(default)]
    from_port: Value,
    #[serde(default)]
    to_port: Value,
    #[serde(default)]
    cidr: Value,
}

impl Schema for Wanted {
    fn schema(_: Version) -> Value {
        json!({"type": "object", "required": ["parent_group_id"], "properties": {
            "group_id": {"type": ["string", "null"], "format": "uuid"},
            "parent_group_id": {"type": "string", "format": "uuid"},
        }})
    }
    const WRAP: Option<&'static str> = Some("security_group_rule");
}

/// A protocol with its ports, as asked for.
type Asked = (String, i32, i32);

/// The protocol and the ports, if all are said. What makes no sense is refused in Nova's words.
fn ports(wanted: &Wanted) -> Result<Option<Asked>, Fault> {
    let protocol = match &wanted.ip_protocol {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => text.chars().take(64).collect(),
        other => other.to_string().chars().take(64).collect::<String>(),
    };
    let kind = protocol.to_ascii_uppercase();
    // A group alone opens all of a protocol.
    let all = match (kind.as_str(), wanted.group_id) {
        ("ICMP", Some(_)) => Some((-1, -1)),
        ("TCP" | "UDP", Some(_)) => Some((1, 65_535)),
        _ => None,
    };
    let (from, to) = match (&wanted.from_port, &wanted.to_port, all) {
        (Value::Null, Value::Null, Some((from, to))) => (from, to),
        (Value::Null, _, _) | (_, Value::Null, _) => return Ok(None),
        (from, to, _) => match (number(from), number(to)) {
            (Some(from), Some(to)) => (from, to),
            _ if kind == "ICMP" => {
                return Err(Fault::bad_request(
                    "Invalid input received: Type and Code must be integers for ICMP protocol type",
                ));
            }
            _ => {
                return Err(Fault::bad_request("Invalid input received: To and From ports must be integers"));
            }
        },
    };
    let range = |message: &str| Fault::bad_request(format!("Invalid port range {from}:{to}. {message}"));
    match kind.as_str() {
        "TCP" | "UDP" if from > to => Err(range("Former value cannot be greater than the later")),
        "TCP" | "UDP" if from < 1 || to > 65_535 => {
            Err(range(&format!("Valid {kind} ports should be between 1-65535")))
        }
        "ICMP" if !(-1..=255).contains(&from) || !(-1..=255).contains(&to) => {
            Err(range("For ICMP, the type:code must be valid"))
        }
        "TCP" | "UDP" | "ICMP" => Ok(Some((protocol, from, to))),
        _ => Err(Fault::bad_request(format!("Invalid IP protocol {protocol}."))),
    }
}

fn number(value: &Value) -> Option<i32> {
    match value {
        Value::Number(number) => number.as_i64().and_then(|number| i32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Where packets come from when no group is said.
fn range(value: &Value) -> Result<String, Fault> {
    let text = match value {
        Value::Null => "",
        Value::String(text) => text.as_str(),
        _ => return Err(Fault::bad_request("The cidr is not a valid IP network.")),
    };
    if text.is_empty() {
        return Ok("0.0.0.0/0".to_owned());
    }
    let shown: String = text.chars().take(64).collect();
    let net: IpNet =
        text.parse().map_err(|_| Fault::bad_request(format!("{shown} is not a valid IP network.")))?;
    if net.prefix_len() == 0 && !net.addr().is_unspecified() {
        return Err(Fault::bad_request(format!("Bad prefix for network in cidr {shown}")));
    }
    Ok(net.to_string())
}

async fn create(cx: Cx<Nova>, Body(wanted): Body<Wanted>) -> Result<Response, Fault> {
    cx.allow()?;
    let proxy = &cx.service.network_proxy;
    // Groups that are not there are told before rules that make no sense.
    proxy.security_group(&cx.caller, wanted.parent_group_id).await?;
    let cidr = match wanted.group_id {
        Some(_) => None,
        None => Some(range(&wanted.cidr)?),
    };
    let asked = ports(&wanted)?;
    if asked.is_none() && cidr.is_some() {
        return Err(Fault::bad_request("Not enough parameters to build a valid rule."));
    }
    let new = NewSecurityGroupRule {
        group_id: wanted.parent_group_id,
        protocol: asked.as_ref().map(|(protocol, ..)| protocol.clone()),
        from_port: asked.as_ref().map(|(_, from, _)| *from),
        to_port: asked.as_ref().map(|(_, _, to)| *to),
        cidr,
        remote_group_id: wanted.group_id,
    };
    let rule = proxy.create_security_group_rule(&cx.caller, new).await.map_err(|error| match error {
        CallError::Conflict(_) => {
            Fault::bad_request(format!("This rule already exists in group {}", wanted.parent_group_id))
        }
        error => error.into(),
    })?;
    json(StatusCode::OK, &json!({"security_group_rule": view_rule(&rule, wanted.parent_group_id)}))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    cx.service.network_proxy.delete_security_group_rule(&cx.caller, id_of(&id)?).await?;
    Ok(StatusCode::ACCEPTED)
}
