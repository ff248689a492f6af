//! `/v2.0/floatingips`

use std::net::IpAddr;

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use platform::{
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use serde_json::{Value, json};
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
    floating::{self, Lead, NewFloatingIp},
    model::{Eyes, floatingip, network, port, tag},
    quota::{Counted, admit},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("floating_network_id", Is::Id).fixed().required(),
    Attribute::new("floating_ip_address", Is::MaybeAddress).fixed().guarded_if_said(),
    Attribute::new("subnet_id", Is::MaybeId).fixed(),
    Attribute::new("port_id", Is::MaybeId),
    Attribute::new("fixed_ip_address", Is::MaybeAddress),
    Attribute::new("dns_name", Is::Hostname).fixed(),
    Attribute::new("dns_domain", Is::Hostname).fixed(),
    Attribute::shown("router_id"),
    Attribute::shown("port_details"),
    Attribute::shown("tags"),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/floatingips", "get_floatingip", list)
        .list(&floatingip::LIST)
        .post("/v2.0/floatingips", "create_floatingip", create)
        .get("/v2.0/floatingips/{id}", "get_floatingip", show)
        .put("/v2.0/floatingips/{id}", "update_floatingip", update)
        .delete("/v2.0/floatingips/{id}", "delete_floatingip", delete)
}

async fn views(cx: &Cx<Neutron>, rows: Vec<floatingip::Model>) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let ports = port::led_to_by(db, &rows).await?;
    let mut tags = tag::of_all(db, &rows).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            Shown::new()
                .with("floating_network_id", row.network_id.to_string())
                .with("floating_ip_address", row.address)
                .with("fixed_ip_address", row.fixed_ip_address)
                .with("port_id", row.port_id.map(|id| id.to_string()))
                .with("router_id", row.router_id.map(|id| id.to_string()))
                .with("status", row.status)
                .with("port_details", row.port_id.and_then(|id| ports.get(&id)).map(details))
                .with("dns_name", row.dns_name)
                .with("dns_domain", row.dns_domain)
                .standard(
                    row.id,
                    &row.project_id,
                    &row.description,
                    (row.created_at, row.updated_at, row.revision),
                )
                .tags(tags.remove(&row.id).unwrap_or_default())
        })
        .collect())
}

/// What is shown of the port that a floating IP leads to.
fn details(port: &port::Model) -> Value {
    json!({
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac,
        "admin_state_up": port.admin_state_up,
        "status": port.status,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
    })
}

async fn view_one(cx: &Cx<Neutron>, row: floatingip::Model) -> Result<Shown, Error> {
    Ok(views(cx, vec![row]).await?.pop().unwrap_or_default())
}

/// The floating IP, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<floatingip::Model, Error> {
    Ok(cx.open(floatingip::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = floatingip::visible(&Eyes::of(&cx)?);
    let page = page(&cx.service, select, &floatingip::LIST, &query, &[]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|row| row.id).collect();
    let shown = views(&cx, page.items).await?;
    listed(&cx, "floatingips", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let row = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "floatingip", &view_one(&cx, row).await?.only(&query))
}

/// Where the body lets the floating IP lead: nothing said, nowhere, or there.
async fn lead(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    given: &Given,
    current: Option<Uuid>,
) -> Result<Option<Option<Lead>>, Error> {
    let fixed: Option<IpAddr> = given.parsed("fixed_ip_address");
    let id = match (given.has("port_id"), given.parsed::<Uuid>("port_id")) {
        (true, Some(id)) => id,
        (true, None) if fixed.is_none() => return Ok(Some(None)),
        (false, _) if fixed.is_none() => return Ok(None),
        (false, _) if current.is_some() => current.unwrap_or_default(),
        _ => {
            return Err(Error::bad_resource(
                "floatingip",
                "fixed_ip_address cannot be specified without a port_id",
            ));
        }
    };
    let found = cx.open_for("get_port", port::find(&**change, &cx.caller, id).await?)?;
    Ok(Some(Some(Lead { port: found.row.port, fixed })))
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "floatingip", "floatingips", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut made_now = Vec::new();
    for given in &bodies.given {
        made_now.push(create_one(&cx, &mut change, given).await?);
    }
    change.commit().await?;
    let shown = views(&cx, made_now).await?;
    made(bodies.bulk, "floatingip", "floatingips", shown)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
) -> Result<floatingip::Model, Error> {
    let project = given.project(cx)?;
    let target = Target::project(project.as_str());
    permit_making(cx, &target)?;
    given.allow(cx, "create_floatingip", &target)?;
    let network: Uuid = given.parsed("floating_network_id").unwrap_or_default();
    let seen = cx.open_for("get_network", network::find(&**change, &cx.caller, network).await?)?;
    if !seen.network.external {
        return Err(Error::bad_resource(
            "floatingip",
            format!("Network {network} is not a valid external network"),
        ));
    }
    admit(change, &project, Counted::FloatingIp, 1).await?;
    let new = NewFloatingIp {
        project_id: project,
        description: given.text_or("description", ""),
        dns_name: given.text_or("dns_name", ""),
        dns_domain: given.text_or("dns_domain", ""),
        subnet: given.parsed("subnet_id"),
        address: given.parsed("floating_ip_address"),
    };
    let mut row = floating::create(change, &seen.network, new).await?;
    if let Some(Some(lead)) = lead(cx, change, given, None).await? {
        floating::point(change, &mut row, Some(lead)).await?;
        change.save(&row).await?;
    }
    change.emit(cx.event("floatingip.create.end", row.id));
    Ok(row)
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "floatingip", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let mut row = change.again(&found).await?;
    given.set_text("description", &mut row.description);
    if let Some(lead) = lead(&cx, &change, &given, row.port_id).await? {
        floating::point(&mut change, &mut row, lead).await?;
    }
    row.updated_at = Utc::now();
    row.revision += 1;
    change.save(&row).await?;
    change.emit(cx.event("floatingip.update.end", row.id));
    change.commit().await?;
    wrapped(StatusCode::OK, "floatingip", &view_one(&cx, row).await?)
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let row = change.again(&found).await?;
    let id = row.id;
    floating::remove(&mut change, row).await?;
    change.emit(cx.event("floatingip.delete.end", id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
