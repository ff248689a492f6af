//! `/servers/{id}/diagnostics` and `/servers/{id}/topology`: what is known without asking the hypervisor.

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::{
    View,
    http::{self as web, Cx, Fault, Routes},
    wire::At,
};
use serde_json::{Value, json};

use super::lookup;
use crate::{Nova, error::NovaError, model::attachment, server::state::Power};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/servers/{id}/diagnostics", "os_compute_api:os-server-diagnostics", show)
        .versioned(
            Method::GET,
            "/v2.1/servers/{id}/topology",
            "compute:server:topology:index",
            Some((2, 78)),
            None,
            topology,
        )
}

#[derive(View)]
struct Diagnostics {
    #[view(until = "2.47")]
    memory: i64,
    #[view(since = "2.48")]
    state: &'static str,
    #[view(since = "2.48")]
    driver: &'static str,
    #[view(since = "2.48")]
    hypervisor: Option<String>,
    #[view(since = "2.48")]
    hypervisor_os: Option<String>,
    #[view(since = "2.48")]
    uptime: Option<i64>,
    #[view(since = "2.48")]
    config_drive: bool,
    #[view(since = "2.48")]
    num_cpus: i64,
    #[view(since = "2.48")]
    num_nics: usize,
    #[view(since = "2.48")]
    num_disks: usize,
    #[view(since = "2.48")]
    memory_details: Value,
    #[view(since = "2.48")]
    cpu_details: Vec<Value>,
    #[view(since = "2.48")]
    nic_details: Vec<Value>,
    #[view(since = "2.48")]
    disk_details: Vec<Value>,
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    if server.host.is_none() {
        return Err(NovaError::Conflict(format!("Instance {} is not ready", server.id)).into());
    }
    let disks = attachment::of(cx.service.db.read(), &server).await?;
    let nothing = Value::Null;
    let disk = json!({"read_bytes": nothing, "read_requests": nothing, "write_bytes": nothing,
                      "write_requests": nothing, "errors_count": nothing});
    let nics: Vec<Value> = server
        .addresses
        .0
        .iter()
        .map(|card| {
            json!({
                "mac_address": card.mac, "rx_octets": nothing, "rx_errors": nothing, "rx_drop": nothing,
                "rx_packets": nothing, "rx_rate": nothing, "tx_octets": nothing, "tx_errors": nothing,
                "tx_drop": nothing, "tx_packets": nothing, "tx_rate": nothing,
            })
        })
        .collect();
    let view = Diagnostics {
        memory: server.memory_mb * 1024,
        state: match server.power() {
            Power::Running => "running",
            Power::Paused => "paused",
            Power::Shutdown => "shutdown",
            Power::Crashed => "crashed",
            Power::Suspended => "suspended",
            Power::NoState => "pending",
        },
        driver: "libvirt",
        hypervisor: None,
        hypervisor_os: None,
        uptime: None,
        config_drive: server.config_drive,
        num_cpus: server.vcpus,
        num_nics: nics.len(),
        num_disks: disks.len(),
        memory_details: json!({"maximum": server.memory_mb, "used": nothing}),
        cpu_details: (0..server.vcpus)
            .map(|cpu| json!({"id": cpu, "time": nothing, "utilisation": nothing}))
            .collect(),
        nic_details: nics,
        disk_details: disks.iter().map(|_| disk.clone()).collect(),
    };
    web::json(StatusCode::OK, &At(&view, cx.version))
}

async fn topology(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    lookup::server(&cx, &id).await?;
    web::json(StatusCode::OK, &json!({"nodes": [], "pagesize_kb": null}))
}
