//! Floating IPs as Nova shows them: with the name of their pool and the device they lead to.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use chrono::Utc;
use contracts::network_proxy::FloatingIp;
use platform::policy::Target;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::asker::Asker;
use crate::{
    error::Error,
    floating::{self as domain, Lead, NewFloatingIp},
    model::{self, floatingip, network, port},
    network::seen_one,
    quota::{Counted, admit},
};

/// Floating IPs with their pools and devices: two queries, whatever their number.
async fn views(db: &impl ConnectionTrait, rows: Vec<floatingip::Model>) -> Result<Vec<FloatingIp>, Error> {
    let on: HashSet<Uuid> = rows.iter().map(|row| row.network_id).collect();
    let on: Vec<Uuid> = on.into_iter().collect();
    let ports: Vec<Uuid> = rows.iter().filter_map(|row| row.port_id).collect();
    let names: HashMap<Uuid, String> = model::all_in(db, network::Entity::find(), network::Column::Id, &on)
        .await?
        .into_iter()
        .map(|network| (network.id, pool_name(network)))
        .collect();
    let devices: HashMap<Uuid, String> = model::all_in(db, port::Entity::find(), port::Column::Id, &ports)
        .await?
        .into_iter()
        .map(|port| (port.id, port.device_id))
        .collect();
    let view = |row: floatingip::Model| {
        Some(FloatingIp {
            id: row.id,
            address: row.address.parse().ok()?,
            pool: names.get(&row.network_id).cloned().unwrap_or_else(|| row.network_id.to_string()),
            fixed_ip: row.fixed_ip_address.and_then(|text| text.parse().ok()),
            device_id: row
                .port_id
                .and_then(|id| devices.get(&id).cloned())
                .filter(|device| !device.is_empty()),
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

fn pool_name(network: network::Model) -> String {
    if network.name.is_empty() { network.id.to_string() } else { network.name }
}

async fn find(
    asker: &Asker<'_>,
    db: &impl ConnectionTrait,
    id: Uuid,
    rule: &str,
) -> Result<floatingip::Model, Error> {
    let missing = || Error::floatingip_missing(id);
    let row = floatingip::Entity::find_by_id(id).one(db).await?.ok_or_else(missing)?;
    asker.permit(rule, "get_floatingip", &Target::project(row.project_id.as_str()), missing)?;
    Ok(row)
}

/// Those of the caller's project.
pub(super) async fn list(asker: &Asker<'_>) -> Result<Vec<FloatingIp>, Error> {
    let project = asker.project("get_floatingip")?;
    let db = asker.neutron.db.read();
    let rows = floatingip::Entity::find()
        .filter(floatingip::Column::ProjectId.eq(project))
        .order_by_asc(floatingip::Column::CreatedAt)
        .order_by_asc(floatingip::Column::Id)
        .all(db)
        .await?;
    views(db, rows).await
}

/// One.
pub(super) async fn show(asker: &Asker<'_>, id: Uuid) -> Result<FloatingIp, Error> {
    let db = asker.neutron.db.read();
    let row = find(asker, db, id, "get_floatingip").await?;
    views(db, vec![row]).await?.pop().ok_or_else(|| Error::floatingip_missing(id))
}

/// The one with an address.
pub(super) async fn at(asker: &Asker<'_>, address: IpAddr) -> Result<Option<FloatingIp>, Error> {
    let db = asker.neutron.db.read();
    let eyes = asker.eyes();
    let mut select = floatingip::Entity::find().filter(floatingip::Column::Address.eq(address.to_string()));
    if !eyes.all {
        select = select.filter(floatingip::Column::ProjectId.eq(eyes.project.as_str()));
    }
    let rows = select.limit(2).all(db).await?;
    if rows.len() > 1 {
        return Err(Error::floatingip_ambiguous(address));
    }
    Ok(views(db, rows).await?.pop())
}

/// External networks that the caller sees.
pub(super) async fn pools(asker: &Asker<'_>) -> Result<Vec<network::Model>, Error> {
    let networks = network::Entity::find()
        .filter(network::Column::External.eq(true))
        .filter(asker.eyes().networks())
        .order_by_asc(network::Column::Name)
        .order_by_asc(network::Column::Id)
        .all(asker.neutron.db.read())
        .await?;
    Ok(networks)
}

async fn pool(asker: &Asker<'_>, named: Option<&str>) -> Result<Uuid, Error> {
    let mut known = pools(asker).await?;
    if let Some(name) = named {
        let id = name.parse::<Uuid>().ok();
        known.retain(|network| id == Some(network.id) || id.is_none() && network.name == name);
    }
    match known.as_slice() {
        [] => Err(Error::pool_missing()),
        [one] => Ok(one.id),
        _ if named.is_none() => Err(Error::pool_missing()),
        _ => Err(Error::pool_ambiguous(named.unwrap_or_default())),
    }
}

/// Takes one from a pool.
pub(super) async fn create(asker: &Asker<'_>, named: Option<&str>) -> Result<FloatingIp, Error> {
    let project = asker.project("create_floatingip")?;
    let pool = pool(asker, named).await?;
    let mut change = asker.neutron.change().await?;
    let seen = seen_one(&*change, &asker.eyes().project, pool).await?.ok_or_else(Error::pool_missing)?;
    admit(&change, project, Counted::FloatingIp, 1).await?;
    let new = NewFloatingIp {
        project_id: project.to_owned(),
        description: String::new(),
        dns_name: String::new(),
        dns_domain: String::new(),
        subnet: None,
        address: None,
    };
    let row = domain::create(&mut change, &seen.network, new).await?;
    change.emit(asker.event("floatingip.create.end", row.id));
    let id = row.id;
    let view = views(&*change, vec![row]).await?.pop().ok_or_else(|| Error::floatingip_missing(id))?;
    change.commit().await?;
    Ok(view)
}

/// Lets one lead to a port of the project that owns it (or of any, for who sees all), or nowhere.
pub(super) async fn point(asker: &Asker<'_>, id: Uuid, lead: Option<(Uuid, IpAddr)>) -> Result<(), Error> {
    let mut change = asker.neutron.change().await?;
    let mut row = find(asker, &*change, id, "update_floatingip").await?;
    let lead = match lead {
        None => None,
        Some((port, fixed)) => {
            let missing = || Error::port_missing(port);
            let port = port::Entity::find_by_id(port).one(&*change).await?.ok_or_else(missing)?;
            let seen =
                seen_one(&*change, &asker.eyes().project, port.network_id).await?.ok_or_else(missing)?;
            if !asker.may("get_port", &seen.target_of(port.project_id.as_str())) {
                return Err(missing());
            }
            Some(Lead { port, fixed: Some(fixed) })
        }
    };
    domain::point(&mut change, &mut row, lead).await?;
    row.updated_at = Utc::now();
    row.revision += 1;
    floatingip::Entity::update(row.clone().into_active_model().reset_all()).exec(&*change).await?;
    change.emit(asker.event("floatingip.update.end", row.id));
    change.commit().await
}

/// Gives one back.
pub(super) async fn delete(asker: &Asker<'_>, id: Uuid) -> Result<(), Error> {
    let mut change = asker.neutron.change().await?;
    let row = find(asker, &*change, id, "delete_floatingip").await?;
    domain::remove(&mut change, row).await?;
    change.emit(asker.event("floatingip.delete.end", id));
    change.commit().await
}
