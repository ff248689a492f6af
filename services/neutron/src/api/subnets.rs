//! `/v2.0/subnets`

use std::{collections::HashMap, net::IpAddr};

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use ipnet::IpNet;
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Body, Cx, Query, Routes},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    QueryTrait,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, read_create, read_update},
    id as id_of,
    listing::page,
    permit, permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{
        self, fixed_ip,
        json::{Pool, Route, Texts},
        network, port, subnet, subnetpool,
    },
    network::{self as networks, Eyes, Seen},
    port::INTERFACE,
    quota::{Counted, admit},
    subnet::{self as subnets, Gateway, NewSubnet},
};

const MODES: &[&str] = &["dhcpv6-stateful", "dhcpv6-stateless", "slaac"];

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("network_id", Is::Id).fixed().required(),
    Attribute::new("ip_version", Is::MaybeNumber(4, 6)).fixed(),
    Attribute::new("cidr", Is::MaybeRange).fixed(),
    Attribute::new("prefixlen", Is::MaybeNumber(0, 128)).fixed(),
    Attribute::new("subnetpool_id", Is::MaybeText(36)).fixed(),
    Attribute::new("use_default_subnetpool", Is::Flag).fixed(),
    Attribute::new("gateway_ip", Is::MaybeAddress),
    Attribute::new("allocation_pools", Is::Any),
    Attribute::new("dns_nameservers", Is::Any),
    Attribute::new("host_routes", Is::Any),
    Attribute::new("enable_dhcp", Is::Flag),
    Attribute::new("ipv6_ra_mode", Is::MaybeOneOf(MODES)).fixed(),
    Attribute::new("ipv6_address_mode", Is::MaybeOneOf(MODES)).fixed(),
    Attribute::new("service_types", Is::Any).guarded_if_said(),
    Attribute::new("dns_publish_fixed_ip", Is::Flag),
    Attribute::shown("router:external"),
    Attribute::shown("tags"),
];

static LIST: ListSpec<subnet::Entity> = ListSpec {
    id: subnet::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", subnet::Column::Id, Column::Uuid),
        ("name", subnet::Column::Name, Column::Text),
        ("project_id", subnet::Column::ProjectId, Column::Text),
        ("tenant_id", subnet::Column::ProjectId, Column::Text),
        ("network_id", subnet::Column::NetworkId, Column::Uuid),
        ("ip_version", subnet::Column::IpVersion, Column::Int),
        ("cidr", subnet::Column::Cidr, Column::Text),
        ("gateway_ip", subnet::Column::GatewayIp, Column::Text),
        ("enable_dhcp", subnet::Column::EnableDhcp, Column::Bool),
        ("ipv6_ra_mode", subnet::Column::Ipv6RaMode, Column::Text),
        ("ipv6_address_mode", subnet::Column::Ipv6AddressMode, Column::Text),
        ("subnetpool_id", subnet::Column::SubnetpoolId, Column::Uuid),
        ("description", subnet::Column::Description, Column::Text),
    ],
    sorts: &[
        ("id", subnet::Column::Id),
        ("name", subnet::Column::Name),
        ("project_id", subnet::Column::ProjectId),
        ("tenant_id", subnet::Column::ProjectId),
        ("network_id", subnet::Column::NetworkId),
        ("ip_version", subnet::Column::IpVersion),
        ("cidr", subnet::Column::Cidr),
        ("enable_dhcp", subnet::Column::EnableDhcp),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/subnets", "get_subnet", list)
        .list(&LIST)
        .post("/v2.0/subnets", "create_subnet", create)
        .get("/v2.0/subnets/{id}", "get_subnet", show)
        .put("/v2.0/subnets/{id}", "update_subnet", update)
        .delete("/v2.0/subnets/{id}", "delete_subnet", delete)
}

fn view(subnet: subnet::Model, tags: Vec<String>, external: bool) -> Shown {
    Shown::new()
        .with("name", subnet.name)
        .with("network_id", subnet.network_id.to_string())
        .with("ip_version", subnet.ip_version)
        .with("cidr", subnet.cidr)
        .with("gateway_ip", subnet.gateway_ip)
        .with("enable_dhcp", subnet.enable_dhcp)
        .with("ipv6_ra_mode", subnet.ipv6_ra_mode)
        .with("ipv6_address_mode", subnet.ipv6_address_mode)
        .with("subnetpool_id", subnet.subnetpool_id.map(|id| id.to_string()))
        .json("allocation_pools", &subnet.pools)
        .json("dns_nameservers", &subnet.dns)
        .json("host_routes", &subnet.routes)
        .json("service_types", &subnet.service_types)
        .with("dns_publish_fixed_ip", subnet.dns_publish_fixed_ip)
        .with("router:external", external)
        .standard(
            subnet.id,
            &subnet.project_id,
            &subnet.description,
            (subnet.created_at, subnet.updated_at, subnet.revision),
        )
        .tags(tags)
}

