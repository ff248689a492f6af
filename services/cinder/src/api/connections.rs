//! Actions by which clients other than Nova hold volumes, and let them go.
//!
//! What a server of Nova's holds is Nova's to let go (OSSA-2023-003): anyone else is answered with 409.

use axum::response::Response;
use contracts::volume::Connection;
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::opened,
    http::{Cx, Fault, json},
};
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::volume_actions::{Act, accepted};
use crate::{
    Cinder,
    error::Error,
    model::{attachment, volume},
};

/// Refuses everybody but services, where Nova made the attachment.
pub(crate) fn refuse_if_novas(cx: &Cx<Cinder>, row: &attachment::Model) -> Result<(), Error> {
    if row.of_nova && !cx.caller.has_role("service") {
        return Err(Error::HeldByNova(row.instance.map(|id| id.to_string()).unwrap_or_default()));
    }
    Ok(())
}

#[derive(Deserialize, BodyDerive)]
struct Attach {
    instance_uuid: Option<Uuid>,
    #[body(min = 1, max = 255)]
    mountpoint: String,
    #[body(max = 255)]
    host_name: Option<String>,
    #[body(one_of = ["rw", "ro"])]
    mode: Option<String>,
}

pub(crate) async fn attach(act: Act) -> Result<Response, Fault> {
    let asked: Attach = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    if asked.instance_uuid.is_none() && asked.host_name.is_none() {
        return Err(Fault::bad_request("Invalid input: either instance_uuid or host_name is needed."));
    }
    let mode = asked.mode.unwrap_or_else(|| "rw".into());
    if row.readonly == Some(true) && mode != "ro" {
        return Err(Fault::bad_request(format!("Invalid attaching mode '{mode}' for volume {}.", row.id)));
    }
    let now = chrono::Utc::now();
    let new = attachment::Model {
        id: Uuid::new_v4(),
        volume_id: row.id,
        project_id: row.project_id.clone(),
        instance: asked.instance_uuid,
        of_nova: false,
        status: "attached".into(),
        mode,
        host: asked.host_name,
        mountpoint: Some(asked.mountpoint),
        created_at: now,
        attached_at: Some(now),
    };
    let mut tx = cx.service.db.write().await?;
    let from: &[&str] =
        if row.multiattach { &["available", "attaching", "in-use"] } else { &["available", "attaching"] };
    if volume::is_copied(&tx, row).await? || !volume::transition(&tx, row, from, "in-use").await? {
        return Err(Error::InvalidVolume(format!(
            "Unable to attach volume {}: its status must be available or attaching; it is {}.",
            row.id, row.status
        ))
        .into());
    }
    opened::insert(&tx, &new).await?;
    tx.emit(cx.event("volume.attach.end", row.id));
    tx.commit().await?;
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct Detach {
    attachment_id: Option<Uuid>,
}

pub(crate) async fn detach(act: Act) -> Result<Response, Fault> {
    let asked: Option<Detach> = act.argument()?;
    let_go(&act, asked.and_then(|asked| asked.attachment_id)).await
}

#[derive(Deserialize, BodyDerive)]
struct ForceDetach {
    #[serde(default, rename = "connector")]
    _connector: Value,
    attachment_id: Option<String>,
}

pub(crate) async fn force_detach(act: Act) -> Result<Response, Fault> {
    let asked: ForceDetach = act.argument()?;
    let id = asked
        .attachment_id
        .map(|id| id.parse::<Uuid>().map_err(|_| Error::AttachmentNotFound(Error::shown(&id))));
    let_go(&act, id.transpose()?).await
}

async fn let_go(act: &Act, id: Option<Uuid>) -> Result<Response, Fault> {
    let (cx, row) = (&act.cx, &act.row);
    let held = attachment::of(cx.service.db.read(), row).await?;
    let one = match id {
        Some(id) => {
            let found = held.into_iter().find(|held| held.id == id);
            Some(found.ok_or_else(|| Error::AttachmentNotFound(id.to_string()))?)
        }
        None if held.len() > 1 => {
            return Err(Error::InvalidVolume(
                "Detach volume failed: More than one attachment, but no attachment_id provided.".into(),
            )
            .into());
        }
        None => held.into_iter().next(),
    };
    match one {
        Some(held) => {
            refuse_if_novas(cx, &held)?;
            cx.service.detach_from(&held).await?;
        }
        // Nothing holds it: what was reserved or being detached is free again.
        None => {
            let tx = cx.service.db.write().await?;
            cx.service.after_detach(&tx, row).await?;
            tx.commit().await?;
        }
    }
    accepted()
}

/// Changes the status from one of `from`, or says what it should have been.
async fn transition(
    act: &Act,
    from: &[&str],
    to: &str,
    or: impl FnOnce() -> String,
) -> Result<Response, Fault> {
    let tx = act.cx.service.db.write().await?;
    if !volume::transition(&tx, &act.row, from, to).await? {
        return Err(Error::InvalidVolume(or()).into());
    }
    tx.commit().await?;
    accepted()
}

pub(crate) async fn reserve(act: Act) -> Result<Response, Fault> {
    let from: &[&str] = if act.row.multiattach { &["available", "in-use"] } else { &["available"] };
    let or = || {
        let (id, status) = (act.row.id, &act.row.status);
        format!(
            "Volume {id} status must be {} to reserve, but the current status is {status}.",
            from.join(" or ")
        )
    };
    transition(&act, from, "attaching", or).await
}

/// What was never reserved stays as it is.
pub(crate) async fn unreserve(act: Act) -> Result<Response, Fault> {
    let tx = act.cx.service.db.write().await?;
    let held = attachment::of(&*tx, &act.row).await?;
    let to = if held.iter().any(|held| held.status == "attached") { "in-use" } else { "available" };
    volume::transition(&tx, &act.row, &["attaching"], to).await?;
    tx.commit().await?;
    accepted()
}

pub(crate) async fn begin_detaching(act: Act) -> Result<Response, Fault> {
    let or = || {
        "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.".into()
    };
    transition(&act, &["in-use"], "detaching", or).await
}

/// What was not being detached stays as it is.
pub(crate) async fn roll_detaching(act: Act) -> Result<Response, Fault> {
    let tx = act.cx.service.db.write().await?;
    volume::transition(&tx, &act.row, &["detaching"], "in-use").await?;
    tx.commit().await?;
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct Connector {
    #[body(schema = connector_schema, required)]
    connector: Value,
}

fn connector_schema(_: platform::wire::Version) -> Value {
    literal!({"type": ["object", "string", "null"]})
}

/// How a host gets at the volume, in the words of os-brick's connectors.
pub(crate) fn connection_info(cinder: &Cinder, row: &volume::Model, mode: &str) -> Value {
    match cinder.backend.connection(row.id) {
        Connection::File { path, format } => literal!({
            "driver_volume_type": "local",
            "data": {
                "device_path": path,
                "format": format,
                "access_mode": mode,
                "volume_id": row.id,
                "encrypted": false,
                "qos_specs": null,
                "discard": true,
            },
        }),
    }
}

pub(crate) async fn initialize(act: Act) -> Result<Response, Fault> {
    let asked: Connector = act.argument()?;
    if !asked.connector.is_object() {
        return Err(Error::InvalidInput("Connector must be an object.".into()).into());
    }
    let mode = if act.row.readonly == Some(true) { "ro" } else { "rw" };
    let mut info = connection_info(&act.cx.service, &act.row, mode);
    info["enforce_multipath"] =
        asked.connector.get("enforce_multipath").cloned().unwrap_or(Value::Bool(false));
    json(StatusCode::OK, &literal!({"connection_info": info}))
}

/// There is nothing to undo: a host that lets go of the file has let go of the volume.
pub(crate) async fn terminate(act: Act) -> Result<Response, Fault> {
    let _: Connector = act.argument()?;
    accepted()
}
