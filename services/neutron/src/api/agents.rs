//! `/v2.0/agents`: on each connected host runs an OVN controller.

use axum::{extract::Path, http::StatusCode};
use chrono::Utc;
use contracts::machine::HostDescription;
use platform::{
    http::{Cx, Query, Routes},
    policy::Target,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    id as id_of, permit_making,
    shown::{Answer, Shown, wrapped},
};
use crate::{Neutron, error::Error};

const TYPE: &str = "OVN Controller agent";
const BINARY: &str = "ovn-controller";

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new().get("/v2.0/agents", "get_agent", list).get("/v2.0/agents/{id}", "get_agent", show)
}

/// The same host has the same id at any time: FNV-1a of its name, twice 64 bits.
fn agent_id(host: &str) -> Uuid {
    let half = |seed: u64| {
        host.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    };
    let bytes = (u128::from(half(0)) << 64 | u128::from(half(1))).to_be_bytes();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

fn view(cx: &Cx<Neutron>, host: &HostDescription) -> Shown {
    let now = Utc::now().format("%Y-%m-%d %H:%M:%S").to_string();
    Shown::new()
        .with("id", agent_id(&host.host).to_string())
        .with("agent_type", TYPE)
        .with("binary", BINARY)
        .with("host", host.host.clone())
        .with("topic", "n/a")
        .with("admin_state_up", true)
        .with("alive", true)
        .with("availability_zone", cx.service.config.availability_zone.clone())
        .with("description", "")
        .with("configurations", json!({"tunnel_ip": host.address}))
        .with("resource_versions", json!({}))
        .with("resources_synced", serde_json::Value::Null)
        .with("started_at", now.clone())
        .with("created_at", now.clone())
        .with("heartbeat_timestamp", now)
}

fn connected(cx: &Cx<Neutron>) -> Vec<HostDescription> {
    cx.service.hosts.get().map(|hosts| hosts.connected()).unwrap_or_default()
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    permit_making(&cx, &Target::none())?;
    let fits = |name: &str, value: &str| query.get(name).is_none_or(|asked| asked == value);
    let alive = query.flag("alive")?.unwrap_or(true);
    let zone = cx.service.config.availability_zone.clone();
    let shown: Vec<Shown> = connected(&cx)
        .iter()
        .filter(|host| {
            alive
                && fits("host", &host.host)
                && fits("agent_type", TYPE)
                && fits("binary", BINARY)
                && fits("id", &agent_id(&host.host).to_string())
                && fits("availability_zone", &zone)
        })
        .map(|host| view(&cx, host).only(&query))
        .collect();
    wrapped(StatusCode::OK, "agents", &shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    permit_making(&cx, &Target::none())?;
    let id = id_of(&id, Error::agent_missing)?;
    let hosts = connected(&cx);
    let host = hosts.iter().find(|host| agent_id(&host.host) == id);
    let host = host.ok_or_else(|| Error::agent_missing(id))?;
    wrapped(StatusCode::OK, "agent", &view(&cx, host).only(&query))
}
