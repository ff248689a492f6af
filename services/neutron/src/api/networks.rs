//! `/v2.0/networks`

use std::collections::HashMap;

use axum::{extract::Path, http::StatusCode};
use chrono::Utc;
use platform::{
    db::owned::Owned,
    http::{Body, Cx, Query, Routes},
};
use sea_orm::ConnectionTrait;
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, read_create, read_update},
    listing::page,
    permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::{Change, Kind},
    error::Error,
    model::{
        Eyes,
        json::Texts,
        network::{self, Seen},
        port,
        rbac::{self, EXTERNAL, SHARED},
        subnet, tag,
    },
    network as networks,
    quota::{Counted, admit},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("admin_state_up", Is::Flag),
    Attribute::new("shared", Is::Flag).guarded_if_said(),
    Attribute::new("router:external", Is::Flag).guarded_if_said(),
    Attribute::new("mtu", Is::Number(0, 65_535)),
    Attribute::new("port_security_enabled", Is::Flag).guarded(),
    Attribute::new("dns_domain", Is::MaybeText(255)),
    Attribute::new("availability_zone_hints", Is::Any).fixed(),
    Attribute::new("provider:network_type", Is::Text(32)).guarded(),
    Attribute::new("provider:physical_network", Is::MaybeText(64)).guarded(),
    Attribute::new("provider:segmentation_id", Is::MaybeNumber(1, 16_777_215)).guarded(),
    Attribute::shown("subnets"),
    Attribute::shown("availability_zones"),
    Attribute::shown("tags"),
];

/// Filters by what only administrators see.
const PROVIDER: &[&str] = &["provider:network_type", "provider:physical_network", "provider:segmentation_id"];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/networks", "get_network", list)
        .list(&network::LIST)
        .post("/v2.0/networks", "create_network", create)
        .get("/v2.0/networks/{id}", "get_network", show)
        .put("/v2.0/networks/{id}", "update_network", update)
        .delete("/v2.0/networks/{id}", "delete_network", delete)
}

/// What is looked up around networks that are shown.
#[derive(Default)]
struct Around {
    subnets: HashMap<Uuid, Vec<subnet::Model>>,
    tags: HashMap<Uuid, Vec<String>>,
}

impl Around {
    async fn of(db: &impl ConnectionTrait, networks: &[network::Model]) -> Result<Self, Error> {
        Ok(Self { subnets: subnet::of_all(db, networks).await?, tags: tag::of_all(db, networks).await? })
    }

    fn view(&mut self, cx: &Cx<Neutron>, network: network::Model, shared: bool) -> Shown {
        let subnets = self.subnets.remove(&network.id).unwrap_or_default();
        let subnets: Vec<String> = subnets.iter().map(|subnet| subnet.id.to_string()).collect();
        let mut shown = Shown::new()
            .with("name", network.name)
            .with("admin_state_up", network.admin_state_up)
            .with("status", network.status)
            .with("mtu", network.mtu)
            .with("subnets", subnets)
            .with("shared", shared)
            .with("router:external", network.external)
            .with("port_security_enabled", network.port_security_enabled)
            .with("dns_domain", network.dns_domain)
            .json("availability_zone_hints", &network.zone_hints)
            .with("availability_zones", vec![cx.service.config.availability_zone.clone()])
            .standard(
                network.id,
                &network.project_id,
                &network.description,
                (network.created_at, network.updated_at, network.revision),
            )
            .tags(self.tags.remove(&network.id).unwrap_or_default());
        if cx.is_admin() {
            shown = shown
                .with("provider:network_type", network.network_type)
                .with("provider:physical_network", network.physical_network)
                .with("provider:segmentation_id", network.segmentation_id);
        }
        shown
    }
}

async fn view_one(cx: &Cx<Neutron>, seen: Seen) -> Result<Shown, Error> {
    let mut around = Around::of(cx.service.db.read(), std::slice::from_ref(&seen.network)).await?;
    Ok(around.view(cx, seen.network, seen.shared))
}

