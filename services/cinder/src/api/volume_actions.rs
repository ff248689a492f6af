//! `/v3/volumes/{id}/action`: a table from the action's name to its policy and its handler.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use futures::future::BoxFuture;
use http::StatusCode;
use platform::{
    Body as BodyDerive,
    db::owned::Owned,
    http::{self as web, Body, Cx, Fault, Routes},
    wire::{Range, Schema, Version, schema},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{connections, image_actions, volumes};
use crate::{
    Cinder,
    error::Error,
    model::{attachment, volume},
    quota::{self, Usage},
    volume::request::is_multiattach,
};

pub(crate) fn routes() -> Routes<Cinder> {
    // Who may see the volume; what may be done to it is each action's own rule.
    Routes::new()
        .post("/v3/volumes/{id}/action", "volume:get", act)
        .actions(ACTIONS.iter().map(Action::declared))
}

/// An action that was asked for, of a volume that the caller may see.
pub(crate) struct Act {
    pub cx: Cx<Cinder>,
    pub row: volume::Model,
    argument: Value,
}

impl Act {
    /// What stands behind the action's name, checked and typed.
    pub(crate) fn argument<T: Schema + DeserializeOwned + 'static>(&self) -> Result<T, Fault> {
        argument(&self.argument, self.cx.version)
    }

    /// The caller may also do what that rule is about.
    pub(crate) fn allow(&self, rule: &str) -> Result<(), Fault> {
        self.cx.allow_rule(rule, &self.row.target())
    }
}

/// What stands behind an action's name, checked against the schema of the version, and typed.
pub(crate) fn argument<T: Schema + DeserializeOwned + 'static>(
    value: &Value,
    version: Version,
) -> Result<T, Fault> {
    schema::check::<T>(value, version)?;
    serde_json::from_value(value.clone())
        .map_err(|error| Fault::bad_request(format!("Malformed request body: {error}")))
}

/// The one name in an action's body, and what stands behind it.
pub(crate) fn named(body: Map<String, Value>) -> Result<(String, Value), Fault> {
    let mut members = body.into_iter();
    match (members.next(), members.next()) {
        (Some(member), None) => Ok(member),
        (None, _) => Err(Fault::bad_request("Malformed request body: an action is missing.")),
        (Some(_), Some(_)) => {
            Err(Fault::bad_request("Malformed request body: there may be one action only."))
        }
    }
}

pub(crate) type Outcome = BoxFuture<'static, Result<Response, Fault>>;

struct Action {
    name: &'static str,
    rule: &'static str,
    since: Version,
    run: fn(Act) -> Outcome,
}

const fn action(name: &'static str, rule: &'static str, run: fn(Act) -> Outcome) -> Action {
    Action { name, rule, since: Version::new(3, 0), run }
}

impl Action {
    fn declared(&self) -> web::Action {
        let since = (self.since > Version::new(3, 0)).then_some(self.since);
        web::Action { name: self.name, policy: self.rule, versions: Range { since, until: None } }
    }
}

macro_rules! run {
    ($handler:path) => {
        |act| Box::pin($handler(act))
    };
}

static ACTIONS: [Action; 20] = [
    action("os-extend", "volume:extend", run!(extend)),
    action("os-retype", "volume:retype", run!(retype)),
    action("os-update_readonly_flag", "volume:update_readonly_flag", run!(set_readonly)),
    action("os-set_bootable", "volume:update", run!(set_bootable)),
    action("os-reset_status", "volume_extension:volume_admin_actions:reset_status", run!(reset_status)),
    action("os-force_delete", "volume_extension:volume_admin_actions:force_delete", run!(force_delete)),
    action("os-attach", "volume_extension:volume_actions:attach", run!(connections::attach)),
    action("os-detach", "volume_extension:volume_actions:detach", run!(connections::detach)),
    action(
        "os-force_detach",
        "volume_extension:volume_admin_actions:force_detach",
        run!(connections::force_detach),
    ),
    action("os-reserve", "volume_extension:volume_actions:reserve", run!(connections::reserve)),
    action("os-unreserve", "volume_extension:volume_actions:unreserve", run!(connections::unreserve)),
    action(
        "os-begin_detaching",
        "volume_extension:volume_actions:begin_detaching",
        run!(connections::begin_detaching),
    ),
    action(
        "os-roll_detaching",
        "volume_extension:volume_actions:roll_detaching",
        run!(connections::roll_detaching),
    ),
    action(
        "os-initialize_connection",
        "volume_extension:volume_actions:initialize_connection",
        run!(connections::initialize),
    ),
    action(
        "os-terminate_connection",
        "volume_extension:volume_actions:terminate_connection",
        run!(connections::terminate),
    ),
    action(
        "os-volume_upload_image",
        "volume_extension:volume_actions:upload_image",
        run!(image_actions::upload),
    ),
    action(
        "os-set_image_metadata",
        "volume_extension:volume_image_metadata:set",
        run!(image_actions::set_metadata),
    ),
    action(
        "os-unset_image_metadata",
        "volume_extension:volume_image_metadata:remove",
        run!(image_actions::unset_metadata),
    ),
    action(
        "os-show_image_metadata",
        "volume_extension:volume_image_metadata:show",
        run!(image_actions::show_metadata),
    ),
    Action {
        name: "revert",
        rule: "volume:revert_to_snapshot",
        since: Version::new(3, 40),
        run: run!(revert),
    },
];

