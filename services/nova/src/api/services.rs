//! `/os-services`: compute services, one for each host that has ever connected.
//!
//! Scheduling and conducting are no services of their own here, so none is listed for them.

use std::collections::{BTreeMap, HashSet};

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body, View,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{lenient::Flag, times::Micro};
use crate::{
    Nova,
    error::NovaError,
    model::{
        self,
        aggregate::{self, Names},
        host::{self, Column, Entity},
        server,
    },
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/os-services", "os_compute_api:os-services:list", index)
        .put("/v2.1/os-services/{id}", "os_compute_api:os-services:update", update)
        .delete("/v2.1/os-services/{id}", "os_compute_api:os-services:delete", delete)
}

/// The only kind of service that there is.
pub const BINARY: &str = "nova-compute";

/// A host's name.
pub const HOST: &str = "^[a-zA-Z0-9-._]*$";

/// The compute services, and what is known of them now.
pub struct ComputeServices {
    /// Their hosts, in the order in which they came.
    pub hosts: Vec<host::Model>,
    connected: HashSet<String>,
    zones: BTreeMap<String, String>,
    default_zone: String,
}

impl ComputeServices {
    /// All of them.
    pub async fn read(cx: &Cx<Nova>) -> Result<Self, DbErr> {
        let db = cx.service.db.read();
        let aggregates = aggregate::all(db).await?;
        let zones = aggregate::zones(&aggregates);
        Ok(Self {
            hosts: host::all(db).await?,
            connected: cx.service.hosts.connected().into_iter().map(|host| host.host).collect(),
            zones: zones.into_iter().map(|(host, zone)| (host.to_owned(), zone.to_owned())).collect(),
            default_zone: cx.service.config.default_availability_zone.clone(),
        })
    }

    /// Whether the host is there.
    pub fn up(&self, host: &host::Model) -> bool {
        !host.forced_down && self.connected.contains(&host.name)
    }

    /// `up` or `down`.
    pub fn state(&self, host: &host::Model) -> &'static str {
        if self.up(host) { "up" } else { "down" }
    }

    /// The host's availability zone.
    pub fn zone(&self, host: &host::Model) -> &str {
        self.zones.get(&host.name).unwrap_or(&self.default_zone)
    }
}

/// `enabled` or `disabled`.
pub fn status(host: &host::Model) -> &'static str {
    if host.disabled { "disabled" } else { "enabled" }
}

#[derive(View)]
struct ServiceView<'a> {
    #[view(until = "2.52")]
    id: i64,
    #[view(since = "2.53", rename = "id")]
    uuid: Uuid,
    binary: &'static str,
    host: &'a str,
    zone: &'a str,
    status: &'static str,
    state: &'static str,
    updated_at: Micro,
    disabled_reason: Option<&'a str>,
    #[view(since = "2.11")]
    forced_down: bool,
}

fn view<'a>(services: &'a ComputeServices, host: &'a host::Model) -> ServiceView<'a> {
    ServiceView {
        id: host.id,
        uuid: host.uuid,
        binary: BINARY,
        host: &host.name,
        zone: services.zone(host),
        status: status(host),
        state: services.state(host),
        updated_at: Micro(host.seen_at),
        disabled_reason: host.disabled_reason.as_deref(),
        forced_down: host.forced_down,
    }
}

#[derive(View)]
struct Listed<'a> {
    #[view(nested)]
    services: Vec<ServiceView<'a>>,
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version >= Version::new(2, 75) {
        query.only(&["host", "binary"])?;
    }
    let wanted = |name: &str, value: &str| {
        query.get(name).filter(|asked| !asked.is_empty()).is_none_or(|asked| asked == value)
    };
    let known = ComputeServices::read(&cx).await?;
    let services = known
        .hosts
        .iter()
        .filter(|host| wanted("host", &host.name) && wanted("binary", BINARY))
        .map(|host| view(&known, host))
        .collect();
    web::json(StatusCode::OK, &At(&Listed { services }, cx.version))
}

#[derive(Deserialize, Body)]
struct Update {
    #[body(until = "2.52", required, min = 1, max = 255, pattern = HOST)]
    host: Option<String>,
    #[body(until = "2.52", required, min = 1, max = 255)]
    binary: Option<String>,
    #[body(since = "2.53", one_of = ["enabled", "disabled"])]
    status: Option<String>,
    #[body(min = 1, max = 255)]
    disabled_reason: Option<String>,
    #[body(since = "2.11")]
    forced_down: Option<Flag>,
}

/// What is to become of a service.
#[derive(Default)]
struct Change {
    /// Whether new servers are kept away, and why.
    disabled: Option<(bool, Option<String>)>,
    forced_down: Option<bool>,
}

async fn apply(cx: &Cx<Nova>, host: &host::Model, change: Change) -> Result<(), Fault> {
    let mut update = Entity::update_many().filter(Column::Id.eq(host.id));
    if let Some((disabled, reason)) = change.disabled {
        update = update
            .col_expr(Column::Disabled, Expr::value(disabled))
            .col_expr(Column::DisabledReason, Expr::value(reason));
    }
    if let Some(forced_down) = change.forced_down {
        update = update.col_expr(Column::ForcedDown, Expr::value(forced_down));
    }
    let mut tx = cx.service.db.write().await?;
    update.exec(&*tx).await?;
    tx.emit(cx.event("service.update", host.uuid));
    Ok(tx.commit().await?)
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version >= Version::new(2, 53) {
        update_one(&cx, &id, body).await
    } else {
        act(&cx, &id, body).await
    }
}

