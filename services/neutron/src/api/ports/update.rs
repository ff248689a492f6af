//! `PUT /v2.0/ports/{id}`

use axum::{extract::Path, http::StatusCode};
use platform::http::{Body, Cx};
use serde_json::Value;

use super::{
    super::{
        attributes::{Given, read_update},
        shown::{Answer, wrapped},
    },
    ATTRIBUTES, create, find, read, view_one,
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{
        network::Seen,
        port::{self, Full},
        subnet,
    },
    port::{self as ports, FLOATING, METADATA},
};

pub(super) async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "port", ATTRIBUTES)?;
    let found = find(&cx, &id).await?;
    let device_owner = given.text("device_owner").unwrap_or(&found.row.port.device_owner).to_owned();
    let target = found.target_as(&device_owner);
    given.allow(&cx, "update_port", &target)?;
    let addresses = read::addresses(&given)?;
    if let Some(asked) = &addresses {
        read::allow_addresses(&cx, "update_port", asked, &target)?;
    }
    drop(target);
    let mut change = cx.service.change().await?;
    let seen = found.on;
    let mut full = port::again(&change, &found.row).await?;
    if given.has("device_id") || given.has("device_owner") {
        let device_id = given.text("device_id").unwrap_or(&full.port.device_id);
        create::refuse_foreign_router(&cx, &change, &device_owner, device_id).await?;
    }
    apply(&cx, &mut change, &given, &mut full, &seen).await?;
    if let Some(asked) = addresses {
        if [FLOATING, METADATA].contains(&full.port.device_owner.as_str()) {
            return Err(Error::invalid("the addresses of this port are the network's own"));
        }
        let subnets = subnet::of(&*change, &seen.network).await?;
        ports::set_addresses(&mut change, &mut full, &seen.network, &subnets, &asked).await?;
    }
    change.emit(cx.event("port.update.end", full.port.id));
    change.commit().await?;
    wrapped(StatusCode::OK, "port", &view_one(&cx, full).await?)
}

async fn apply(
    cx: &Cx<Neutron>,
    change: &mut Change<'_>,
    given: &Given,
    full: &mut Full,
    seen: &Seen,
) -> Result<(), Error> {
    let before = full.port.clone();
    let port = &mut full.port;
    given.set_text("name", &mut port.name);
    given.set_text("description", &mut port.description);
    given.set_flag("admin_state_up", &mut port.admin_state_up);
    given.set_text("mac_address", &mut port.mac);
    given.set_text("device_id", &mut port.device_id);
    given.set_text("device_owner", &mut port.device_owner);
    given.set_flag("port_security_enabled", &mut port.port_security_enabled);
    given.set_text("binding:vnic_type", &mut port.vnic_type);
    given.set_text("dns_name", &mut port.dns_name);
    if given.has("binding:host_id") {
        port.host = given.text_or("binding:host_id", "");
        if port.host != before.host {
            port.status = "DOWN".to_owned();
        }
    }
    if given.has("binding:profile") {
        port.profile = create::profile(given)?;
    }
    if let Some(options) = read::dhcp_opts(given, &port.dhcp_opts)? {
        port.dhcp_opts = options;
    }
    if let Some(pairs) = read::pairs(given, &port.mac)? {
        port.pairs = pairs;
    }
    let security = port.port_security_enabled;
    let (project, has_pairs) = (port.project_id.clone(), !port.pairs.0.is_empty());
    match read::groups(cx, change, given, &project).await? {
        Some(groups) => {
            create::check_security(security, &groups, has_pairs)?;
            ports::set_groups(change, full, groups).await?;
        }
        None if !security && !full.groups.is_empty() => return Err(Error::security_has_groups()),
        None => create::check_security(security, &[], has_pairs)?,
    }
    // The names of the network are those of ports that had or have one.
    if before.dns_name != full.port.dns_name || given.has("fixed_ips") {
        change.touch(crate::change::Kind::Network, seen.network.id);
    }
    ports::save(change, &before, &mut full.port).await
}