/// The network, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<Seen, Error> {
    Ok(cx.open(network::find(cx.service.db.read(), &cx.caller, id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let eyes = Eyes::of(&cx)?;
    let admin = cx.is_admin();
    let select = network::visible(&eyes, &query, admin)?;
    let besides: Vec<&str> =
        ["shared"].into_iter().chain(PROVIDER.iter().copied().filter(|_| admin)).collect();
    let page = page(&cx.service, select, &network::LIST, &query, &besides).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|network| network.id).collect();
    let db = cx.service.db.read();
    let shared = network::shared_with(db, eyes.project(), &page.items).await?;
    let mut around = Around::of(db, &page.items).await?;
    let shown = page
        .items
        .into_iter()
        .map(|network| {
            let shared = shared.contains(&network.id);
            around.view(&cx, network, shared)
        })
        .collect();
    listed(&cx, "networks", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let seen = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "network", &view_one(&cx, seen).await?.only(&query))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "network", "networks", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut made_now = Vec::new();
    for given in &bodies.given {
        made_now.push(create_one(&cx, &mut change, given).await?);
    }
    change.commit().await?;
    let mut around = Around::default();
    let shown = made_now.into_iter().map(|(network, shared)| around.view(&cx, network, shared)).collect();
    made(bodies.bulk, "network", "networks", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
) -> Result<(network::Model, bool), Error> {
    let project = given.project(cx)?;
    let target = platform::policy::Target::project(project.as_str());
    permit_making(cx, &target)?;
    given.allow(cx, "create_network", &target)?;
    admit(change, &project, Counted::Network, 1).await?;
    let (kind, physical, segment) = provider(change, given).await?;
    let most = cx.service.config.physical_mtu;
    let most = if kind == "geneve" { cx.service.config.tunnel_mtu() } else { most };
    let mtu = match given.number("mtu") {
        None | Some(0) => most,
        Some(asked) if asked > i64::from(most) => {
            return Err(Error::invalid(format!("Requested MTU is too big, maximum is {most}")));
        }
        Some(asked) => asked as u32,
    };
    let now = Utc::now();
    let network = network::Model {
        id: Uuid::new_v4(),
        project_id: project,
        name: given.text_or("name", ""),
        admin_state_up: given.flag("admin_state_up").unwrap_or(true),
        status: "ACTIVE".into(),
        external: given.flag("router:external").unwrap_or(false),
        mtu: mtu as i32,
        network_type: kind,
        physical_network: physical,
        segmentation_id: segment,
        port_security_enabled: given.flag("port_security_enabled").unwrap_or(true),
        dns_domain: given.text_or("dns_domain", ""),
        zone_hints: zone_hints(cx, given)?,
        description: given.text_or("description", ""),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    if !super::is_hostname(&network.dns_domain) {
        return Err(Error::bad_value("dns_domain", format!("'{}' not a valid domain", network.dns_domain)));
    }
    change.insert(&network).await?;
    let shared = given.flag("shared").unwrap_or(false);
    rbac::set_for_everybody(change, &network, SHARED, shared).await?;
    rbac::set_for_everybody(change, &network, EXTERNAL, network.external).await?;
    change.touch(Kind::Network, network.id);
    change.emit(cx.event("network.create.end", network.id));
    Ok((network, shared))
}

/// Zones that are asked for must be there.
pub(super) fn zone_hints(cx: &Cx<Neutron>, given: &Given) -> Result<Texts, Error> {
    let hints: Texts = given.read("availability_zone_hints")?.unwrap_or_default();
    let zone = &cx.service.config.availability_zone;
    match hints.0.iter().find(|hint| *hint != zone) {
        Some(other) => Err(Error::refused(
            StatusCode::NOT_FOUND,
            "AvailabilityZoneNotFound",
            format!("AvailabilityZone {other} could not be found."),
        )),
        None => Ok(hints),
    }
}

/// How the network is carried: a tunnel of its own, or a physical network.
async fn provider(
    change: &Change<'_>,
    given: &Given,
) -> Result<(String, Option<String>, Option<i64>), Error> {
    let physical = given.text("provider:physical_network").map(str::to_owned);
    let segment = given.number("provider:segmentation_id");
    match given.text("provider:network_type") {
        Some("flat") => {
            let Some(physical) = physical else {
                return Err(Error::invalid("physical_network required for flat provider network"));
            };
            if segment.is_some() {
                return Err(Error::invalid("segmentation_id specified for flat provider network"));
            }
            match network::on_physical(&**change, &physical).await? {
                Some(_) => Err(Error::flat_in_use(physical)),
                None => Ok(("flat".into(), Some(physical), None)),
            }
        }
        None | Some("geneve") => {
            if physical.is_some() {
                return Err(Error::invalid("provider:physical_network specified for geneve network"));
            }
            let number = match segment {
                None => networks::free_tunnel(&**change).await?,
                Some(number) => {
                    if !network::taken_tunnels(&**change, &[number]).await?.is_empty() {
                        return Err(Error::tunnel_in_use(number));
                    }
                    number
                }
            };
            Ok(("geneve".into(), None, Some(number)))
        }
        Some(other) => Err(Error::invalid(format!("Invalid network type '{other}'"))),
    }
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "network", ATTRIBUTES)?;
    let mut seen = find(&cx, &id).await?;
    given.allow(&cx, "update_network", &seen.target())?;
    let mut change = cx.service.change().await?;
    let mut network = change.again(&seen.network).await?;
    for name in ["provider:network_type", "provider:physical_network", "provider:segmentation_id"] {
        if given.has(name) {
            return Err(Error::invalid("Plugin does not support updating provider attributes"));
        }
    }
    given.set_text("name", &mut network.name);
    given.set_text("description", &mut network.description);
    given.set_flag("admin_state_up", &mut network.admin_state_up);
    given.set_flag("port_security_enabled", &mut network.port_security_enabled);
    given.set_text("dns_domain", &mut network.dns_domain);
    if let Some(mtu) = given.number("mtu").filter(|mtu| *mtu > 0) {
        set_mtu(&cx, &mut change, &mut network, mtu).await?;
    }
    if let Some(shared) = given.flag("shared") {
        if !shared && seen.shared {
            refuse_if_used_by_others(&change, &network).await?;
        }
        rbac::set_for_everybody(&change, &network, SHARED, shared).await?;
        seen.shared = shared;
    }
    if let Some(external) = given.flag("router:external") {
        if !external && network.external && port::need_outside(&*change, &network).await? {
            return Err(Error::external_in_use(network.id));
        }
        network.external = external;
        rbac::set_for_everybody(&change, &network, EXTERNAL, external).await?;
    }
    network.updated_at = Utc::now();
    network.revision += 1;
    change.save(&network).await?;
    change.touch(Kind::Network, network.id);
    change.emit(cx.event("network.update.end", network.id));
    change.commit().await?;
    seen.network = network;
    wrapped(StatusCode::OK, "network", &view_one(&cx, seen).await?)
}

async fn set_mtu(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    network: &mut network::Model,
    mtu: i64,
) -> Result<(), Error> {
    let config = &cx.service.config;
    let most = if network.network_type == "geneve" { config.tunnel_mtu() } else { config.physical_mtu };
    if mtu > i64::from(most) {
        return Err(Error::invalid(format!("Requested MTU is too big, maximum is {most}")));
    }
    let six = subnet::of(&**change, network).await?.iter().any(|subnet| subnet.ip_version == 6);
    let least = if six { 1280 } else { 68 };
    if mtu < least {
        return Err(Error::mtu_too_small(network.id, least));
    }
    network.mtu = mtu as i32;
    for router in port::routers_on(&**change, network).await? {
        change.touch(Kind::Router, router);
    }
    Ok(())
}

/// A network that others' ports are on stays shared.
async fn refuse_if_used_by_others(change: &Change<'_>, network: &network::Model) -> Result<(), Error> {
    let known = rbac::sharing_projects(&**change, network).await?;
    if port::of_others_on(&**change, network, known).await? {
        return Err(Error::sharing_in_use(network.id));
    }
    Ok(())
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let seen = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    networks::delete(&mut change, &seen.network).await?;
    change.emit(cx.event("network.delete.end", seen.network.id));
    change.commit().await?;
    Ok(axum::response::IntoResponse::into_response(StatusCode::NO_CONTENT))
}
