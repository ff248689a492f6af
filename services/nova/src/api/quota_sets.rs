//! `/os-quota-sets`

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    View,
    db::owned::Scope,
    http::{self as web, Cx, Fault, Query, Routes},
    policy::Target,
    wire::{Schema, Version},
};
use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    Nova,
    model::quota as rows,
    quota::{self, Limits, RESOURCES, Usage},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    let one = "/v2.1/os-quota-sets/{project}";
    Routes::new()
        .get(one, "os_compute_api:os-quota-sets:show", show)
        .put(one, "os_compute_api:os-quota-sets:update", update)
        .delete(one, "os_compute_api:os-quota-sets:delete", delete)
        .get("/v2.1/os-quota-sets/{project}/detail", "os_compute_api:os-quota-sets:detail", detail)
        .get("/v2.1/os-quota-sets/{project}/defaults", "os_compute_api:os-quota-sets:defaults", defaults)
}

/// What each version still knows. Networks went with 2.36, injected files with 2.57.
#[derive(View)]
pub struct QuotaSet<'a, T: Serialize> {
    #[view(skip_none)]
    id: Option<&'a str>,
    instances: T,
    cores: T,
    ram: T,
    metadata_items: T,
    key_pairs: T,
    server_groups: T,
    server_group_members: T,
    #[view(until = "2.56")]
    injected_files: T,
    #[view(until = "2.56")]
    injected_file_content_bytes: T,
    #[view(until = "2.56")]
    injected_file_path_bytes: T,
    #[view(until = "2.35")]
    fixed_ips: T,
    #[view(until = "2.35")]
    floating_ips: T,
    #[view(until = "2.35")]
    security_groups: T,
    #[view(until = "2.35")]
    security_group_rules: T,
}

#[derive(Serialize)]
struct Detail {
    limit: i64,
    in_use: i64,
    reserved: i64,
}

fn view<'a, T: Serialize>(id: Option<&'a str>, of: impl Fn(&'static str) -> T) -> QuotaSet<'a, T> {
    QuotaSet {
        id,
        instances: of("instances"),
        cores: of("cores"),
        ram: of("ram"),
        metadata_items: of("metadata_items"),
        key_pairs: of("key_pairs"),
        server_groups: of("server_groups"),
        server_group_members: of("server_group_members"),
        injected_files: of("injected_files"),
        injected_file_content_bytes: of("injected_file_content_bytes"),
        injected_file_path_bytes: of("injected_file_path_bytes"),
        fixed_ips: of("fixed_ips"),
        floating_ips: of("floating_ips"),
        security_groups: of("security_groups"),
        security_group_rules: of("security_group_rules"),
    }
}

fn limit(limits: &Limits, name: &str) -> i64 {
    limits.get(name).copied().unwrap_or(-1)
}

/// The limits of a project, or of a user in it.
async fn limits_of(db: &impl ConnectionTrait, scope: &Scope, user: Option<&str>) -> Result<Limits, DbErr> {
    match user {
        Some(user) => quota::limits_of_user(db, scope, user).await,
        None => quota::limits(db, scope).await,
    }
}

/// The use of a project, or of a user in it.
async fn usage_of(db: &impl ConnectionTrait, scope: &Scope, user: Option<&str>) -> Result<Usage, DbErr> {
    match user {
        Some(user) => quota::usage_of_user(db, scope, user).await,
        None => quota::usage(db, scope).await,
    }
}

/// The user of a query. An empty text would name the project itself.
fn user(query: &Query) -> Option<&str> {
    query.get("user_id").filter(|user| !user.is_empty())
}

async fn show(cx: Cx<Nova>, Path(project): Path<String>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of(&project)?;
    let limits = limits_of(cx.service.db.read(), &scope, user(&query)).await?;
    cx.answer(StatusCode::OK, "quota_set", &view(Some(&project), |name| limit(&limits, name)))
}

async fn detail(cx: Cx<Nova>, Path(project): Path<String>, query: Query) -> Result<Response, Fault> {
    let scope = cx.scope_of(&project)?;
    let (db, user) = (cx.service.db.read(), user(&query));
    let (limits, usage) = (limits_of(db, &scope, user).await?, usage_of(db, &scope, user).await?);
    let detail = |name| Detail { limit: limit(&limits, name), in_use: usage.of(name), reserved: 0 };
    cx.answer(StatusCode::OK, "quota_set", &view(Some(&project), detail))
}

async fn defaults(cx: Cx<Nova>, Path(project): Path<String>) -> Result<Response, Fault> {
    cx.allow_on(&Target::project(project.as_str()))?;
    let limits = quota::defaults(cx.service.db.read(), "default").await?;
    cx.answer(StatusCode::OK, "quota_set", &view(Some(&project), |name| limit(&limits, name)))
}

/// The names that a version may set, for sets of projects (`quota_set`) and of classes.
pub fn settable(version: Version) -> impl Iterator<Item = &'static str> {
    let hidden: &[&str] = if version >= Version::new(2, 57) {
        &["injected_files", "injected_file_content_bytes", "injected_file_path_bytes"]
    } else {
        &[]
    };
    let networks = ["fixed_ips", "floating_ips", "security_groups", "security_group_rules"];
    RESOURCES
        .iter()
        .map(|resource| resource.name)
        .filter(move |name| !hidden.contains(name))
        .filter(move |name| version < Version::new(2, 36) || !networks.contains(name))
}

