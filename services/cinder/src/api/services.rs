//! `os-services`: what runs where, and whether it takes new volumes.

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    Body as BodyDerive, View,
    http::{Body, Cx, Fault, Query, Routes, json},
};
use sea_orm::EntityTrait;
use serde::Deserialize;
use serde_json::{Value, json as literal};

use super::{pages, volume_view::time};
use crate::{
    Cinder,
    model::service_off::{self, Entity},
    scheduler::{HOST, SCHEDULER_SERVICE, VOLUME_SERVICE},
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new().get("/v3/os-services", "volume_extension:services:index", list).put(
        "/v3/os-services/{action}",
        "volume_extension:services:update",
        act,
    )
}

/// A service.
#[derive(View)]
struct ServiceView {
    binary: &'static str,
    host: String,
    zone: String,
    status: &'static str,
    state: &'static str,
    updated_at: String,
    disabled_reason: Option<String>,
    #[view(skip_none)]
    replication_status: Option<&'static str>,
    #[view(skip_none)]
    active_backend_id: Option<Option<String>>,
    #[view(skip_none)]
    frozen: Option<bool>,
    #[view(since = "3.7")]
    cluster: Option<String>,
    #[view(since = "3.49", skip_none)]
    backend_state: Option<&'static str>,
}

/// The services: they are parts of this program, so they are up.
pub(crate) fn all(cinder: &Cinder) -> [(&'static str, String); 2] {
    [(SCHEDULER_SERVICE, HOST.to_owned()), (VOLUME_SERVICE, cinder.backend_host())]
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let off = Entity::find().all(cx.service.db.read()).await?;
    let asked_host = query.get("host");
    let asked_binary = query.get("binary").or(query.get("service"));
    let of_host =
        |host: &str| asked_host.is_none_or(|asked| host == asked || host.split('@').next() == Some(asked));
    let views: Vec<_> = all(&cx.service)
        .into_iter()
        .filter(|(binary, host)| asked_binary.is_none_or(|asked| asked == *binary) && of_host(host))
        .map(|(binary, host)| {
            let off = off.iter().find(|row| row.host == host && row.binary == binary);
            let holds = binary == VOLUME_SERVICE;
            ServiceView {
                binary,
                zone: cx.service.config.availability_zone.clone(),
                status: if off.is_some() { "disabled" } else { "enabled" },
                state: "up",
                updated_at: time(Utc::now()),
                disabled_reason: off.and_then(|row| row.reason.clone()),
                replication_status: holds.then_some("disabled"),
                active_backend_id: holds.then_some(None),
                frozen: holds.then_some(false),
                cluster: None,
                backend_state: holds.then_some("up"),
                host,
            }
        })
        .collect();
    pages::answer(&cx, "services", &views, None, None)
}

#[derive(Deserialize, BodyDerive)]
#[body(open)]
struct Which {
    #[body(min = 1, max = 255)]
    binary: Option<String>,
    #[body(min = 1, max = 255)]
    service: Option<String>,
    #[body(max = 255)]
    host: Option<String>,
    #[serde(default)]
    #[body(schema = reason_schema)]
    disabled_reason: Option<String>,
}

fn reason_schema(_: platform::wire::Version) -> Value {
    literal!({"type": "string", "minLength": 1, "maxLength": 255})
}

async fn act(cx: Cx<Cinder>, Path(action): Path<String>, Body(body): Body<Which>) -> Result<Response, Fault> {
    cx.allow()?;
    match action.as_str() {
        "enable" => switch(&cx, body, true, false).await,
        "disable" => switch(&cx, body, false, false).await,
        "disable-log-reason"
            if body.disabled_reason.as_ref().is_none_or(|reason| reason.trim().is_empty()) =>
        {
            Err(Fault::bad_request("Disabled reason contains invalid characters or is too long."))
        }
        "disable-log-reason" => switch(&cx, body, false, true).await,
        "freeze" | "thaw" | "failover_host" => {
            let host = body.host.unwrap_or_default();
            let host: String = host.chars().take(255).collect();
            Err(Fault::bad_request(if host == cx.service.backend_host() {
                format!("The backend of {host} is not replicated: it can't be frozen or fail over.")
            } else {
                format!("Invalid input received: Host {host} is not a host of volumes.")
            }))
        }
        _ => Err(Fault::not_found("Unknown action")),
    }
}

async fn switch(cx: &Cx<Cinder>, body: Which, on: bool, tell_reason: bool) -> Result<Response, Fault> {
    let (binary, service) = (body.binary.unwrap_or_default(), body.service.unwrap_or_default());
    let key = if binary.is_empty() { service.clone() } else { binary.clone() };
    let Some(host) = body.host else {
        return Err(Fault::bad_request("Invalid input received: host must be specified."));
    };
    let known = all(&cx.service).into_iter().find(|(known, at)| *known == key && *at == host);
    if known.is_none() {
        let shown = |text: &str| text.chars().take(255).collect::<String>();
        return Err(Fault::not_found(format!(
            "Service {} could not be found on host {}.",
            shown(&key),
            shown(&host)
        )));
    }
    let reason = body.disabled_reason.filter(|_| tell_reason);
    let tx = cx.service.db.write().await?;
    Entity::delete_by_id((host.clone(), key.clone())).exec(&*tx).await?;
    if !on {
        let row =
            service_off::Model { host: host.clone(), binary: key, reason: reason.clone(), since: Utc::now() };
        Entity::insert(service_off::ActiveModel::from(row)).exec_without_returning(&*tx).await?;
    }
    tx.commit().await?;
    let mut answer = literal!({
        "host": host,
        "service": service,
        "binary": binary,
        "status": if on { "enabled" } else { "disabled" },
        "disabled": !on,
    });
    if on || tell_reason {
        answer["disabled_reason"] = literal!(reason);
    }
    json(StatusCode::OK, &answer)
}
