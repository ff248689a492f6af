//! `/servers/{id}/os-volume_attachments`

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use contracts::CallError;
use http::StatusCode;
use platform::{
    Body, View,
    db::{opened, owned::Owned},
    http::{self as web, Cx, Fault, Query, Routes},
    wire::At,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{lenient::Flag, lookup, servers::disks::blank};
use crate::{
    Nova,
    error::NovaError,
    model::{
        attachment::{self, Model, State},
        instance_action, server,
    },
    server::{machine::free_device, state::VmState},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let all = "/v2.1/servers/{id}/os-volume_attachments";
    let one = "/v2.1/servers/{id}/os-volume_attachments/{volume}";
    Routes::new()
        .get(all, "os_compute_api:os-volumes-attachments:index", index)
        .post(all, "os_compute_api:os-volumes-attachments:create", create)
        .get(one, "os_compute_api:os-volumes-attachments:show", show)
        .put(one, "os_compute_api:os-volumes-attachments:update", update)
        .delete(one, "os_compute_api:os-volumes-attachments:delete", delete)
}

#[derive(Deserialize, Body)]
#[body(wrap = "volumeAttachment")]
struct Attach {
    #[serde(rename = "volumeId")]
    volume: Uuid,
    #[body(min = 1, max = 255, pattern = "(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$")]
    device: Option<String>,
    #[body(since = "2.49", min = 1, max = 60, pattern = "^[^,/]*$")]
    tag: Option<String>,
    #[body(since = "2.79")]
    delete_on_termination: Option<Flag>,
}

#[derive(Deserialize, Body)]
#[body(wrap = "volumeAttachment")]
struct Update {
    #[serde(rename = "volumeId")]
    volume: Uuid,
    #[body(since = "2.85")]
    delete_on_termination: Option<Flag>,
    #[serde(rename = "serverId")]
    #[body(since = "2.85")]
    server: Option<Uuid>,
    #[body(since = "2.85")]
    device: Option<String>,
    #[body(since = "2.85")]
    tag: Option<String>,
    #[body(since = "2.85")]
    id: Option<Uuid>,
}

#[derive(View)]
struct Attachment<'a> {
    #[view(until = "2.88")]
    id: Option<Uuid>,
    #[view(rename = "volumeId")]
    volume: Option<Uuid>,
    #[view(rename = "serverId")]
    server: Uuid,
    device: Option<String>,
    #[view(since = "2.70")]
    tag: Option<&'a str>,
    #[view(since = "2.79")]
    delete_on_termination: bool,
    #[view(since = "2.89")]
    attachment_id: Option<Uuid>,
    #[view(since = "2.89")]
    bdm_uuid: Option<Uuid>,
}

#[derive(View)]
struct Listed<'a> {
    #[view(rename = "volumeAttachments", nested)]
    attachments: Vec<Attachment<'a>>,
}

fn view(row: &Model) -> Attachment<'_> {
    Attachment {
        id: row.volume_id,
        volume: row.volume_id,
        server: row.server_id,
        device: row.device.as_ref().map(|name| format!("/dev/{name}")),
        tag: row.tag.as_deref(),
        delete_on_termination: row.delete_on_termination,
        attachment_id: Some(row.id),
        bdm_uuid: Some(row.id),
    }
}

/// What the answer to an attachment has: no attachment ids.
#[derive(View)]
struct Made<'a> {
    id: Option<Uuid>,
    #[view(rename = "volumeId")]
    volume: Option<Uuid>,
    #[view(rename = "serverId")]
    server: Uuid,
    device: Option<String>,
    #[view(since = "2.70")]
    tag: Option<&'a str>,
    #[view(since = "2.79")]
    delete_on_termination: bool,
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>, query: Query) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let rows = attachment::volumes_of(cx.service.db.read(), &[&server]).await?;
    let offset = query.read::<usize>("offset")?.unwrap_or(0);
    let limit = query.read::<usize>("limit")?.unwrap_or(usize::MAX);
    let attachments = rows.iter().skip(offset).take(limit).map(view).collect();
    web::json(StatusCode::OK, &At(&Listed { attachments }, cx.version))
}

/// The attachment of a volume to a server. A child must belong to the parent in the path (OSSN-0102).
async fn found(cx: &Cx<Nova>, server: &server::Model, volume: &str) -> Result<Model, Fault> {
    let missing = || {
        let message = format!("volume_id not found: {volume}");
        Fault::from(NovaError::NotFound(message))
    };
    let id = Uuid::parse_str(volume).map_err(|_| missing())?;
    attachment::of_volume(cx.service.db.read(), server, id).await?.ok_or_else(missing)
}