/// The schema of limits to be set.
pub fn limits_schema(version: Version) -> Map<String, Value> {
    let number = json!({"type": ["integer", "string"], "pattern": "^-?[0-9]+$", "minimum": -1, "maximum": 0x7fff_ffff});
    settable(version).map(|name| (name.to_owned(), number.clone())).collect()
}

/// The limits of a body.
pub fn wanted(body: &Map<String, Value>) -> Result<Vec<(&'static str, i64)>, Fault> {
    let mut wanted = Vec::new();
    for resource in RESOURCES {
        let number = match body.get(resource.name) {
            None => continue,
            Some(Value::String(text)) => text.parse::<i64>().ok(),
            Some(value) => value.as_i64(),
        };
        match number {
            Some(number @ -1..=0x7fff_ffff) => wanted.push((resource.name, number)),
            _ => {
                return Err(Fault::bad_request(format!(
                    "Invalid input for field/attribute {}. It is not between -1 and 2147483647.",
                    resource.name
                )));
            }
        }
    }
    Ok(wanted)
}

#[derive(Deserialize)]
struct Update(Map<String, Value>);

impl Schema for Update {
    fn schema(version: Version) -> Value {
        let mut properties = limits_schema(version);
        properties.insert("tenant_id".into(), json!({"type": "string", "maxLength": 64}));
        properties.insert("force".into(), super::lenient::Flag::schema(version));
        json!({"type": "object", "properties": properties, "additionalProperties": false})
    }
    const WRAP: Option<&'static str> = Some("quota_set");
}

async fn update(
    cx: Cx<Nova>,
    Path(project): Path<String>,
    query: Query,
    web::Body(Update(body)): web::Body<Update>,
) -> Result<Response, Fault> {
    let scope = cx.scope_of(&project)?;
    let user = user(&query);
    let owner = user.unwrap_or_default();
    if project.len() > 64 || owner.len() > 64 {
        return Err(Fault::bad_request("The id of a project or a user is too long."));
    }
    let wanted = wanted(&body)?;
    let force = body.get("force").is_some_and(|force| {
        force == &json!(true) || force.as_str().is_some_and(|text| text.eq_ignore_ascii_case("true"))
    });
    let mut tx = cx.service.db.write().await?;
    let usage = usage_of(&*tx, &scope, user).await?;
    let most = match user {
        Some(_) => Some(quota::limits(&*tx, &scope).await?),
        None => None,
    };
    for (name, limit) in wanted.iter().filter(|_| !force) {
        check(&usage, most.as_ref(), name, *limit)?;
    }
    rows::replace(&tx, &scope, owner, &wanted).await?;
    let limits = limits_of(&*tx, &scope, user).await?;
    tx.emit(cx.event("quota.update", &project));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "quota_set", &view(None, |name| limit(&limits, name)))
}

/// A limit is not less than what is used; a user's is not more than the project's. `-1` is no limit.
fn check(usage: &Usage, most: Option<&Limits>, name: &str, wanted: i64) -> Result<(), Fault> {
    let used = usage.of(name);
    if wanted >= 0 && wanted < used {
        return Err(Fault::bad_request(format!(
            "Quota limit {wanted} for {name} must be greater than or equal to already used and reserved {used}."
        )));
    }
    let most = most.map_or(-1, |limits| limit(limits, name));
    if most >= 0 && (wanted < 0 || wanted > most) {
        return Err(Fault::bad_request(format!(
            "Quota limit {wanted} for {name} must be less than or equal to {most}."
        )));
    }
    Ok(())
}

async fn delete(cx: Cx<Nova>, Path(project): Path<String>, query: Query) -> Result<StatusCode, Fault> {
    let scope = cx.scope_of(&project)?;
    let tx = cx.service.db.write().await?;
    rows::delete(&tx, &scope, user(&query)).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
