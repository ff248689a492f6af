//! `/v2.0/subnets`

use std::net::IpAddr;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use ipnet::IpNet;
use platform::{
    db::owned::Owned,
    http::{Body, Cx, Query, Routes},
};
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
    change::Change,
    error::Error,
    model::{
        Eyes, Placed,
        json::{Pool, Route, Texts},
        network, port, subnet, subnetpool, tag,
    },
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

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/subnets", "get_subnet", list)
        .list(&subnet::LIST)
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
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<Placed<subnet::Model>, Error> {
    Ok(cx.open(subnet::find(cx.service.db.read(), &cx.caller, id).await?)?)
}

async fn view_one(cx: &Cx<Neutron>, subnet: subnet::Model, external: bool) -> Result<Shown, Error> {
    let tags = tag::of(cx.service.db.read(), &subnet).await?;
    Ok(view(subnet, tags, external))
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = subnet::visible(&Eyes::of(&cx)?, &query)?;
    let page = page(&cx.service, select, &subnet::LIST, &query, &["router:external", "shared"]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|subnet| subnet.id).collect();
    let db = cx.service.db.read();
    let mut tags = tag::of_all(db, &page.items).await?;
    let networks = network::of_all(db, &page.items).await?;
    let shown = page
        .items
        .into_iter()
        .map(|subnet| {
            let tags = tags.remove(&subnet.id).unwrap_or_default();
            let external = networks.get(&subnet.network_id).is_some_and(|network| network.external);
            view(subnet, tags, external)
        })
        .collect();
    listed(&cx, "subnets", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let found = find(&cx, &id).await?;
    let shown = view_one(&cx, found.row, found.on.network.external).await?;
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
    let seen = cx.open_for("get_network", network::find(&**change, &cx.caller, network_id).await?)?;
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
        return subnets::default_pool(change, version).await.map(Some);
    }
    let Some(named) = named else { return Ok(None) };
    let id: Uuid = named
        .parse()
        .map_err(|_| Error::bad_value("subnetpool_id", format!("'{named}' is not a valid subnetpool ID")))?;
    Ok(Some(cx.open_for("get_subnetpool", subnetpool::find(&**change, id).await?)?))
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
    let found = find(&cx, &id).await?;
    given.allow(&cx, "update_subnet", &found.target())?;
    let mut change = cx.service.change().await?;
    let mut subnet = change.again(&found.row).await?;
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
    change.save(&subnet).await?;
    subnets::changed(&mut change, &subnet).await?;
    change.emit(cx.event("subnet.update.end", subnet.id));
    change.commit().await?;
    let shown = view_one(&cx, subnet, found.on.network.external).await?;
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
    if let Some(current) = &subnet.gateway_ip
        && let Some(leg) = port::leg_at_gateway(&**change, subnet).await?
    {
        return Err(Error::gateway_in_use(current, leg.id));
    }
    subnet.gateway_ip = wanted_text;
    Ok(())
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let subnet = find(&cx, &id).await?.row;
    let mut change = cx.service.change().await?;
    subnets::remove(&mut change, &subnet).await?;
    change.emit(cx.event("subnet.delete.end", subnet.id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
