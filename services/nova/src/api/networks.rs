//! `/os-networks`, `/os-tenant-networks`: Neutron's, as Nova's API showed them until 2.35.

use axum::{extract::Path, response::Response};
use contracts::{CallError, network::Network};
use http::{Method, StatusCode};
use platform::http::{Cx, Fault, Routes, json};
use serde_json::{Map, Value, json};

use super::security_groups::UNTIL;
use crate::Nova;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (networks, projects) = ("/v2.1/os-networks", "/v2.1/os-tenant-networks");
    let (network, project) = ("/v2.1/os-networks/{id}", "/v2.1/os-tenant-networks/{id}");
    Routes::new()
        .versioned(Method::GET, networks, "os_compute_api:os-networks:list", None, UNTIL, index)
        .versioned(Method::GET, network, "os_compute_api:os-networks:show", None, UNTIL, show)
        .versioned(Method::GET, projects, "os_compute_api:os-tenant-networks:list", None, UNTIL, of_project)
        .versioned(
            Method::GET,
            project,
            "os_compute_api:os-tenant-networks:show",
            None,
            UNTIL,
            one_of_project,
        )
}

/// What nova-network knew of a network, and nobody knows any more.
const FORGOTTEN: &[&str] =
    &["cidr", "netmask", "gateway", "broadcast", "dns1", "dns2", "cidr_v6", "gateway_v6", "netmask_v6"];

/// The same, for administrators.
const FORGOTTEN_INSIDE: &[&str] = &[
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "injected",
    "bridge",
    "vlan",
    "vpn_public_address",
    "vpn_public_port",
    "vpn_private_address",
    "dhcp_start",
    "project_id",
    "host",
    "bridge_interface",
    "multi_host",
    "priority",
    "rxtx_base",
    "mtu",
    "dhcp_server",
    "enable_dhcp",
    "share_address",
];

fn view(network: &Network, admin: bool) -> Value {
    let inside = FORGOTTEN_INSIDE.iter().filter(|_| admin);
    let mut view: Map<String, Value> =
        FORGOTTEN.iter().chain(inside).map(|name| ((*name).to_owned(), Value::Null)).collect();
    view.insert("id".to_owned(), json!(network.id));
    view.insert("label".to_owned(), json!(network.name));
    Value::Object(view)
}

fn short(network: &Network) -> Value {
    json!({"id": network.id, "cidr": "None", "label": network.name})
}

async fn find(cx: &Cx<Nova>, text: &str) -> Result<Network, Fault> {
    cx.allow()?;
    let missing = || Fault::not_found("Network not found");
    let id = text.parse().map_err(|_| missing())?;
    cx.service.networks.network(&cx.caller, id).await.map_err(|error| match error {
        CallError::NotFound(_) => missing(),
        error => error.into(),
    })
}

async fn index(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let (networks, admin) = (cx.service.network_proxy.visible_networks(&cx.caller).await?, cx.is_admin());
    let networks: Vec<Value> = networks.iter().map(|network| view(network, admin)).collect();
    json(StatusCode::OK, &json!({"networks": networks}))
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let network = find(&cx, &id).await?;
    json(StatusCode::OK, &json!({"network": view(&network, cx.is_admin())}))
}

async fn of_project(cx: Cx<Nova>) -> Result<Response, Fault> {
    cx.allow()?;
    let networks = cx.service.network_proxy.visible_networks(&cx.caller).await?;
    let networks: Vec<Value> = networks.iter().map(short).collect();
    json(StatusCode::OK, &json!({"networks": networks}))
}

async fn one_of_project(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let network = find(&cx, &id).await?;
    json(StatusCode::OK, &json!({"network": short(&network)}))
}