/// The subnet with its network, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, text: &str) -> Result<(subnet::Model, Seen), Error> {
    let id = id_of(text, Error::subnet_missing)?;
    let db = cx.service.db.read();
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let subnet = subnet::Entity::find_by_id(id).one(db).await?.ok_or_else(|| Error::subnet_missing(id))?;
    let seen = networks::seen_one(db, &eyes.project, subnet.network_id)
        .await?
        .ok_or_else(|| Error::subnet_missing(id))?;
    permit(cx, "get_subnet", &seen.target_of(&subnet.project_id), || Error::subnet_missing(id))?;
    Ok((subnet, seen))
}

async fn view_one(cx: &Cx<Neutron>, subnet: subnet::Model, external: bool) -> Result<Shown, Error> {
    let mut tags = model::tags_of(cx.service.db.read(), &[subnet.id]).await?;
    let tags = tags.remove(&subnet.id).unwrap_or_default();
    Ok(view(subnet, tags, external))
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let db = cx.service.db.read();
    let mut select = subnet::Entity::find();
    if !eyes.all {
        select = select.filter(
            Condition::any()
                .add(subnet::Column::ProjectId.eq(eyes.project.as_str()))
                .add(subnet::Column::NetworkId.in_subquery(eyes.visible_networks())),
        );
    }
    if let Some(external) = query.flag("router:external")? {
        let networks = network::Entity::find()
            .select_only()
            .column(network::Column::Id)
            .filter(network::Column::External.eq(external))
            .into_query();
        select = select.filter(subnet::Column::NetworkId.in_subquery(networks));
    }
    if let Some(shared) = query.flag("shared")? {
        let networks = network::Entity::find()
            .select_only()
            .column(network::Column::Id)
            .filter(eyes.shared(shared))
            .into_query();
        select = select.filter(subnet::Column::NetworkId.in_subquery(networks));
    }
    let page = page(&cx.service, select, &LIST, &query, &["router:external", "shared"]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|subnet| subnet.id).collect();
    let mut tags = model::tags_of(db, &ids).await?;
    let mut on: Vec<Uuid> = page.items.iter().map(|subnet| subnet.network_id).collect();
    on.sort();
    on.dedup();
    let external: HashMap<Uuid, bool> = model::all_in(db, network::Entity::find(), network::Column::Id, &on)
        .await?
        .into_iter()
        .map(|network| (network.id, network.external))
        .collect();
    let shown = page
        .items
        .into_iter()
        .map(|subnet| {
            let tags = tags.remove(&subnet.id).unwrap_or_default();
            let external = external.get(&subnet.network_id).copied().unwrap_or(false);
            view(subnet, tags, external)
        })
        .collect();
    listed(&cx, "subnets", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let (subnet, seen) = find(&cx, &id).await?;
    let shown = view_one(&cx, subnet, seen.network.external).await?;
    wrapped(StatusCode::OK, "subnet", &shown.only(&query))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "subnet", "subnets", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut shown = Vec::new();
    for given in &bodies.given {
        let (subnet, external) = create_one(&cx, &mut change, given).await?;
        shown.push(view(subnet, Vec::new(), external));
    }
    change.commit().await?;
    made(bodies.bulk, "subnet", "subnets", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
) -> Result<(subnet::Model, bool), Error> {
    let network_id: Uuid = given.parsed("network_id").unwrap_or_default();
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let seen = networks::seen_one(&**change, &eyes.project, network_id)
        .await?
        .ok_or_else(|| Error::network_missing(network_id))?;
    // A stranger does not learn that the network is there.
    if !cx.may("get_network", &seen.target()) {
        let _ = cx.allow_on(&seen.target());
        return Err(Error::network_missing(network_id));
    }
    let project = given.project(cx)?;
    let target = seen.target_of(&project);
    permit_making(cx, &target)?;
    given.allow(cx, "create_subnet", &target)?;
    admit(change, &project, Counted::Subnet, 1).await?;
    let pool = pool_of(cx, change, given).await?;
    let asked: Option<IpNet> = range(given)?;
    let cidr = match (&pool, asked) {
        (Some(pool), asked) => {
            if asked.is_some() && given.number("prefixlen").is_some() {
                return Err(Error::bad_resource(
                    "subnets",
                    "cidr and prefixlen must not be supplied together",
                ));
            }
            subnets::allocate_prefix(change, pool, &project, asked, given.number("prefixlen")).await?
        }
        (None, Some(cidr)) => cidr,
        (None, None) => {
            return Err(Error::bad_resource(
                "subnets",
                "a subnetpool must be specified in the absence of a cidr",
            ));
        }
    };
    let version = if matches!(cidr, IpNet::V4(_)) { 4 } else { 6 };
    match given.number("ip_version") {
        None if pool.is_none() => {
            return Err(Error::bad_resource(
                "subnets",
                "ip_version must be specified in the absence of a subnetpool",
            ));
        }
        Some(asked) if asked != version => {
            return Err(Error::invalid(format!("cidr '{cidr}' does not match the ip_version '{asked}'")));
        }
        _ => {}
    }
    let new = NewSubnet {
        name: given.text_or("name", ""),
        description: given.text_or("description", ""),
        subnetpool_id: pool.map(|pool| pool.id),
        gateway: match (given.has("gateway_ip"), given.parsed::<IpAddr>("gateway_ip")) {
            (false, _) => Gateway::Auto,
            (true, None) => Gateway::Absent,
            (true, Some(address)) => Gateway::At(address),
        },
        pools: given.read::<Vec<Pool>>("allocation_pools")?,
        enable_dhcp: given.flag("enable_dhcp").unwrap_or(true),
        ipv6_ra_mode: given.text("ipv6_ra_mode").map(str::to_owned),
        ipv6_address_mode: given.text("ipv6_address_mode").map(str::to_owned),
        dns: given.read::<Vec<IpAddr>>("dns_nameservers")?.unwrap_or_default(),
        routes: given.read::<Vec<Route>>("host_routes")?.unwrap_or_default(),
        service_types: service_types(given)?.unwrap_or_default(),
        dns_publish_fixed_ip: given.flag("dns_publish_fixed_ip").unwrap_or(false),
        ..NewSubnet::of(&project, cidr)
    };
    let subnet = subnets::create(change, &seen.network, new).await?;
    change.emit(cx.event("subnet.create.end", subnet.id));
    Ok((subnet, seen.network.external))
}

/// The range that is asked for, in its one spelling.
fn range(given: &Given) -> Result<Option<IpNet>, Error> {
    let Some(cidr) = given.parsed::<IpNet>("cidr") else { return Ok(None) };
    let whole = cidr.trunc();
    if whole != cidr {
        return Err(Error::bad_value(
            "cidr",
            format!("'{cidr}' isn't a recognized IP subnet cidr, '{whole}' is recommended"),
        ));
    }
    Ok(Some(cidr))
}

/// The pool from which the subnet is cut, if any.
async fn pool_of(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    given: &Given,
) -> Result<Option<subnetpool::Model>, Error> {
    let named = given.text("subnetpool_id").filter(|text| !text.is_empty());
    if given.flag("use_default_subnetpool").unwrap_or(false) {
        if named.is_some() {
            return Err(Error::bad_resource(
                "subnets",
                "subnetpool_id and use_default_subnetpool cannot both be specified",
            ));
        }
        let Some(version) = given.number("ip_version") else {
            return Err(Error::bad_resource(
                "subnets",
                "ip_version must be specified in the absence of a subnetpool",
            ));
        };
        let found = subnetpool::Entity::find()
            .filter(subnetpool::Column::IsDefault.eq(true))
            .filter(subnetpool::Column::IpVersion.eq(version as i32))
            .one(&**change)
            .await?;
        return match found {
            Some(pool) => Ok(Some(pool)),
            None => {
                Err(Error::bad_resource("subnets", format!("No default subnetpool found for IPv{version}")))
            }
        };
    }
    let Some(named) = named else { return Ok(None) };
    let missing = || Error::subnetpool_missing(named);
    let id: Uuid = named
        .parse()
        .map_err(|_| Error::bad_value("subnetpool_id", format!("'{named}' is not a valid subnetpool ID")))?;
    let pool = subnetpool::Entity::find_by_id(id).one(&**change).await?.ok_or_else(missing)?;
    if !cx.may("get_subnetpool", &super::subnetpools::target(&pool)) {
        return Err(missing());
    }
    Ok(Some(pool))
}

fn service_types(given: &Given) -> Result<Option<Vec<String>>, Error> {
    let types: Option<Vec<String>> = given.read("service_types")?;
    for kind in types.iter().flatten() {
        let known = ["network:", "compute:", "baremetal:"].iter().any(|prefix| kind.starts_with(prefix));
        if !known || kind.len() > 255 {
            return Err(Error::refused(
                StatusCode::BAD_REQUEST,
                "InvalidSubnetServiceType",
                format!("Subnet service type {kind} does not correspond to a valid device owner."),
            ));
        }
    }
    Ok(types)
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "subnet", ATTRIBUTES)?;
    let (found, seen) = find(&cx, &id).await?;
    given.allow(&cx, "update_subnet", &seen.target_of(&found.project_id))?;
    let mut change = cx.service.change().await?;
    let mut subnet = subnet::Entity::find_by_id(found.id)
        .one(&*change)
        .await?
        .ok_or_else(|| Error::subnet_missing(&id))?;
    let cidr: IpNet = subnet.cidr.parse().map_err(|_| Error::subnet_missing(&id))?;
    given.set_text("name", &mut subnet.name);
    given.set_text("description", &mut subnet.description);
    given.set_flag("dns_publish_fixed_ip", &mut subnet.dns_publish_fixed_ip);
    given.set_flag("enable_dhcp", &mut subnet.enable_dhcp);
    if !subnet.enable_dhcp && (subnet.ipv6_ra_mode.is_some() || subnet.ipv6_address_mode.is_some()) {
        return Err(Error::invalid("Cannot disable enable_dhcp with ipv6 attributes set"));
    }
    if let Some(pools) = given.read::<Vec<Pool>>("allocation_pools")? {
        subnet.pools.0 = pools;
    }
    if given.has("gateway_ip") {
        set_gateway(&change, &mut subnet, &cidr, given.parsed("gateway_ip")).await?;
    }
    if given.has("allocation_pools") || given.has("gateway_ip") {
        let gateway = subnet.gateway_ip.as_deref().and_then(|text| text.parse().ok());
        subnets::check_pools(&cidr, &subnet.pools.0, gateway)?;
    }
    if given.has("dns_nameservers") {
        subnet.dns.0 = given.read("dns_nameservers")?.unwrap_or_default();
    }
    if given.has("host_routes") {
        subnet.routes.0 = given.read("host_routes")?.unwrap_or_default();
    }
    subnets::check_details(&id, subnet.ip_version == 4, &subnet.dns.0, &subnet.routes.0)?;
    if let Some(types) = service_types(&given)? {
        subnet.service_types = Texts(types);
    }
    subnet.updated_at = Utc::now();
    subnet.revision += 1;
    subnet::Entity::update(subnet.clone().into_active_model().reset_all()).exec(&*change).await?;
    subnets::changed(&mut change, subnet.network_id).await?;
    change.emit(cx.event("subnet.update.end", subnet.id));
    change.commit().await?;
    let shown = view_one(&cx, subnet, seen.network.external).await?;
    wrapped(StatusCode::OK, "subnet", &shown)
}

/// Another gateway, unless a router's leg has the old one.
async fn set_gateway(
    change: &Change<'_>,
    subnet: &mut subnet::Model,
    cidr: &IpNet,
    wanted: Option<IpAddr>,
) -> Result<(), Error> {
    let wanted_text = wanted.map(|address| address.to_string());
    if wanted_text == subnet.gateway_ip {
        return Ok(());
    }
    if let Some(address) = wanted {
        subnets::check_gateway(cidr, address)?;
    }
    if let Some(current) = &subnet.gateway_ip {
        let row = fixed_ip::Entity::find_by_id((subnet.network_id, current.clone())).one(&**change).await?;
        if let Some(row) = row
            && let Some(port) = port::Entity::find_by_id(row.port_id).one(&**change).await?
            && port.device_owner == INTERFACE
        {
            return Err(Error::gateway_in_use(current, port.id));
        }
    }
    subnet.gateway_ip = wanted_text;
    Ok(())
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let (subnet, _) = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    subnets::remove(&mut change, &subnet).await?;
    change.emit(cx.event("subnet.delete.end", subnet.id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
