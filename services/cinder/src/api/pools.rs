//! What the backend has and can: `scheduler-stats/get_pools`, `capabilities`.

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    http::{Cx, Fault, Query, Routes, json},
    wire::Version,
};
use serde_json::{Value, json as literal};

use super::volume_view::time;
use crate::Cinder;

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/scheduler-stats/get_pools", "scheduler_extension:scheduler_stats:get_pools", pools)
        .get("/v3/capabilities/{host}", "volume_extension:capabilities", capabilities)
}

async fn pools(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let name = cx.service.pool();
    let other = |filter: &str, is: &str| {
        cx.version >= Version::new(3, 28) && query.get(filter).is_some_and(|asked| asked != is)
    };
    if other("name", &name) || other("backend_name", cx.service.backend.name()) {
        return json(StatusCode::OK, &literal!({"pools": []}));
    }
    let mut pool = literal!({"name": name});
    if query.flag("detail")?.unwrap_or(false) {
        let (total, free) = cx.service.backend.capacity().await.map_err(Fault::unavailable)?;
        let mut about = cx.service.capabilities();
        about["pool_name"] = literal!(cx.service.backend.name());
        about["total_capacity_gb"] = literal!(total);
        about["free_capacity_gb"] = literal!(free);
        about["reserved_percentage"] = literal!(0);
        about["timestamp"] = literal!(time(Utc::now()));
        pool["capabilities"] = about;
    }
    json(StatusCode::OK, &literal!({"pools": [pool]}))
}

async fn capabilities(cx: Cx<Cinder>, Path(host): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let backend = cx.service.backend.name();
    if host != cx.service.backend_host() && host != cx.service.pool() {
        return Err(Fault::not_found(format!(
            "Service {} could not be found.",
            host.chars().take(255).collect::<String>()
        )));
    }
    let property = |title: &str, description: &str| literal!({"title": title, "description": description, "type": "boolean"});
    let properties: Value = literal!({
        "thin_provisioning": property("Thin Provisioning", "Sets thin provisioning."),
        "compression": property("Compression", "Enables compression."),
        "qos": property("QoS", "Enables QoS."),
        "replication_enabled": property("Replication", "Enables replication."),
    });
    json(
        StatusCode::OK,
        &literal!({
            "namespace": format!("OS::Storage::Capabilities::{host}"),
            "vendor_name": "Pileus",
            "volume_backend_name": backend,
            "pool_name": backend,
            "driver_version": env!("CARGO_PKG_VERSION"),
            "storage_protocol": backend,
            "display_name": "Files",
            "description": "Volumes as sparse files",
            "visibility": "public",
            "replication_targets": [],
            "properties": properties,
        }),
    )
}
