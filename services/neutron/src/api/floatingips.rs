//! `/v2.0/floatingips`

use std::{collections::HashMap, net::IpAddr};

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use chrono::Utc;
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Value, json};
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
    floating::{self, Lead, NewFloatingIp},
    model::{self, floatingip, port},
    network::{Eyes, seen_one},
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

static LIST: ListSpec<floatingip::Entity> = ListSpec {
    id: floatingip::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", floatingip::Column::Id, Column::Uuid),
        ("project_id", floatingip::Column::ProjectId, Column::Text),
        ("tenant_id", floatingip::Column::ProjectId, Column::Text),
        ("floating_network_id", floatingip::Column::NetworkId, Column::Uuid),
        ("floating_ip_address", floatingip::Column::Address, Column::Text),
        ("port_id", floatingip::Column::PortId, Column::Uuid),
        ("fixed_ip_address", floatingip::Column::FixedIpAddress, Column::Text),
        ("router_id", floatingip::Column::RouterId, Column::Uuid),
        ("status", floatingip::Column::Status, Column::Text),
        ("description", floatingip::Column::Description, Column::Text),
    ],
    sorts: &[
        ("id", floatingip::Column::Id),
        ("project_id", floatingip::Column::ProjectId),
        ("tenant_id", floatingip::Column::ProjectId),
        ("floating_network_id", floatingip::Column::NetworkId),
        ("floating_ip_address", floatingip::Column::Address),
        ("status", floatingip::Column::Status),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/floatingips", "get_floatingip", list)
        .list(&LIST)
        .post("/v2.0/floatingips", "create_floatingip", create)
        .get("/v2.0/floatingips/{id}", "get_floatingip", show)
        .put("/v2.0/floatingips/{id}", "update_floatingip", update)
        .delete("/v2.0/floatingips/{id}", "delete_floatingip", delete)
}

async fn views(cx: &Cx<Neutron>, rows: Vec<floatingip::Model>) -> Result<Vec<Shown>, Error> {
    let db = cx.service.db.read();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let ports: Vec<Uuid> = rows.iter().filter_map(|row| row.port_id).collect();
    let ports: HashMap<Uuid, Value> = model::all_in(db, port::Entity::find(), port::Column::Id, &ports)
        .await?
        .into_iter()
        .map(|port| (port.id, details(port)))
        .collect();
    let mut tags = model::tags_of(db, &ids).await?;
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
                .with("port_details", row.port_id.and_then(|id| ports.get(&id).cloned()))
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
fn details(port: port::Model) -> Value {
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

async fn find(cx: &Cx<Neutron>, text: &str) -> Result<floatingip::Model, Error> {
    let id = id_of(text, Error::floatingip_missing)?;
    let missing = || Error::floatingip_missing(id);
    let row = floatingip::Entity::find_by_id(id).one(cx.service.db.read()).await?.ok_or_else(missing)?;
    permit(cx, "get_floatingip", &Target::project(row.project_id.as_str()), missing)?;
    Ok(row)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let mut select = floatingip::Entity::find();
    if !eyes.all {
        select = select.filter(floatingip::Column::ProjectId.eq(eyes.project.as_str()));
    }
    let page = page(&cx.service, select, &LIST, &query, &[]).await?;
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
    let missing = || Error::port_missing(id);
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let port = port::Entity::find_by_id(id).one(&**change).await?.ok_or_else(missing)?;
    let seen = seen_one(&**change, &eyes.project, port.network_id).await?.ok_or_else(missing)?;
    let target = super::ports::target_of(&seen, &port.project_id, &port.device_owner);
    if !cx.may("get_port", &target) {
        return Err(missing());
    }
    drop(target);
    Ok(Some(Some(Lead { port, fixed })))
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
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let seen = seen_one(&**change, &eyes.project, network)
        .await?
        .filter(|seen| cx.may("get_network", &seen.target()))
        .ok_or_else(|| Error::network_missing(network))?;
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
        floatingip::Entity::update(row.clone().into_active_model().reset_all()).exec(&**change).await?;
    }
    change.emit(cx.event("floatingip.create.end", row.id));
    Ok(row)
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "floatingip", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let missing = || Error::floatingip_missing(&id);
    let mut row = floatingip::Entity::find_by_id(found.id).one(&*change).await?.ok_or_else(missing)?;
    given.set_text("description", &mut row.description);
    if let Some(lead) = lead(&cx, &change, &given, row.port_id).await? {
        floating::point(&mut change, &mut row, lead).await?;
    }
    row.updated_at = Utc::now();
    row.revision += 1;
    floatingip::Entity::update(row.clone().into_active_model().reset_all()).exec(&*change).await?;
    change.emit(cx.event("floatingip.update.end", row.id));
    change.commit().await?;
    wrapped(StatusCode::OK, "floatingip", &view_one(&cx, row).await?)
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let found = find(&cx, &id).await?;
    let mut change = cx.service.change().await?;
    let missing = || Error::floatingip_missing(&id);
    let row = floatingip::Entity::find_by_id(found.id).one(&*change).await?.ok_or_else(missing)?;
    let id = row.id;
    floating::remove(&mut change, row).await?;
    change.emit(cx.event("floatingip.delete.end", id));
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
