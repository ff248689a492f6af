//! `/v2.0/routers/{id}/add_router_interface` and its like.

use axum::{extract::Path, http::StatusCode};
use platform::http::{Body, Cx, Routes, json};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::shown::{Answer, wrapped},
    current, find, view_one,
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{json::Route, network, router, subnet},
    network::{Eyes, seen_one},
    port::{self as ports, Full},
    router as routers,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .put("/v2.0/routers/{id}/add_router_interface", "add_router_interface", add)
        .put("/v2.0/routers/{id}/remove_router_interface", "remove_router_interface", remove)
        .put("/v2.0/routers/{id}/add_extraroutes", "add_extraroutes", add_routes)
        .put("/v2.0/routers/{id}/remove_extraroutes", "remove_extraroutes", remove_routes)
}

/// An id in the body.
fn named(body: &Value, name: &str) -> Result<Option<Uuid>, Error> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|text| text.parse().ok())
            .map(Some)
            .ok_or_else(|| Error::bad_value(name, format!("{value} is not a valid UUID"))),
    }
}

fn view(router: &router::Model, leg: &Full) -> Value {
    let subnets: Vec<Uuid> = leg.addresses.iter().map(|row| row.subnet_id).collect();
    json!({
        "id": router.id,
        "tenant_id": leg.port.project_id,
        "project_id": leg.port.project_id,
        "port_id": leg.port.id,
        "network_id": leg.port.network_id,
        "subnet_id": subnets.first(),
        "subnet_ids": subnets,
    })
}

async fn add(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let router = find(&cx, &id).await?;
    let (port, subnet) = (named(&body.0, "port_id")?, named(&body.0, "subnet_id")?);
    let mut change = cx.service.change().await?;
    let mut router = current(&change, router.id).await?;
    let leg = match (port, subnet) {
        (Some(_), Some(_)) => {
            return Err(Error::bad_resource("router", "Cannot specify both subnet-id and port-id"));
        }
        (None, None) => {
            return Err(Error::bad_resource("router", "Either subnet_id or port_id must be specified"));
        }
        (Some(port), None) => {
            let port = usable_port(&cx, &change, port).await?;
            routers::add_port(&mut change, &router, port).await?
        }
        (None, Some(subnet)) => {
            let (network, subnet) = usable_subnet(&cx, &change, subnet).await?;
            routers::add_subnet(&mut change, &router, &network, &subnet).await?
        }
    };
    routers::save(&mut change, &mut router).await?;
    change.emit(cx.event("router.interface.create", router.id));
    change.commit().await?;
    Ok(json(StatusCode::OK, &view(&router, &leg))?)
}

/// A port that the caller may use.
async fn usable_port(cx: &Cx<Neutron>, change: &Change<'_>, id: Uuid) -> Result<Full, Error> {
    let missing = || Error::port_missing(id);
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let full = ports::load_one(&**change, id).await?.ok_or_else(missing)?;
    let seen = seen_one(&**change, &eyes.project, full.port.network_id).await?.ok_or_else(missing)?;
    let target = super::super::ports::target_of(&seen, &full.port.project_id, &full.port.device_owner);
    if cx.may("get_port", &target) && cx.may("update_port", &target) {
        drop(target);
        Ok(full)
    } else {
        Err(missing())
    }
}

/// A subnet on a network that the caller may put ports on.
async fn usable_subnet(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    id: Uuid,
) -> Result<(network::Model, subnet::Model), Error> {
    let missing = || Error::subnet_missing(id);
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let subnet = subnet::Entity::find_by_id(id).one(&**change).await?.ok_or_else(missing)?;
    let seen = seen_one(&**change, &eyes.project, subnet.network_id).await?.ok_or_else(missing)?;
    let usable = eyes.all || seen.shared || seen.network.project_id == eyes.project;
    if !usable {
        return Err(missing());
    }
    // The gateway's address on another project's network is not for everybody to take.
    if !eyes.all && seen.network.project_id != eyes.project {
        return Err(Error::bad_resource(
            "router",
            format!(
                "Cannot add interface to router because subnet {id} is not owned by project making the request"
            ),
        ));
    }
    Ok((seen.network, subnet))
}

async fn remove(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let router = find(&cx, &id).await?;
    let (port, subnet) = (named(&body.0, "port_id")?, named(&body.0, "subnet_id")?);
    let mut change = cx.service.change().await?;
    let mut router = current(&change, router.id).await?;
    let leg = routers::remove_interface(&mut change, &router, port, subnet).await?;
    routers::save(&mut change, &mut router).await?;
    change.emit(cx.event("router.interface.delete", router.id));
    change.commit().await?;
    Ok(json(StatusCode::OK, &view(&router, &leg))?)
}

/// The routes of the body: `{"router": {"routes": [...]}}`.
fn routes_of(body: &Value) -> Result<Vec<Route>, Error> {
    let routes = body
        .get("router")
        .and_then(|router| router.get("routes"))
        .ok_or_else(|| Error::bad_request("Unable to find 'router' with 'routes' in request body"))?;
    serde_json::from_value(routes.clone()).map_err(|error| Error::bad_value("routes", error))
}

async fn add_routes(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    change_routes(cx, id, body.0, |now, more| {
        let new: Vec<Route> = more.into_iter().filter(|route| !now.contains(route)).collect();
        now.extend(new);
    })
    .await
}

async fn remove_routes(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    change_routes(cx, id, body.0, |now, gone| now.retain(|route| !gone.contains(route))).await
}

async fn change_routes(
    cx: Cx<Neutron>,
    id: String,
    body: Value,
    edit: impl FnOnce(&mut Vec<Route>, Vec<Route>),
) -> Answer {
    let found = find(&cx, &id).await?;
    let named = routes_of(&body)?;
    let mut change = cx.service.change().await?;
    let mut router = current(&change, found.id).await?;
    edit(&mut router.routes.0, named);
    routers::check_routes(&change, &router, &router.routes.0).await?;
    routers::save(&mut change, &mut router).await?;
    change.commit().await?;
    wrapped(StatusCode::OK, "router", &view_one(&cx, router).await?)
}
