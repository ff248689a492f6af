//! `POST /v2.0/ports`

use platform::http::{Body, Cx};
use serde_json::Value;
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

use super::{
    super::{
        attributes::{Given, read_create},
        permit_making,
        shown::{Answer, made},
    },
    ATTRIBUTES, Around, read,
};
use crate::{
    Neutron,
    address::random_mac,
    change::Change,
    error::Error,
    model::{
        json::DhcpOpts,
        network::{self, Seen},
        port::{Full, target_on},
        router, subnet,
    },
    port::{self as ports, Addresses, NewPort},
    quota::{Counted, admit},
};

/// How often a port is tried again when another took the same random MAC or IP address at the same time.
const TRIES: u32 = 20;

pub(super) async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "port", "ports", ATTRIBUTES)?;
    let asked = Arc::new(Asked { seen: networks_of(&cx, &bodies.given).await?, given: bodies.given, cx });
    let mut attempt = 1;
    let fulls = loop {
        let again = asked.clone();
        let made = asked.cx.service.together(move |change| {
            Box::pin(async move { create_all(&again.cx, change, &again.given, &again.seen).await })
        });
        match made.await {
            Err(error) if error.is_duplicate() && attempt < TRIES => attempt += 1,
            outcome => break outcome?,
        }
    };
    let mut around = Around::of_new(&asked.cx, asked.seen.values().map(|(seen, _)| &seen.network));
    let shown = fulls.into_iter().map(|full| around.view(full)).collect();
    made(bodies.bulk, "port", "ports", shown)
}

/// What a request asks for.
struct Asked {
    cx: Cx<Neutron>,
    given: Vec<Given>,
    seen: Networks,
}

type Networks = HashMap<Uuid, (Seen, Vec<subnet::Model>)>;

/// The networks that the body names and the caller sees, with their subnets. Read before the transaction, which is kept
/// short; that they are still there when it is committed is seen to by foreign keys.
async fn networks_of(cx: &Cx<Neutron>, given: &[Given]) -> Result<Networks, Error> {
    let db = cx.service.db.read();
    let mut on: Vec<Uuid> = given.iter().filter_map(|one| one.parsed("network_id")).collect();
    on.sort();
    on.dedup();
    let mut found = Networks::new();
    for sealed in network::find_all(db, &cx.caller, &on).await? {
        if let Ok(seen) = cx.open_for("get_network", sealed) {
            let subnets = subnet::of(db, &seen.network).await?;
            found.insert(seen.network.id, (seen, subnets));
        }
    }
    Ok(found)
}

/// All of them, or none.
async fn create_all(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &[Given],
    seen: &Networks,
) -> Result<Vec<Full>, Error> {
    let mut made = Vec::new();
    for one in given {
        let id: Uuid = one.parsed("network_id").unwrap_or_default();
        let (network, subnets) = seen.get(&id).ok_or_else(|| Error::network_missing(id))?;
        made.push(create_one(cx, change, one, network, subnets).await?);
    }
    Ok(made)
}

async fn create_one(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
    seen: &Seen,
    subnets: &[subnet::Model],
) -> Result<Full, Error> {
    let project = given.project(cx)?;
    let device_owner = given.text_or("device_owner", "");
    let target = target_on(seen, &project, &device_owner);
    permit_making(cx, &target)?;
    given.allow(cx, "create_port", &target)?;
    let addresses = read::addresses(given)?.unwrap_or(Addresses::Automatic);
    read::allow_addresses(cx, "create_port", &addresses, &target)?;
    drop(target);
    admit(change, &project, Counted::Port, 1).await?;
    let device_id = given.text_or("device_id", "");
    refuse_foreign_router(cx, change, &device_owner, &device_id).await?;

    let security = given.flag("port_security_enabled").unwrap_or_else(|| {
        // Ports of Neutron's own devices route what is not theirs.
        seen.network.port_security_enabled && !device_owner.starts_with("network:")
    });
    let groups = read::groups(cx, change, given, &project).await?;
    let mac = given.text("mac_address").map_or_else(random_mac, str::to_owned);
    let pairs = read::pairs(given, &mac)?.unwrap_or_default();
    check_security(security, groups.as_deref().unwrap_or_default(), !pairs.0.is_empty())?;
    let new = NewPort {
        name: given.text_or("name", ""),
        description: given.text_or("description", ""),
        admin_state_up: given.flag("admin_state_up").unwrap_or(true),
        // A random one too: pairs without a MAC address name it.
        mac: Some(mac),
        addresses,
        device_id,
        device_owner,
        port_security: security,
        groups,
        host: given.text_or("binding:host_id", ""),
        vnic_type: given.text_or("binding:vnic_type", "normal"),
        profile: profile(given)?,
        dns_name: given.text_or("dns_name", ""),
        dhcp_opts: read::dhcp_opts(given, &DhcpOpts::default())?.unwrap_or_default(),
        pairs,
        ..NewPort::on(&seen.network, subnets, &project)
    };
    let full = ports::insert(change, new).await?;
    change.emit(cx.event("port.create.end", full.port.id));
    Ok(full)
}

/// Groups and pairs need port security.
pub(super) fn check_security(security: bool, groups: &[Uuid], pairs: bool) -> Result<(), Error> {
    if !security && !groups.is_empty() {
        return Err(Error::groups_need_security());
    }
    if !security && pairs {
        return Err(Error::pairs_need_security());
    }
    Ok(())
}

pub(super) fn profile(given: &Given) -> Result<Value, Error> {
    match given.value("binding:profile") {
        None | Some(Value::Null) => Ok(Value::Object(serde_json::Map::new())),
        Some(Value::Object(map)) if map.len() <= 64 => Ok(Value::Object(map.clone())),
        Some(_) => Err(Error::bad_value("binding:profile", "it is not a dictionary")),
    }
}

/// Nobody puts a port on another project's router by naming it.
pub(super) async fn refuse_foreign_router(
    cx: &Cx<Neutron>,
    change: &Change<'_>,
    device_owner: &str,
    device_id: &str,
) -> Result<(), Error> {
    if cx.is_admin() || !device_owner.starts_with("network:router") {
        return Ok(());
    }
    let Ok(id) = device_id.parse::<Uuid>() else { return Ok(()) };
    if router::is_foreign(&**change, id, cx.caller.project_id()).await? {
        return Err(Error::device_foreign(device_id));
    }
    Ok(())
}
