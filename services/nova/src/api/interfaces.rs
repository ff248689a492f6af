//! `/servers/{id}/os-interface`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    View,
    db::opened,
    http::{self as web, Cx, Fault, Routes},
    wire::{At, Schema, Version},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{lookup, servers::nics};
use crate::{
    Nova,
    error::NovaError,
    model::{
        instance_action,
        interface::{self, Model},
        server::{self, Card},
    },
    server::state::VmState,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/servers/{id}/os-interface", "/v2.1/servers/{id}/os-interface/{port}");
    Routes::new()
        .get(all, "os_compute_api:os-attach-interfaces:list", index)
        .post(all, "os_compute_api:os-attach-interfaces:create", create)
        .get(one, "os_compute_api:os-attach-interfaces:show", show)
        .delete(one, "os_compute_api:os-attach-interfaces:delete", delete)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    net_id: Option<Uuid>,
    port_id: Option<Uuid>,
    fixed_ips: Option<Vec<Address>>,
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    ip_address: std::net::IpAddr,
}

#[derive(Deserialize)]
struct Attach {
    #[serde(rename = "interfaceAttachment", default)]
    wanted: Wanted,
}

impl Schema for Attach {
    fn schema(version: Version) -> Value {
        let address = json!({"type": "object", "required": ["ip_address"], "additionalProperties": false,
            "properties": {"ip_address": {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}}});
        let mut properties = json!({
            "net_id": {"type": "string", "format": "uuid"},
            "port_id": {"type": "string", "format": "uuid"},
            "fixed_ips": {"type": "array", "minItems": 1, "maxItems": 1, "items": address},
        });
        if version >= Version::new(2, 49) {
            properties["tag"] = super::lenient::tag(version);
        }
        json!({"type": "object", "additionalProperties": false, "properties": {
            "interfaceAttachment": {"type": "object", "properties": properties, "additionalProperties": false},
        }})
    }
}

#[derive(View)]
struct Attachment<'a> {
    port_state: &'a str,
    fixed_ips: Vec<Value>,
    port_id: Uuid,
    net_id: Uuid,
    mac_addr: &'a str,
    #[view(since = "2.70")]
    tag: Option<&'a str>,
}

#[derive(View)]
struct Listed<'a> {
    #[view(rename = "interfaceAttachments", nested)]
    attachments: Vec<Attachment<'a>>,
}

fn view<'a>(card: &'a Card, tag: Option<&'a str>) -> Attachment<'a> {
    let ips = card.ips.iter().map(|(subnet, address, _)| json!({"subnet_id": subnet, "ip_address": address}));
    Attachment {
        port_state: &card.status,
        fixed_ips: ips.collect(),
        port_id: card.port,
        net_id: card.network,
        mac_addr: &card.mac,
        tag,
    }
}

/// The server's ports as Neutron has them now, with their rows.
async fn cards(cx: &Cx<Nova>, server: &server::Model) -> Result<(Vec<Card>, Vec<Model>), Fault> {
    let rows = interface::of(cx.service.db.read(), server).await?;
    let ports = cx.service.networks.ports_of(&[server.id]).await?;
    let cards = rows
        .iter()
        .filter_map(|row| ports.iter().find(|port| port.id == row.port_id))
        .map(Card::from)
        .collect();
    Ok((cards, rows))
}

fn tag_of(rows: &[Model], port: Uuid) -> Option<&str> {
    rows.iter().find(|row| row.port_id == port).and_then(|row| row.tag.as_deref())
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let (cards, rows) = cards(&cx, &server).await?;
    let attachments = cards.iter().map(|card| view(card, tag_of(&rows, card.port))).collect();
    web::json(StatusCode::OK, &At(&Listed { attachments }, cx.version))
}

