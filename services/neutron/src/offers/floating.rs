//! Floating IPs as Nova shows them: with the name of their pool and the device they lead to.

use std::net::IpAddr;

use chrono::Utc;
use contracts::network_proxy::FloatingIp;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::asker::Asker;
use crate::{
    error::Error,
    floating::{self as domain, Lead, NewFloatingIp},
    model::{floatingip, network, port},
    quota::{Counted, admit},
};

/// Floating IPs with their pools and devices: two queries, whatever their number.
async fn views(db: &impl ConnectionTrait, rows: Vec<floatingip::Model>) -> Result<Vec<FloatingIp>, Error> {
    let networks = network::of_all(db, &rows).await?;
    let ports = port::led_to_by(db, &rows).await?;
    let view = |row: floatingip::Model| {
        Some(FloatingIp {
            id: row.id,
            address: row.address.parse().ok()?,
            pool: networks.get(&row.network_id).map_or_else(|| row.network_id.to_string(), pool_name),
            fixed_ip: row.fixed_ip_address.and_then(|text| text.parse().ok()),
            device_id: row
                .port_id
                .and_then(|id| Some(ports.get(&id)?.device_id.clone()))
                .filter(|device| !device.is_empty()),
        })
    };
    Ok(rows.into_iter().filter_map(view).collect())
}

fn pool_name(network: &network::Model) -> String {
    if network.name.is_empty() { network.id.to_string() } else { network.name.clone() }
}

async fn find(
    asker: &Asker<'_>,
    db: &impl ConnectionTrait,
    id: Uuid,
    rule: &str,
) -> Result<floatingip::Model, Error> {
    asker.open(rule, floatingip::find(db, id).await?)
}

/// Those of the caller's project.
pub(super) async fn list(asker: &Asker<'_>) -> Result<Vec<FloatingIp>, Error> {
    asker.project("get_floatingip")?;
    let db = asker.neutron.db.read();
    views(db, floatingip::all_of(db, &asker.own()).await?).await
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
    let rows = floatingip::at(db, &asker.eyes(), address).await?;
    if rows.len() > 1 {
        return Err(Error::floatingip_ambiguous(address));
    }
    Ok(views(db, rows).await?.pop())
}

/// External networks that the caller sees.
pub(super) async fn pools(asker: &Asker<'_>) -> Result<Vec<network::Model>, Error> {
    Ok(network::external_seen_by(asker.neutron.db.read(), &asker.eyes()).await?)
}

async fn pool(asker: &Asker<'_>, named: Option<&str>) -> Result<network::Model, Error> {
    let mut known = pools(asker).await?;
    if let Some(name) = named {
        let id = name.parse::<Uuid>().ok();
        known.retain(|network| id == Some(network.id) || id.is_none() && network.name == name);
    }
    match (known.len(), named, known.pop()) {
        (1, _, Some(one)) => Ok(one),
        (0, ..) | (_, None, _) => Err(Error::pool_missing()),
        (_, Some(name), _) => Err(Error::pool_ambiguous(name)),
    }
}

/// Takes one from a pool.
pub(super) async fn create(asker: &Asker<'_>, named: Option<&str>) -> Result<FloatingIp, Error> {
    let project = asker.project("create_floatingip")?;
    let pool = pool(asker, named).await?;
    let mut change = asker.neutron.change().await?;
    admit(&change, project, Counted::FloatingIp, 1).await?;
    let new = NewFloatingIp {
        project_id: project.to_owned(),
        description: String::new(),
        dns_name: String::new(),
        dns_domain: String::new(),
        subnet: None,
        address: None,
    };
    let row = domain::create(&mut change, &pool, new).await?;
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
            let found = asker.open("get_port", port::find(&*change, asker.caller, port).await?)?;
            Some(Lead { port: found.row.port, fixed: Some(fixed) })
        }
    };
    domain::point(&mut change, &mut row, lead).await?;
    row.updated_at = Utc::now();
    row.revision += 1;
    change.save(&row).await?;
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
