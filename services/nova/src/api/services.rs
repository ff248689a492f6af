//! `/os-services`: the compute service of each host.

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::{
    Body, View,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{At, Version},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::lenient::Flag;
use crate::{
    Nova,
    error::NovaError,
    model::{
        aggregate,
        host::{self, Column, Entity, Model},
        server,
    },
    times::Micro,
};

const BINARY: &str = "nova-compute";

/// Routes.
pub fn routes() -> Routes<Nova> {
    let one = "/v2.1/os-services/{id}";
    Routes::new()
        .get("/v2.1/os-services", "os_compute_api:os-services:list", index)
        .route(Method::PUT, one, "os_compute_api:os-services:update", update)
        .delete(one, "os_compute_api:os-services:delete", delete)
}

/// A number until 2.52.
#[derive(Serialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Uuid(Uuid),
}

#[derive(View)]
struct ServiceView<'a> {
    id: Id,
    binary: &'static str,
    host: &'a str,
    zone: String,
    status: &'static str,
    state: &'static str,
    updated_at: Micro,
    disabled_reason: Option<&'a str>,
    #[view(since = "2.11")]
    forced_down: bool,
}

#[derive(View)]
struct Listed<'a> {
    #[view(nested)]
    services: Vec<ServiceView<'a>>,
}

async fn views<'a>(cx: &Cx<Nova>, rows: &'a [Model]) -> Result<Vec<ServiceView<'a>>, Fault> {
    let aggregates = aggregate::all(cx.service.db.read()).await?;
    let zones = aggregate::zones(&aggregates);
    let connected: Vec<String> = cx.service.hosts.connected().into_iter().map(|host| host.host).collect();
    let modern = cx.version >= Version::new(2, 53);
    Ok(rows
        .iter()
        .map(|row| {
            let up = connected.contains(&row.name) && !row.forced_down;
            ServiceView {
                id: if modern { Id::Uuid(row.uuid) } else { Id::Number(row.id) },
                binary: BINARY,
                host: &row.name,
                zone: zones.get(row.name.as_str()).map_or_else(
                    || cx.service.config.default_availability_zone.clone(),
                    |zone| (*zone).to_owned(),
                ),
                status: if row.disabled { "disabled" } else { "enabled" },
                state: if up { "up" } else { "down" },
                // A connection that stands is news of this moment.
                updated_at: Micro(if up { chrono::Utc::now() } else { row.seen_at }),
                disabled_reason: row.disabled_reason.as_deref(),
                forced_down: row.forced_down,
            }
        })
        .collect())
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let mut rows = host::all(cx.service.db.read()).await?;
    if let Some(host) = query.get("host") {
        rows.retain(|row| row.name == host);
    }
    if query.get("binary").is_some_and(|binary| binary != BINARY) {
        rows.clear();
    }
    let services = views(&cx, &rows).await?;
    web::json(StatusCode::OK, &At(&Listed { services }, cx.version))
}

/// From 2.53 on: by id.
#[derive(Deserialize, Body)]
struct Update {
    #[body(one_of = ["enabled", "disabled"])]
    status: Option<String>,
    #[body(min = 1, max = 255)]
    disabled_reason: Option<String>,
    forced_down: Option<Flag>,
}

