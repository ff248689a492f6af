//! `/v2.0/ports`

mod create;
mod read;
mod update;

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, sea_query::SelectStatement,
};
use serde_json::{Value, json};
use uuid::Uuid;

pub(super) use read::wanted;

use super::{
    attributes::{Attribute, Is},
    id as id_of,
    listing::page,
    permit,
    shown::{Answer, Shown, listed, wrapped},
};
use crate::{
    Neutron,
    error::Error,
    model::{self, fixed_ip, network, port, port_group},
    network::{self as networks, Eyes, Seen},
    port::{self as ports, FLOATING, Full, GATEWAY, INTERFACE, METADATA},
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

static LIST: ListSpec<port::Entity> = ListSpec {
    id: port::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", port::Column::Id, Column::Uuid),
        ("name", port::Column::Name, Column::Text),
        ("network_id", port::Column::NetworkId, Column::Uuid),
        ("project_id", port::Column::ProjectId, Column::Text),
        ("tenant_id", port::Column::ProjectId, Column::Text),
        ("status", port::Column::Status, Column::Text),
        ("admin_state_up", port::Column::AdminStateUp, Column::Bool),
        ("device_id", port::Column::DeviceId, Column::Text),
        ("device_owner", port::Column::DeviceOwner, Column::Text),
        ("binding:host_id", port::Column::Host, Column::Text),
        ("description", port::Column::Description, Column::Text),
    ],
    sorts: &[
        ("id", port::Column::Id),
        ("name", port::Column::Name),
        ("network_id", port::Column::NetworkId),
        ("project_id", port::Column::ProjectId),
        ("tenant_id", port::Column::ProjectId),
        ("status", port::Column::Status),
        ("admin_state_up", port::Column::AdminStateUp),
        ("mac_address", port::Column::Mac),
        ("device_id", port::Column::DeviceId),
        ("device_owner", port::Column::DeviceOwner),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/ports", "get_port", list)
        .list(&LIST)
        .post("/v2.0/ports", "create_port", create::create)
        .get("/v2.0/ports/{id}", "get_port", show)
        .put("/v2.0/ports/{id}", "update_port", update::update)
        .delete("/v2.0/ports/{id}", "delete_port", delete)
}

/// A port of that project and device on a network, as the target of a policy.
pub(super) fn target_of<'a>(seen: &'a Seen, project: &'a str, device_owner: &'a str) -> Target<'a> {
    let kind = device_owner.split_once(':').map_or("", |(kind, _)| kind);
    seen.target_of(project).with("device_kind", kind)
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
        let ids: Vec<Uuid> = fulls.iter().map(|full| full.port.id).collect();
        let mut on: Vec<Uuid> = fulls.iter().map(|full| full.port.network_id).collect();
        on.sort();
        on.dedup();
        let networks = model::all_in(db, network::Entity::find(), network::Column::Id, &on).await?;
        Ok(Self { tags: model::tags_of(db, &ids).await?, ..Self::of_new(cx, networks.iter()) })
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
async fn find(cx: &Cx<Neutron>, text: &str) -> Result<(Full, Seen), Error> {
    let id = id_of(text, Error::port_missing)?;
    let db = cx.service.db.read();
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let full = ports::load_one(db, id).await?.ok_or_else(|| Error::port_missing(id))?;
    let seen = networks::seen_one(db, &eyes.project, full.port.network_id)
        .await?
        .ok_or_else(|| Error::port_missing(id))?;
    let target = target_of(&seen, &full.port.project_id, &full.port.device_owner);
    permit(cx, "get_port", &target, || Error::port_missing(id))?;
    drop(target);
    Ok((full, seen))
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let mut select = port::Entity::find();
    if !eyes.all {
        select = select.filter(
            Condition::any()
                .add(port::Column::ProjectId.eq(eyes.project.as_str()))
                .add(port::Column::NetworkId.in_subquery(eyes.own_networks())),
        );
    }
    select = select.filter(special(&query)?);
    let besides = ["fixed_ips", "security_groups", "mac_address", "ip_address"];
    let page = page(&cx.service, select, &LIST, &query, &besides).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|port| port.id).collect();
    let fulls = ports::load(cx.service.db.read(), page.items).await?;
    let mut around = Around::of(&cx, &fulls).await?;
    let shown = fulls.into_iter().map(|full| around.view(full)).collect();
    listed(&cx, "ports", &query, &ids, shown)
}

/// Filters by what is in other tables.
fn special(query: &Query) -> Result<Condition, Error> {
    let mut all = Condition::all();
    let macs: Vec<String> = query.all("mac_address").map(str::to_ascii_lowercase).collect();
    if !macs.is_empty() {
        all = all.add(port::Column::Mac.is_in(macs));
    }
    let groups: Vec<Uuid> = query.all("security_groups").filter_map(|text| text.parse().ok()).collect();
    if query.get("security_groups").is_some() {
        let members = port_group::Entity::find()
            .select_only()
            .column(port_group::Column::PortId)
            .filter(port_group::Column::GroupId.is_in(groups))
            .into_query();
        all = all.add(port::Column::Id.in_subquery(members));
    }
    let (mut addresses, mut subnets, mut parts) = (Vec::new(), Vec::new(), Vec::new());
    for text in query.all("fixed_ips") {
        for one in text.split(',') {
            match one.split_once('=') {
                Some(("ip_address", address)) => addresses.push(address.to_owned()),
                Some(("subnet_id" | "subnet", id)) => subnets.push(id.parse::<Uuid>().unwrap_or_default()),
                Some(("ip_address_substr", part)) => parts.push(part.to_owned()),
                _ => return Err(Error::bad_request(format!("'{one}' is invalid for the filter fixed_ips"))),
            }
        }
    }
    let having = |condition: Condition| -> SelectStatement {
        fixed_ip::Entity::find().select_only().column(fixed_ip::Column::PortId).filter(condition).into_query()
    };
    if !addresses.is_empty() {
        let condition = Condition::all().add(fixed_ip::Column::Address.is_in(addresses));
        all = all.add(port::Column::Id.in_subquery(having(condition)));
    }
    if !subnets.is_empty() {
        let condition = Condition::all().add(fixed_ip::Column::SubnetId.is_in(subnets));
        all = all.add(port::Column::Id.in_subquery(having(condition)));
    }
    for part in parts {
        let condition = Condition::all().add(fixed_ip::Column::Address.contains(&part));
        all = all.add(port::Column::Id.in_subquery(having(condition)));
    }
    Ok(all)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let (full, _) = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "port", &view_one(&cx, full).await?.only(&query))
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let (full, _) = find(&cx, &id).await?;
    let port = full.port;
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
