//! `/v2.0/ports`

mod create;
mod read;
mod update;

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    http::{Cx, Query, Routes},
    policy::Target,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) use read::wanted;

use super::{
    attributes::{Attribute, Is},
    listing::page,
    shown::{Answer, Shown, listed, wrapped},
};
use crate::{
    Neutron,
    error::Error,
    model::{
        Eyes, Placed, network,
        port::{self, Full},
        tag,
    },
    port::{self as ports, FLOATING, GATEWAY, INTERFACE, METADATA},
};

const VNIC_TYPES: &[&str] = &[
    "normal",
    "direct",
    "macvtap",
    "baremetal",
    "direct-physical",
    "virtio-forwarder",
    "smart-nic",
    "vdpa",
    "accelerator-direct",
    "accelerator-direct-physical",
    "remote-managed",
];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("network_id", Is::Id).fixed().required(),
    Attribute::new("admin_state_up", Is::Flag),
    Attribute::new("mac_address", Is::MaybeMac).guarded_if_said(),
    Attribute::new("fixed_ips", Is::Any).guarded_if_said(),
    Attribute::new("device_id", Is::Text(255)).guarded_if_said(),
    Attribute::new("device_owner", Is::Text(255)).guarded_if_said(),
    Attribute::new("security_groups", Is::Any),
    Attribute::new("port_security_enabled", Is::Flag).guarded(),
    Attribute::new("allowed_address_pairs", Is::Any).guarded_if_said(),
    Attribute::new("extra_dhcp_opts", Is::Any),
    Attribute::new("binding:host_id", Is::MaybeText(255)).guarded_if_said(),
    Attribute::new("binding:profile", Is::Any).guarded_if_said(),
    Attribute::new("binding:vnic_type", Is::OneOf(VNIC_TYPES)),
    Attribute::new("dns_name", Is::Hostname),
    Attribute::shown("binding:vif_type"),
    Attribute::shown("binding:vif_details"),
    Attribute::shown("dns_assignment"),
    Attribute::shown("tags"),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/ports", "get_port", list)
        .list(&port::LIST)
        .post("/v2.0/ports", "create_port", create::create)
        .get("/v2.0/ports/{id}", "get_port", show)
        .put("/v2.0/ports/{id}", "update_port", update::update)
        .delete("/v2.0/ports/{id}", "delete_port", delete)
}

/// What is looked up around ports that are shown.
struct Around {
    tags: HashMap<Uuid, Vec<String>>,
    domains: HashMap<Uuid, String>,
    /// Whether the caller sees where ports are bound.
    binding: bool,
}

impl Around {
    async fn of(cx: &Cx<Neutron>, fulls: &[Full]) -> Result<Self, Error> {
        let db = cx.service.db.read();
        let networks = network::of_all(db, fulls).await?;
        Ok(Self { tags: tag::of_all(db, fulls).await?, ..Self::of_new(cx, networks.values()) })
    }

    /// Around ports that were made just now: they have no tags.
    fn of_new<'n>(cx: &Cx<Neutron>, networks: impl Iterator<Item = &'n network::Model>) -> Self {
        let config = &cx.service.config;
        let domain = |network: &network::Model| {
            let own = network.dns_domain.trim_end_matches('.');
            format!("{}.", if own.is_empty() { config.domain() } else { own })
        };
        Self {
            tags: HashMap::new(),
            domains: networks.map(|network| (network.id, domain(network))).collect(),
            binding: cx.may("get_port:binding:host_id", &Target::none()),
        }
    }

    fn view(&mut self, full: Full) -> Shown {
        let Full { port, addresses, groups } = full;
        let domain = self.domains.get(&port.network_id).map_or("", String::as_str);
        let fixed_ips: Vec<Value> = addresses
            .iter()
            .map(|row| json!({"subnet_id": row.subnet_id, "ip_address": row.address}))
            .collect();
        let names: Vec<Value> = addresses
            .iter()
            .map(|row| {
                let host = ports::hostname(&port, &row.address);
                json!({"ip_address": row.address, "hostname": host, "fqdn": format!("{host}.{domain}")})
            })
            .collect();
        let groups: Vec<String> = groups.iter().map(Uuid::to_string).collect();
        let mut shown = Shown::new()
            .with("name", port.name)
            .with("network_id", port.network_id.to_string())
            .with("admin_state_up", port.admin_state_up)
            .with("mac_address", port.mac)
            .with("fixed_ips", fixed_ips)
            .with("device_id", port.device_id)
            .with("device_owner", port.device_owner)
            .with("status", port.status)
            .with("security_groups", groups)
            .with("port_security_enabled", port.port_security_enabled)
            .json("allowed_address_pairs", &port.pairs)
            .json("extra_dhcp_opts", &port.dhcp_opts)
            .with("binding:vnic_type", port.vnic_type)
            .with("dns_name", port.dns_name)
            .with("dns_assignment", names)
            .standard(
                port.id,
                &port.project_id,
                &port.description,
                (port.created_at, port.updated_at, port.revision),
            )
            .tags(self.tags.remove(&port.id).unwrap_or_default());
        if self.binding {
            let bound = !port.host.is_empty();
            let details = if bound {
                json!({"port_filter": true, "connectivity": "l2", "bridge_name": "br-int"})
            } else {
                json!({})
            };
            shown = shown
                .with("binding:host_id", port.host)
                .with("binding:vif_type", if bound { "ovs" } else { "unbound" })
                .with("binding:vif_details", details)
                .with("binding:profile", port.profile);
        }
        shown
    }
}

async fn view_one(cx: &Cx<Neutron>, full: Full) -> Result<Shown, Error> {
    let mut around = Around::of(cx, std::slice::from_ref(&full)).await?;
    Ok(around.view(full))
}

/// The port with its network, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<Placed<Full>, Error> {
    Ok(cx.open(port::find(cx.service.db.read(), &cx.caller, id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = port::visible(&Eyes::of(&cx)?, &query)?;
    let besides = ["fixed_ips", "security_groups", "mac_address", "ip_address"];
    let page = page(&cx.service, select, &port::LIST, &query, &besides).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|port| port.id).collect();
    let fulls = port::load(cx.service.db.read(), page.items).await?;
    let mut around = Around::of(&cx, &fulls).await?;
    let shown = fulls.into_iter().map(|full| around.view(full)).collect();
    listed(&cx, "ports", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let full = find(&cx, &id).await?.row;
    wrapped(StatusCode::OK, "port", &view_one(&cx, full).await?.only(&query))
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let port = find(&cx, &id).await?.row.port;
    if [INTERFACE, GATEWAY, FLOATING, METADATA].contains(&port.device_owner.as_str()) {
        return Err(Error::service_port(port.id, format!("has device owner {}", port.device_owner)));
    }
    let event = cx.event("port.delete.end", port.id);
    let gone = cx.service.together(move |change| {
        Box::pin(async move {
            ports::remove(change, &port).await?;
            change.emit(event);
            Ok(())
        })
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
