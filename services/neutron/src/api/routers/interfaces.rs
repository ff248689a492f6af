//! `/v2.0/routers/{id}/add_router_interface` and its like.

use axum::{extract::Path, http::StatusCode};
use platform::{
    db::owned::Owned,
    http::{Body, Cx, Routes, json},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    super::{
        sees_all,
        shown::{Answer, wrapped},
    },
    find, view_one,
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{
        json::Route,
        network,
        port::{self, Full},
        router, subnet,
    },
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
    let mut router = change.again(&router).await?;
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
    let found = cx.open_for("get_port", port::find(&**change, &cx.caller, id).await?)?;
    if cx.may("update_port", &found.target()) { Ok(found.row) } else { Err(Error::port_missing(id)) }
}

/// A subnet on a network that the caller may put ports on.
async fn usable_subnet(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    id: Uuid,
) -> Result<(network::Model, subnet::Model), Error> {
    let found = cx.open_for("get_subnet", subnet::find(&**change, &cx.caller, id).await?)?;
    let own = sees_all(cx) || Some(found.on.network.project_id.as_str()) == cx.caller.project_id();
    if !own && !found.on.shared {
        return Err(Error::subnet_missing(id));
    }
    // The gateway's address on another project's network is not for everybody to take.
    if !own {
        return Err(Error::bad_resource(
            "router",
            format!(
                "Cannot add interface to router because subnet {id} is not owned by project making the request"
            ),
        ));
    }
    Ok((found.on.network, found.row))
}

async fn remove(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let router = find(&cx, &id).await?;
    let (port, subnet) = (named(&body.0, "port_id")?, named(&body.0, "subnet_id")?);
    let mut change = cx.service.change().await?;
    let mut router = change.again(&router).await?;
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
    let mut router = change.again(&found).await?;
    edit(&mut router.routes.0, named);
    routers::check_routes(&change, &router, &router.routes.0).await?;
    routers::save(&mut change, &mut router).await?;
    change.commit().await?;
    wrapped(StatusCode::OK, "router", &view_one(&cx, router).await?)
}
