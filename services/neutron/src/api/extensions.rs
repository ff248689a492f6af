//! `/v2.0/extensions`: what clients decide by. Only what is served is listed.

use axum::{extract::Path, http::StatusCode};
use platform::http::{Cx, Query, Routes};
use serde_json::Value;

use super::shown::{Answer, Shown, wrapped};
use crate::{Neutron, error::Error};

/// Alias, name, what it gives.
const EXTENSIONS: &[(&str, &str, &str)] = &[
    ("agent", "agent", "The agents of the hosts."),
    ("allowed-address-pairs", "Allowed Address Pairs", "Further addresses that a port may use."),
    ("availability_zone", "Availability Zone", "Zones of networks and routers."),
    ("binding", "Port Binding", "Where a port is bound."),
    ("default-subnetpools", "Default Subnetpools", "Subnets from the pool that is marked as default."),
    ("dns-integration", "DNS Integration", "Names of ports and networks."),
    ("empty-string-filtering", "Empty String Filtering Extension", "Lists filtered by the empty text."),
    (
        "ext-gw-mode",
        "Neutron L3 Configurable external gateway mode",
        "Source NAT of a router can be switched off.",
    ),
    ("external-net", "Neutron external network", "Networks that lead outside."),
    ("extra_dhcp_opt", "Neutron Extra DHCP options", "Extra DHCP options of ports."),
    ("extraroute", "Neutron Extra Route", "Extra routes of routers."),
    ("extraroute-atomic", "Atomically add/remove extra routes", "Extra routes added and removed one by one."),
    ("filter-validation", "Filter parameters validation", "Unknown filters are refused."),
    (
        "fip-port-details",
        "Floating IP Port Details Extension",
        "The port that a floating IP leads to is shown.",
    ),
    ("ip-substring-filtering", "IP address substring filtering", "Ports filtered by part of an address."),
    ("net-mtu", "Network MTU", "The largest packet of a network."),
    ("net-mtu-writable", "Network MTU (writable)", "The largest packet of a network can be set."),
    ("network-ip-availability", "Network IP Availability", "How many addresses are used."),
    ("network_availability_zone", "Network Availability Zone", "Zones of networks."),
    ("pagination", "Pagination support", "Lists by page."),
    (
        "port-mac-address-regenerate",
        "Neutron Port MAC address regenerate",
        "A port gets a new MAC address when null is given.",
    ),
    ("port-security", "Port Security", "Protection against spoofing can be switched off."),
    ("project-id", "project_id field enabled", "Projects by project_id."),
    ("provider", "Provider Network", "How a network is carried."),
    ("quota_details", "Quota details management support", "How much of a quota is used."),
    ("quotas", "Quota management support", "Quotas of projects."),
    ("rbac-policies", "RBAC Policies", "Networks shared with single projects."),
    ("router", "Neutron L3 Router", "Routers and floating IPs."),
    ("router_availability_zone", "Router Availability Zone", "Zones of routers."),
    ("security-group", "security-group", "Security groups."),
    (
        "security-groups-normalized-cidr",
        "Normalized CIDR field for security group rules",
        "The range that a rule means.",
    ),
    ("service-type", "Neutron Service Type Management", "Providers of services."),
    ("sorting", "Sorting support", "Sorted lists."),
    ("standard-attr-description", "standard-attr-description", "Descriptions of resources."),
    ("standard-attr-revisions", "Resource revision numbers", "Revisions of resources."),
    ("standard-attr-tag", "Tag support for resources with standard attribute", "Tags of resources."),
    ("standard-attr-timestamp", "Resource timestamps", "When resources were made and changed."),
    ("stateful-security-group", "Stateful security group", "Security groups without connection tracking."),
    (
        "subnet-dns-publish-fixed-ip",
        "Subnet DNS Publish Fixed IP",
        "Whether addresses of a subnet are published.",
    ),
    (
        "subnet-external-network",
        "Subnet belongs to external network",
        "Subnets show whether their network leads outside.",
    ),
    ("subnet-service-types", "Subnet service types", "Subnets for some kinds of ports only."),
    ("subnet_allocation", "Subnet Allocation", "Subnets cut from pools."),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new().get("/v2.0/extensions", "get_extension", list).get(
        "/v2.0/extensions/{alias}",
        "get_extension",
        show,
    )
}

fn view(extension: &(&str, &str, &str)) -> Shown {
    let (alias, name, description) = extension;
    Shown::new()
        .with("alias", *alias)
        .with("name", *name)
        .with("description", *description)
        .with("updated", "2026-01-01T00:00:00-00:00")
        .with("links", Value::Array(Vec::new()))
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let shown: Vec<Shown> = EXTENSIONS.iter().map(|extension| view(extension).only(&query)).collect();
    wrapped(StatusCode::OK, "extensions", &shown)
}

async fn show(cx: Cx<Neutron>, Path(alias): Path<String>) -> Answer {
    cx.allow()?;
    let found = EXTENSIONS.iter().find(|(known, _, _)| *known == alias);
    let found = found.ok_or_else(|| Error::extension_missing(&alias))?;
    wrapped(StatusCode::OK, "extension", &view(found))
}
