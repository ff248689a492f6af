//! `/v2.0/routers`

mod interfaces;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use platform::{
    db::owned::Owned,
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    attributes::{Attribute, Given, Is, only, read_create, read_update},
    listing::page,
    networks::zone_hints,
    permit_making,
    ports::wanted,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::{Change, Kind},
    error::Error,
    model::{
        Eyes, fixed_ip,
        json::{Route, Routes as RouteList},
        network, router, tag,
    },
    quota::{Counted, admit},
    router::{self as routers, GatewayInfo},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("name", Is::Text(255)),
    Attribute::new("admin_state_up", Is::Flag),
    Attribute::new("external_gateway_info", Is::Any).guarded_if_said(),
    Attribute::new("routes", Is::Any).later(),
    Attribute::new("availability_zone_hints", Is::Any).fixed(),
    Attribute::shown("availability_zones"),
    Attribute::shown("tags"),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/routers", "get_router", list)
        .list(&router::LIST)
        .post("/v2.0/routers", "create_router", create)
        .get("/v2.0/routers/{id}", "get_router", show)
        .put("/v2.0/routers/{id}", "update_router", update)
        .delete("/v2.0/routers/{id}", "delete_router", delete)
        .merge(interfaces::routes())
}

/// Routers as they are shown, with the addresses of their legs outside.
async fn views(cx: &Cx<Neutron>, rows: Vec<router::Model>) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let outside = fixed_ip::outside_of(db, &rows).await?;
    let addresses = |leg: Uuid| -> Vec<Value> {
        let rows = outside.get(&leg).into_iter().flatten();
        rows.map(|row| json!({"subnet_id": row.subnet_id, "ip_address": row.address})).collect()
    };
    let mut tags = tag::of_all(db, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|router| {
            let gateway = router.gateway_network_id.zip(router.gateway_port_id).map(|(network, port)| {
                json!({
                    "network_id": network,
                    "enable_snat": router.enable_snat,
                    "external_fixed_ips": addresses(port),
                })
            });
            Shown::new()
                .with("name", router.name)
                .with("admin_state_up", router.admin_state_up)
                .with("status", router.status)
                .with("external_gateway_info", gateway)
                .json("routes", &router.routes)
                .json("availability_zone_hints", &router.zone_hints)
                .with("availability_zones", vec![cx.service.config.availability_zone.clone()])
                .with("flavor_id", Value::Null)
                .standard(
                    router.id,
                    &router.project_id,
                    &router.description,
                    (router.created_at, router.updated_at, router.revision),
                )
                .tags(tags.remove(&router.id).unwrap_or_default())
        })
        .collect())
}

async fn view_one(cx: &Cx<Neutron>, router: router::Model) -> Result<Shown, Error> {
    Ok(views(cx, vec![router]).await?.pop().unwrap_or_default())
}

/// The router, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<router::Model, Error> {
    Ok(cx.open(router::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = router::visible(&Eyes::of(&cx)?);
    let page = page(&cx.service, select, &router::LIST, &query, &[]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|router| router.id).collect();
    let shown = views(&cx, page.items).await?;
    listed(&cx, "routers", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let router = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "router", &view_one(&cx, router).await?.only(&query))
}

/// The leg outside that is asked for: not spoken of, none, or this.
fn gateway_info(given: &Given) -> Result<Option<Option<GatewayInfo<Uuid>>>, Error> {
    let name = "external_gateway_info";
    let map = match given.value(name) {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::Object(map)) if map.is_empty() => return Ok(Some(None)),
        Some(Value::Object(map)) => map,
        Some(other) => return Err(Error::bad_value(name, format!("'{other}' is not a dictionary"))),
    };
    only(map, name, &["network_id", "enable_snat", "external_fixed_ips"])?;
    let Some(network) = map.get("network_id").filter(|value| !value.is_null()) else {
        return Err(Error::bad_value(name, "'network_id' is required"));
    };
    let network = network
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| Error::bad_value(name, format!("{network} is not a valid UUID")))?;
    let snat = match map.get("enable_snat") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(flag)) => Some(*flag),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
        Some(other) => {
            return Err(Error::bad_value(name, format!("'{other}' is not a valid boolean value")));
        }
    };
    let addresses = match map.get("external_fixed_ips") {
        None | Some(Value::Null) => None,
        Some(Value::Array(items)) => {
            let items: Vec<serde_json::Map<String, Value>> =
                items.iter().map(|item| item.as_object().cloned()).collect::<Option<_>>().ok_or_else(
                    || Error::bad_value(name, "external_fixed_ips is not a list of dictionaries"),
                )?;
            Some(wanted(&items, name)?)
        }
        Some(_) => return Err(Error::bad_value(name, "external_fixed_ips is not a list")),
    };
    Ok(Some(Some(GatewayInfo { network, snat, addresses })))
}