/// Until 2.52: by host, with what is to be done in the path.
#[derive(Deserialize, Body)]
struct OldUpdate {
    #[body(min = 1, max = 255)]
    host: String,
    #[body(min = 1, max = 255)]
    binary: String,
    #[body(min = 1, max = 255)]
    disabled_reason: Option<String>,
    #[body(since = "2.11")]
    forced_down: Option<Flag>,
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Map<String, Value>>,
) -> Result<Response, Fault> {
    let body = Value::Object(body);
    let version = cx.version;
    if version >= Version::new(2, 53) {
        let Ok(id) = Uuid::parse_str(&id) else {
            return Err(Fault::bad_request(format!("Invalid uuid {id}")));
        };
        cx.allow()?;
        platform::wire::schema::check::<Update>(&body, version)?;
        return by_id(&cx, id, read(body)?).await;
    }
    cx.allow()?;
    if !["enable", "disable", "disable-log-reason", "force-down"].contains(&id.as_str()) {
        return Err(Fault::not_found("Unknown action"));
    }
    platform::wire::schema::check::<OldUpdate>(&body, version)?;
    by_host(&cx, &id, read(body)?).await
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, Fault> {
    serde_json::from_value(body).map_err(|error| Fault::bad_request(format!("Invalid input. {error}")))
}

async fn set(cx: &Cx<Nova>, row: &Model) -> Result<(), Fault> {
    let mut tx = cx.service.db.write().await?;
    Entity::update_many()
        .filter(Column::Id.eq(row.id))
        .col_expr(Column::Disabled, Expr::value(row.disabled))
        .col_expr(Column::DisabledReason, Expr::value(row.disabled_reason.clone()))
        .col_expr(Column::ForcedDown, Expr::value(row.forced_down))
        .exec(&*tx)
        .await?;
    tx.emit(cx.event("service.update", &row.name));
    Ok(tx.commit().await?)
}

async fn by_id(cx: &Cx<Nova>, id: Uuid, body: Update) -> Result<Response, Fault> {
    let row = Entity::find().filter(Column::Uuid.eq(id)).one(cx.service.db.read()).await?;
    let mut row = row.ok_or_else(|| Fault::not_found(format!("Service {id} could not be found.")))?;
    match body.status.as_deref() {
        Some("enabled") if body.disabled_reason.is_some() => {
            return Err(Fault::bad_request("Specifying 'disabled_reason' with status 'enabled' is invalid."));
        }
        Some(status) => {
            row.disabled = status == "disabled";
            row.disabled_reason = body.disabled_reason;
        }
        None if body.forced_down.is_none() => {
            return Err(Fault::bad_request(
                "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
            ));
        }
        None => {}
    }
    if let Some(Flag(down)) = body.forced_down {
        row.forced_down = down;
    }
    set(cx, &row).await?;
    let rows = [row];
    let view = views(cx, &rows).await?.pop();
    cx.answer(StatusCode::OK, "service", &view)
}

async fn by_host(cx: &Cx<Nova>, action: &str, body: OldUpdate) -> Result<Response, Fault> {
    let row = host::by_name(cx.service.db.read(), &body.host).await?.filter(|_| body.binary == BINARY);
    let mut row = row.ok_or_else(|| Fault::from(NovaError::HostNotFound(body.host.clone())))?;
    let mut answer = json!({"host": body.host, "binary": body.binary});
    match action {
        "enable" => (row.disabled, row.disabled_reason) = (false, None),
        "disable" => (row.disabled, row.disabled_reason) = (true, None),
        "disable-log-reason" => {
            let reason =
                body.disabled_reason.ok_or_else(|| Fault::bad_request("Missing disabled reason field"))?;
            answer["disabled_reason"] = json!(reason);
            (row.disabled, row.disabled_reason) = (true, Some(reason));
        }
        _ if cx.version >= Version::new(2, 11) => {
            let Flag(down) =
                body.forced_down.ok_or_else(|| Fault::bad_request("Missing forced_down field"))?;
            answer["forced_down"] = json!(down);
            row.forced_down = down;
        }
        _ => return Err(Fault::not_found("Unknown action")),
    }
    if action != "force-down" {
        answer["status"] = json!(if row.disabled { "disabled" } else { "enabled" });
    }
    set(cx, &row).await?;
    web::json(StatusCode::OK, &json!({"service": answer}))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    let rows = host::all(cx.service.db.read()).await?;
    let modern = cx.version >= Version::new(2, 53);
    if modern && Uuid::parse_str(&id).is_err() || !modern && id.parse::<i64>().is_err() {
        return Err(Fault::bad_request(format!("Invalid id {id}")));
    }
    let row = rows
        .into_iter()
        .find(|row| if modern { row.uuid.to_string() == id } else { row.id.to_string() == id });
    let row = row.ok_or_else(|| Fault::not_found(format!("Service {id} could not be found.")))?;
    let tx = cx.service.db.write().await?;
    if server::count_on(&*tx, &row.name).await? > 0 {
        return Err(Fault::conflict(
            "Unable to delete compute service that is hosting instances. Migrate or delete the instances first.",
        ));
    }
    if cx.service.hosts.connected().iter().any(|host| host.host == row.name) {
        return Err(Fault::conflict("Unable to delete a compute service whose host is connected."));
    }
    Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