#[cfg(test)]
pub(super) fn rules() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|action| action.rule)
}

async fn act(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Map<String, Value>>,
) -> Result<Response, Fault> {
    let (name, argument) = named(body)?;
    let row = volumes::found(&cx, &id).await?;
    let action =
        ACTIONS.iter().find(|action| action.name == name && cx.version >= action.since).ok_or_else(|| {
            Fault::bad_request(format!(
                "There is no such action: {}",
                name.chars().take(64).collect::<String>()
            ))
        })?;
    let act = Act { cx, row, argument };
    act.allow(action.rule)?;
    (action.run)(act).await
}

/// An action is accepted.
pub(crate) fn accepted() -> Result<Response, Fault> {
    Ok(StatusCode::ACCEPTED.into_response())
}

#[derive(Deserialize, BodyDerive)]
struct Extend {
    #[body(schema = super::volumes::size_schema, required)]
    new_size: Value,
}

async fn extend(act: Act) -> Result<Response, Fault> {
    let asked: Extend = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    let Some(new_size) = super::volumes::size(&asked.new_size) else {
        return Err(Error::InvalidInput("New size for extend must be an integer.".into()).into());
    };
    if new_size <= row.size {
        return Err(Error::InvalidInput(format!(
            "New size for extend must be greater than current size. (current: {}, extended: {new_size}).",
            row.size
        ))
        .into());
    }
    let mut tx = cx.service.db.write().await?;
    if !volume::transition(&tx, row, &["available"], "extending").await? {
        let reason = if row.status == "in-use" {
            " What a machine holds can't be extended by this backend."
        } else {
            ""
        };
        return Err(Error::InvalidVolume(format!(
            "Volume {} status must be 'available' to extend, currently {}.{reason}",
            row.id, row.status
        ))
        .into());
    }
    quota::check_size(&tx, &cx.service.config, &row.project_id, new_size).await?;
    let more = Usage { gigabytes: new_size - row.size, ..Usage::default() };
    quota::check(&tx, &cx.service.config, &row.project_id, row.volume_type_id, more).await?;
    volume::grow(&tx, row, new_size).await?;
    tx.emit(cx.event("volume.resize.start", row.id));
    tx.commit().await?;
    cx.service.volumes.wake(row.id);
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct Retype {
    #[body(max = 255)]
    new_type: String,
    #[body(one_of = ["on-demand", "never"])]
    migration_policy: Option<String>,
}

async fn retype(act: Act) -> Result<Response, Fault> {
    let asked: Retype = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    let kind = cx.service.kind(&cx.caller, Some(&asked.new_type), &row.project_id).await.map_err(
        |error| match error {
            Error::TypeNotFound(name) => Error::InvalidInput(format!("Invalid volume_type passed: {name}.")),
            error => error,
        },
    )?;
    if kind.id == row.volume_type_id {
        return Err(Error::InvalidInput(format!("New volume_type same as original: {}.", kind.name)).into());
    }
    // There is one backend, so whether data may move elsewhere makes no difference.
    let _ = asked.migration_policy;
    if kind.encryption.is_some() || !cx.service.can_hold(&kind.extra_specs).await? {
        return Err(Error::InvalidInput(format!("No backend is what type {} asks for.", kind.name)).into());
    }
    let multiattach = is_multiattach(&kind);
    let from: &[&str] =
        if multiattach == row.multiattach { &["available", "in-use"] } else { &["available"] };
    let mut tx = cx.service.db.write().await?;
    if !from.contains(&row.status.as_str())
        || !volume::transition(&tx, row, &[&row.status], &row.status).await?
    {
        return Err(Error::InvalidVolume(format!(
            "Retype needs volume to be in {} state, not be part of an active migration or a consistency group; it is {}.",
            from.join(" or "),
            row.status
        ))
        .into());
    }
    // The project's volumes stay as many as they were; of the new type there is one more.
    let more = Usage { volumes: 1, gigabytes: row.size, snapshots: 0 };
    quota::check_type(&tx, &cx.service.config, &row.project_id, &kind, more).await?;
    volume::retype(&tx, row, &kind, multiattach).await?;
    tx.emit(cx.event("volume.retype", row.id));
    tx.commit().await?;
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct Readonly {
    #[body(schema = super::truth_schema, required)]
    readonly: Value,
}

async fn set_readonly(act: Act) -> Result<Response, Fault> {
    let asked: Readonly = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    let mut tx = cx.service.db.write().await?;
    if !volume::transition(&tx, row, &["available"], "available").await? {
        return Err(Error::InvalidVolume(format!(
            "Volume {} status must be available to update readonly flag, but current status is: {}.",
            row.id, row.status
        ))
        .into());
    }
    volume::set_readonly(&tx, row, super::truth(&asked.readonly)).await?;
    tx.emit(cx.event("volume.update.end", row.id));
    tx.commit().await?;
    accepted()
}

#[derive(Deserialize, BodyDerive)]
struct Bootable {
    #[body(schema = super::truth_schema, required)]
    bootable: Value,
}

async fn set_bootable(act: Act) -> Result<Response, Fault> {
    let asked: Bootable = act.argument()?;
    let mut tx = act.cx.service.db.write().await?;
    volume::set_bootable(&tx, &act.row, super::truth(&asked.bootable).unwrap_or(false)).await?;
    tx.emit(act.cx.event("volume.update.end", act.row.id));
    tx.commit().await?;
    Ok(StatusCode::OK.into_response())
}

#[derive(Deserialize, BodyDerive)]
struct ResetStatus {
    #[body(schema = status_schema)]
    status: Option<String>,
    #[body(schema = attach_status_schema)]
    attach_status: Option<String>,
    #[body(schema = migration_status_schema)]
    migration_status: Option<String>,
}

/// Words in any case, or null.
fn words(words: &[&str]) -> Value {
    let insensitive: Vec<String> = words
        .iter()
        .map(|word| {
            word.chars().map(|c| format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())).collect()
        })
        .map(|word: String| word.replace("[--]", "-").replace("[__]", "_"))
        .collect();
    serde_json::json!({"anyOf": [{"type": "string", "pattern": format!("^({})$", insensitive.join("|"))}, {"type": "null"}]})
}

fn status_schema(_: Version) -> Value {
    words(&[
        "creating",
        "available",
        "deleting",
        "error",
        "error_deleting",
        "error_managing",
        "managing",
        "attaching",
        "in-use",
        "detaching",
        "maintenance",
        "restoring-backup",
        "error_restoring",
        "reserved",
        "awaiting-transfer",
        "backing-up",
        "error_backing-up",
        "error_extending",
        "downloading",
        "uploading",
        "retyping",
        "extending",
    ])
}

fn attach_status_schema(_: Version) -> Value {
    words(&[
        "attached",
        "detached",
        "reserved",
        "attaching",
        "detaching",
        "error_attaching",
        "error_detaching",
        "deleted",
    ])
}

fn migration_status_schema(_: Version) -> Value {
    words(&["migrating", "error", "success", "completing", "none", "starting"])
}

async fn reset_status(act: Act) -> Result<Response, Fault> {
    let asked: ResetStatus = act.argument()?;
    let (cx, row) = (&act.cx, &act.row);
    if asked.status.is_none() && asked.attach_status.is_none() && asked.migration_status.is_none() {
        return Err(Fault::bad_request(
            "Must specify 'status', 'attach_status' or 'migration_status' for update.",
        ));
    }
    let mut tx = cx.service.db.write().await?;
    let held = attachment::lock_of(&tx, row).await?;
    if let Some(status) = asked.status.map(|status| status.to_ascii_lowercase()) {
        if ["deleting", "error_deleting", "detaching"].contains(&status.as_str()) {
            return Err(Fault::bad_request(format!("Cannot reset-state to {status}")));
        }
        if status == "in-use" && held.is_empty() {
            return Err(Fault::bad_request(
                "Cannot reset-state to in-use because volume does not have any attachments.",
            ));
        }
        volume::set_by_hand(&tx, row, &status).await?;
    }
    if asked.attach_status.is_some_and(|status| status.eq_ignore_ascii_case("detached")) {
        if let Some(nova) = held.iter().find(|held| held.of_nova) {
            return Err(Error::HeldByNova(nova.instance.unwrap_or_default().to_string()).into());
        }
        attachment::delete_of(&tx, row).await?;
    }
    tx.emit(cx.event("volume.reset_status.end", row.id));
    tx.commit().await?;
    accepted()
}

async fn force_delete(act: Act) -> Result<Response, Fault> {
    volumes::remove(&act.cx, &act.row, false, true).await?;
    accepted()
}

async fn revert(act: Act) -> Result<Response, Fault> {
    Err(Error::InvalidVolume(format!(
        "Volume {} can't be reverted to a snapshot by this backend.",
        act.row.id
    ))
    .into())
}