async fn show(cx: Cx<Nova>, Path((id, port)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let (cards, rows) = cards(&cx, &server).await?;
    let card = cards.iter().find(|card| card.port.to_string() == port.to_lowercase());
    let card = card.ok_or_else(|| {
        Fault::not_found(format!("Instance {} does not have a port with id {port}", server.id))
    })?;
    cx.answer(StatusCode::OK, "interfaceAttachment", &view(card, tag_of(&rows, card.port)))
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Attach>,
) -> Result<Response, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let wanted = body.wanted;
    let states = [VmState::Active, VmState::Paused, VmState::Stopped];
    server.in_state("attach_interface", &states)?;
    let address = wanted.fixed_ips.as_ref().and_then(|ips| ips.first()).map(|ip| ip.ip_address);
    if wanted.net_id.is_some() && wanted.port_id.is_some() {
        return Err(Fault::bad_request("Must not input both network_id and port_id"));
    }
    if address.is_some() && wanted.net_id.is_none() {
        return Err(Fault::bad_request("Must input network_id when request IP address"));
    }
    let mut nic = json!({});
    if let Some(network) = wanted.net_id {
        nic["uuid"] = json!(network);
    }
    if let Some(port) = wanted.port_id {
        nic["port"] = json!(port);
    }
    if let Some(address) = address {
        nic["fixed_ip"] = json!(address);
    }
    let asked = match wanted.net_id.or(wanted.port_id) {
        Some(_) => json!([nic]),
        None => Value::Null,
    };
    let rows = nics::nics(&cx, &asked, 1).await?;
    let Some(row) = nics::of_server(&rows, server.id).into_iter().next() else {
        return Err(Fault::bad_request("No network was found to make a port on."));
    };
    let row = Model { tag: wanted.tag, ..row };
    let port = made(&cx, &server, &row).await?;
    cx.service.servers.wake(server.id);
    let card = Card::from(&port);
    cx.answer(StatusCode::OK, "interfaceAttachment", &view(&card, row.tag.as_deref()))
}

/// Records the card, then makes or claims its port: the answer shows its addresses.
async fn made(cx: &Cx<Nova>, server: &server::Model, row: &Model) -> Result<contracts::network::Port, Fault> {
    let mut tx = cx.service.db.write().await?;
    let known = interface::of(&*tx, server).await?;
    let position = known.iter().map(|row| row.position + 1).max().unwrap_or(0);
    let row = Model { position, ..row.clone() };
    opened::insert(&tx, &row).await?;
    instance_action::begin(&tx, server, "attach_interface", cx).await?;
    tx.emit(cx.event("compute.instance.interface_attach.start", server.id));
    tx.commit().await?;
    let host = server.host.clone().unwrap_or_default();
    match crate::server::port(&cx.service, server, &row, &host).await {
        Ok(port) => Ok(port),
        Err(error) => {
            let tx = cx.service.db.write().await?;
            opened::delete(&tx, &row).await?;
            tx.commit().await?;
            if row.made_by_nova {
                cx.service.networks.delete_port(row.port_id).await?;
            }
            Err(match error {
                contracts::CallError::OverQuota(text) => NovaError::Forbidden(text).into(),
                contracts::CallError::Conflict(text) => Fault::bad_request(text),
                error => Fault::from(error),
            })
        }
    }
}

async fn delete(cx: Cx<Nova>, Path((id, port)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let missing = || Fault::not_found(format!("Port {port} is not attached to instance {}.", server.id));
    let uuid = Uuid::parse_str(&port).map_err(|_| missing())?;
    let states = [VmState::Active, VmState::Paused, VmState::Stopped];
    server.in_state("detach_interface", &states)?;
    let mut tx = cx.service.db.write().await?;
    if !interface::detach(&tx, &server, uuid).await? {
        return Err(missing());
    }
    instance_action::begin(&tx, &server, "detach_interface", &cx).await?;
    tx.emit(cx.event("compute.instance.interface_detach.start", server.id));
    tx.commit().await?;
    cx.service.servers.wake(server.id);
    Ok(StatusCode::ACCEPTED)
}
