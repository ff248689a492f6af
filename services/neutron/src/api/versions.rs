//! Version documents.

use axum::{http::StatusCode, response::Response};
use platform::http::{Fault, OpenCx, Routes, Service, json};
use serde_json::{Value, json};

use crate::Neutron;

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new().document("/", versions).document("/v2.0", version).document("/v2.0/", version)
}

async fn versions(cx: OpenCx<Neutron>) -> Result<Response, Fault> {
    let link = format!("{}/v2.0/", cx.service.base().endpoint);
    let body = json!({"versions": [{
        "id": "v2.0",
        "status": "CURRENT",
        "links": [{"rel": "self", "href": link}],
    }]});
    json(StatusCode::OK, &body)
}

async fn version(cx: OpenCx<Neutron>) -> Result<Response, Fault> {
    let endpoint = &cx.service.base().endpoint;
    let resource = |name: &str, collection: &str| -> Value {
        json!({
            "name": name,
            "collection": collection,
            "links": [{"rel": "self", "href": format!("{endpoint}/v2.0/{collection}")}],
        })
    };
    let resources = [
        ("subnet", "subnets"),
        ("network", "networks"),
        ("port", "ports"),
        ("subnetpool", "subnetpools"),
        ("router", "routers"),
        ("floatingip", "floatingips"),
        ("security_group", "security-groups"),
        ("security_group_rule", "security-group-rules"),
        ("rbac_policy", "rbac-policies"),
        ("quota", "quotas"),
        ("agent", "agents"),
        ("availability_zone", "availability_zones"),
        ("network_ip_availability", "network-ip-availabilities"),
        ("service_provider", "service-providers"),
        ("extension", "extensions"),
    ];
    let resources: Vec<Value> =
        resources.iter().map(|(name, collection)| resource(name, collection)).collect();
    json(StatusCode::OK, &json!({"resources": resources}))
}