/// The leg outside that is asked for, if the caller may ask for such a one and sees the network.
async fn gateway(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    action: &str,
    info: GatewayInfo<Uuid>,
    project: &str,
) -> Result<GatewayInfo<network::Model>, Error> {
    let target = Target::project(project);
    for (part, said) in
        [("enable_snat", info.snat.is_some()), ("external_fixed_ips", info.addresses.is_some())]
    {
        let rule = format!("{action}:external_gateway_info:{part}");
        if said && !cx.may(&rule, &target) {
            return Err(Error::forbidden(rule));
        }
    }
    let seen = cx.open_for("get_network", network::find(&**change, &cx.caller, info.network).await?)?;
    Ok(GatewayInfo { network: seen.network, snat: info.snat, addresses: info.addresses })
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "router", "routers", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut made_now = Vec::new();
    for given in &bodies.given {
        made_now.push(create_one(&cx, &mut change, given).await?);
    }
    change.commit().await?;
    let shown = views(&cx, made_now).await?;
    made(bodies.bulk, "router", "routers", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
) -> Result<router::Model, Error> {
    let project = given.project(cx)?;
    let target = Target::project(project.as_str());
    permit_making(cx, &target)?;
    given.allow(cx, "create_router", &target)?;
    admit(change, &project, Counted::Router, 1).await?;
    let info = match gateway_info(given)?.flatten() {
        Some(info) => Some(gateway(cx, change, "create_router", info, &project).await?),
        None => None,
    };
    let now = Utc::now();
    let mut router = router::Model {
        id: Uuid::new_v4(),
        project_id: project,
        name: given.text_or("name", ""),
        admin_state_up: given.flag("admin_state_up").unwrap_or(true),
        status: "ACTIVE".into(),
        gateway_network_id: None,
        gateway_port_id: None,
        enable_snat: true,
        routes: RouteList::default(),
        zone_hints: zone_hints(cx, given)?,
        description: given.text_or("description", ""),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    if info.is_some() {
        routers::set_gateway(change, &mut router, info).await?;
    }
    change.insert(&router).await?;
    change.touch(Kind::Router, router.id);
    change.emit(cx.event("router.create.end", router.id));
    Ok(router)
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "router", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    given.allow(&cx, "update_router", &found.target())?;
    let info = gateway_info(&given)?;
    let routes: Option<Vec<Route>> = match given.has("routes") {
        true => Some(given.read("routes")?.unwrap_or_default()),
        false => None,
    };
    let mut change = cx.service.change().await?;
    let mut router = change.again(&found).await?;
    given.set_text("name", &mut router.name);
    given.set_text("description", &mut router.description);
    given.set_flag("admin_state_up", &mut router.admin_state_up);
    if let Some(info) = info {
        let info = match info {
            Some(info) => Some(gateway(&cx, &change, "update_router", info, &router.project_id).await?),
            None => None,
        };
        routers::set_gateway(&mut change, &mut router, info).await?;
    }
    if let Some(routes) = routes {
        routers::check_routes(&change, &router, &routes).await?;
        router.routes.0 = routes;
    }
    routers::save(&mut change, &mut router).await?;
    change.emit(cx.event("router.update.end", router.id));
    change.commit().await?;
    wrapped(StatusCode::OK, "router", &view_one(&cx, router).await?)
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let router = change.again(&found).await?;
    let id = router.id;
    routers::remove(&mut change, router).await?;
    change.emit(cx.event("router.delete.end", id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