/// From 2.53 on: the path names the service, the body what is to become of it.
async fn update_one(cx: &Cx<Nova>, id: &str, body: Update) -> Result<Response, Fault> {
    let uuid = uuid(id)?;
    let host = by_uuid(cx, uuid).await?.ok_or_else(|| missing(id))?;
    let disabled = match body.status.as_deref() {
        Some("enabled") if body.disabled_reason.is_some() => {
            return Err(Fault::bad_request("Specifying 'disabled_reason' with status 'enabled' is invalid."));
        }
        Some(status) => Some((status == "disabled", body.disabled_reason)),
        None => None,
    };
    let change = Change { disabled, forced_down: body.forced_down.map(|flag| flag.0) };
    if change.disabled.is_none() && change.forced_down.is_none() {
        return Err(Fault::bad_request(
            "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
        ));
    }
    apply(cx, &host, change).await?;
    let services = ComputeServices::read(cx).await?;
    let host = services.hosts.iter().find(|host| host.uuid == uuid).ok_or_else(|| missing(id))?;
    cx.answer(StatusCode::OK, "service", &view(&services, host))
}

/// Until 2.52: the path names the action, the body the service.
async fn act(cx: &Cx<Nova>, action: &str, body: Update) -> Result<Response, Fault> {
    let (host, binary) = (body.host.unwrap_or_default(), body.binary.unwrap_or_default());
    let about = json!({"host": host, "binary": binary});
    let (change, more) = match (action, body.disabled_reason, body.forced_down) {
        ("enable", ..) => {
            (Change { disabled: Some((false, None)), ..Default::default() }, json!({"status": "enabled"}))
        }
        ("disable", ..) => {
            (Change { disabled: Some((true, None)), ..Default::default() }, json!({"status": "disabled"}))
        }
        ("disable-log-reason", Some(reason), _) => {
            let more = json!({"status": "disabled", "disabled_reason": reason});
            (Change { disabled: Some((true, Some(reason))), ..Default::default() }, more)
        }
        ("disable-log-reason", None, _) => return Err(Fault::bad_request("Missing disabled reason field")),
        ("force-down", _, Some(Flag(down))) => {
            (Change { forced_down: Some(down), ..Default::default() }, json!({"forced_down": down}))
        }
        ("force-down", _, None) if cx.version >= Version::new(2, 11) => {
            return Err(Fault::bad_request("Missing forced_down field"));
        }
        _ => return Err(Fault::not_found("Unknown action")),
    };
    if binary != BINARY {
        return Err(Fault::bad_request(format!(
            "Updating a {binary} service is not supported. Only nova-compute services can be updated."
        )));
    }
    let row = host::by_name(cx.service.db.read(), &host).await?;
    let row = row.ok_or_else(|| Fault::not_found(format!("Host '{host}' is not mapped to any cell")))?;
    apply(cx, &row, change).await?;
    let mut service = about;
    if let (Some(service), serde_json::Value::Object(more)) = (service.as_object_mut(), more) {
        service.extend(more);
    }
    web::json(StatusCode::OK, &json!({"service": service}))
}

fn uuid(id: &str) -> Result<Uuid, Fault> {
    Uuid::parse_str(id)
        .map_err(|_| Fault::bad_request(format!("Invalid uuid {}", id.chars().take(64).collect::<String>())))
}

async fn by_uuid(cx: &Cx<Nova>, uuid: Uuid) -> Result<Option<host::Model>, DbErr> {
    Entity::find().filter(Column::Uuid.eq(uuid)).one(cx.service.db.read()).await
}

fn missing(id: &str) -> Fault {
    Fault::not_found(format!("Service {id} could not be found."))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let host = if cx.version >= Version::new(2, 53) {
        by_uuid(&cx, uuid(&id)?).await?
    } else {
        let number: i64 = id.parse().map_err(|_| {
            let shown: String = id.chars().take(64).collect();
            Fault::bad_request(format!("Invalid input received: id must be an integer: {shown}"))
        })?;
        Entity::find_by_id(number).one(cx.service.db.read()).await?
    };
    let host = host.ok_or_else(|| Fault::not_found(format!("Service {id} not found.")))?;
    // It would be back at once, as another service.
    if cx.service.hosts.connected().iter().any(|connected| connected.host == host.name) {
        return Err(NovaError::Conflict(
            "Unable to delete compute service whose host is connected. Stop its agent first.".into(),
        )
        .into());
    }
    remove(&cx, &host).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn remove(cx: &Cx<Nova>, host: &host::Model) -> Result<(), Fault> {
    let mut tx = cx.service.db.write().await?;
    if server::of_host(&*tx, &host.name).await? > 0 {
        return Err(NovaError::Conflict(
            "Unable to delete compute service that is hosting instances. Migrate or delete the instances first."
                .into(),
        )
        .into());
    }
    for aggregate in aggregate::all(&*tx).await? {
        if !aggregate.hosts.0.contains(&host.name) {
            continue;
        }
        let hosts = aggregate.hosts.0.into_iter().filter(|name| *name != host.name).collect();
        aggregate::Entity::update_many()
            .filter(aggregate::Column::Id.eq(aggregate.id))
            .col_expr(aggregate::Column::Hosts, model::json(&Names(hosts)))
            .exec(&*tx)
            .await?;
    }
    // The provider gives up its name and its room before the host is forgotten: a host of that name may come again.
    let retired = format!("retired-{}", host.provider);
    cx.service.placement.ensure_provider(host.provider, &retired, &BTreeMap::new(), &[]).await?;
    Entity::delete_by_id(host.id).exec(&*tx).await?;
    tx.emit(cx.event("service.delete", host.uuid));
    Ok(tx.commit().await?)
}