async fn show(cx: Cx<Nova>, Path((id, volume)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let row = found(&cx, &server, &volume).await?;
    cx.answer(StatusCode::OK, "volumeAttachment", &view(&row))
}

async fn create(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Attach>,
) -> Result<Response, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    attachable(&server, "attach_volume")?;
    if server.state() == VmState::ShelvedOffloaded && body.tag.is_some() {
        return Err(Fault::bad_request("Tags are not accepted by shelved offloaded servers."));
    }
    let volume = cx.service.volumes.volume(&cx.caller, body.volume).await.map_err(|error| match error {
        CallError::NotFound(_) => Fault::not_found(format!("Volume {} could not be found.", body.volume)),
        error => Fault::from(error),
    })?;
    if volume.status != "available" && !(volume.multiattach && volume.status == "in-use") {
        return Err(Fault::bad_request(format!(
            "Invalid volume: volume '{}' status must be 'available'. Currently in '{}'",
            volume.id, volume.status
        )));
    }
    let row = record(&cx, &server, &body).await?;
    // The volume is reserved before this is answered, so that two servers can't both be told that they have it. The row
    // stands already: a process that ends here is resumed.
    if let Err(error) = cx.service.volumes.reserve(&cx.caller, row.id, body.volume, server.id).await {
        if !matches!(error, CallError::Unavailable { .. }) {
            let tx = cx.service.db.write().await?;
            opened::delete(&tx, &row).await?;
            tx.commit().await?;
        }
        return Err(match error {
            CallError::Conflict(text) => Fault::bad_request(format!("Invalid volume: {text}")),
            error => Fault::from(error),
        });
    }
    cx.service.servers.wake(server.id);
    let made = Made {
        id: row.volume_id,
        volume: row.volume_id,
        server: row.server_id,
        device: row.device.as_ref().map(|name| format!("/dev/{name}")),
        tag: row.tag.as_deref(),
        delete_on_termination: row.delete_on_termination,
    };
    cx.answer(StatusCode::OK, "volumeAttachment", &made)
}

fn attachable(server: &server::Model, action: &'static str) -> Result<(), NovaError> {
    server.in_state(
        action,
        &[
            VmState::Active,
            VmState::Paused,
            VmState::Stopped,
            VmState::Suspended,
            VmState::Resized,
            VmState::Shelved,
            VmState::ShelvedOffloaded,
        ],
    )
}

async fn record(cx: &Cx<Nova>, server: &server::Model, body: &Attach) -> Result<Model, Fault> {
    let mut tx = cx.service.db.write().await?;
    let rows = attachment::of(&*tx, server).await?;
    if rows.iter().any(|row| row.volume_id == Some(body.volume)) {
        return Err(Fault::bad_request(format!(
            "Invalid volume: Volume {} is already attached to server {}",
            body.volume, server.id
        )));
    }
    let bus = rows.first().map_or("virtio", |row| row.bus.as_str()).to_owned();
    let taken: Vec<Option<String>> = rows.iter().map(|row| row.device.clone()).collect();
    let wanted = body.device.as_deref().map(|name| name.trim_start_matches("/dev/").to_owned());
    if wanted.is_some() && taken.contains(&wanted) {
        let name = wanted.unwrap_or_default();
        return Err(NovaError::Conflict(format!("The supplied device path (/dev/{name}) is in use.")).into());
    }
    let device = wanted.unwrap_or_else(|| free_device(&bus, &taken));
    let row = Model {
        id: Uuid::new_v4(),
        server_id: server.id,
        position: rows.iter().map(|row| row.position + 1).max().unwrap_or(0),
        source: "volume".into(),
        destination: "volume".into(),
        volume_id: Some(body.volume),
        device: Some(device),
        delete_on_termination: body.delete_on_termination.is_some_and(|flag| flag.0),
        tag: body.tag.clone(),
        state: State::Wanted.name().into(),
        origin: Some(server::Origin((*cx.caller).clone())),
        ..blank(&bus)
    };
    opened::insert(&tx, &row).await?;
    instance_action::begin(&tx, server, "attach_volume", cx).await?;
    tx.emit(cx.event("compute.instance.volume_attach.start", server.id));
    tx.commit().await?;
    Ok(row)
}

async fn update(
    cx: Cx<Nova>,
    Path((id, volume)): Path<(String, String)>,
    web::Body(body): web::Body<Update>,
) -> Result<StatusCode, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let row = found(&cx, &server, &volume).await?;
    if Some(body.volume) != row.volume_id {
        cx.allow_rule("os_compute_api:os-volumes-attachments:swap", &server.target())?;
        return Err(Fault::bad_request("Volumes can not be swapped."));
    }
    let _ = (body.id, body.tag);
    if body.server.is_some_and(|other| other != server.id) {
        return Err(Fault::bad_request("The serverId of an attachment can not be changed."));
    }
    if body.device.is_some_and(|device| Some(device.trim_start_matches("/dev/")) != row.device.as_deref()) {
        return Err(Fault::bad_request("The device of an attachment can not be changed."));
    }
    if let Some(Flag(flag)) = body.delete_on_termination {
        let tx = cx.service.db.write().await?;
        attachment::delete_on_termination(&tx, &row, flag).await?;
        tx.commit().await?;
    }
    Ok(StatusCode::ACCEPTED)
}

async fn delete(cx: Cx<Nova>, Path((id, volume)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let row = found(&cx, &server, &volume).await?;
    attachable(&server, "detach_volume")?;
    if row.boot_index == Some(0) && server.state() != VmState::ShelvedOffloaded {
        return Err(NovaError::Forbidden("Cannot detach a root device volume".into()).into());
    }
    let mut tx = cx.service.db.write().await?;
    let turned = attachment::turn(&tx, &row, State::Attached, State::Detaching).await?;
    if !turned && row.state != State::Detaching.name() {
        return Err(Fault::bad_request(format!("Invalid volume: Volume {volume} is being attached.")));
    }
    instance_action::begin(&tx, &server, "detach_volume", &cx).await?;
    tx.emit(cx.event("compute.instance.volume_detach.start", server.id));
    tx.commit().await?;
    cx.service.servers.wake(server.id);
    Ok(StatusCode::ACCEPTED.into_response())
}
