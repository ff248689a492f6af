//! `/flavors`

use axum::{extract::Path, response::Response};
use chrono::Utc;
use http::StatusCode;
use platform::{
    Body, View,
    db::list,
    http::{self as web, Cx, Fault, Query, Routes},
    wire::{Patch, View},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    lenient::{Flag, MAX, Number, name},
    links::{self, Link},
};
use crate::{
    Nova,
    error::NovaError,
    model::flavor::{self, Column, Strings},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/flavors", "os_compute_api:extensions", index)
        .list(&flavor::LIST)
        .get("/v2.1/flavors/detail", "os_compute_api:extensions", detail)
        .list(&flavor::LIST)
        .get("/v2.1/flavors/{id}", "os_compute_api:extensions", show)
        .post("/v2.1/flavors", "os_compute_api:os-flavor-manage:create", create)
        .versioned(
            http::Method::PUT,
            "/v2.1/flavors/{id}",
            "os_compute_api:os-flavor-manage:update",
            Some((2, 55)),
            None,
            update,
        )
        .delete("/v2.1/flavors/{id}", "os_compute_api:os-flavor-manage:delete", delete)
}

#[derive(View)]
struct FlavorRef<'a> {
    id: &'a str,
    name: &'a str,
    links: [Link; 2],
    #[view(since = "2.55")]
    description: Option<&'a str>,
}

#[derive(View)]
struct FlavorView<'a> {
    id: &'a str,
    name: &'a str,
    ram: i64,
    disk: i64,
    swap: Swap,
    #[view(rename = "OS-FLV-EXT-DATA:ephemeral")]
    ephemeral: i64,
    #[view(rename = "OS-FLV-DISABLED:disabled")]
    disabled: bool,
    vcpus: i64,
    #[view(rename = "os-flavor-access:is_public")]
    is_public: bool,
    rxtx_factor: f64,
    links: [Link; 2],
    #[view(since = "2.55")]
    description: Option<&'a str>,
    #[view(since = "2.61", skip_none)]
    extra_specs: Option<&'a Strings>,
}

/// Before 2.75, no swap is an empty text.
struct Swap(i64, bool);

impl Serialize for Swap {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self(0, false) => serializer.serialize_str(""),
            Self(swap, _) => serializer.serialize_i64(*swap),
        }
    }
}

fn view<'a>(cx: &Cx<Nova>, row: &'a flavor::Model) -> FlavorView<'a> {
    let own = platform::policy::Target::project(cx.caller.project_id().unwrap_or_default().to_owned());
    let specs = cx.may("os_compute_api:os-flavor-extra-specs:index", &own);
    FlavorView {
        id: &row.id,
        name: &row.name,
        ram: row.memory_mb,
        disk: row.root_gb,
        swap: Swap(row.swap_mb, cx.version >= platform::wire::Version::new(2, 75)),
        ephemeral: row.ephemeral_gb,
        disabled: row.disabled,
        vcpus: row.vcpus,
        is_public: row.is_public,
        rxtx_factor: row.rxtx_factor,
        links: links::links(cx, "flavors", &row.id),
        description: row.description.as_deref(),
        extra_specs: specs.then_some(&row.extra_specs),
    }
}

/// A page of the flavors that the caller may use.
async fn page(cx: &Cx<Nova>, query: &Query) -> Result<list::Page<flavor::Model>, Fault> {
    cx.allow()?;
    let mut select = flavor::Entity::find();
    if let Some(memory) = bound(query, "minRam")? {
        select = select.filter(Column::MemoryMb.gte(memory));
    }
    if let Some(disk) = bound(query, "minDisk")? {
        select = select.filter(Column::RootGb.gte(disk));
    }
    let project = cx.caller.project_id().unwrap_or_default();
    let accessible = flavor::access::Entity::find()
        .select_only()
        .column(flavor::access::Column::FlavorId)
        .filter(flavor::access::Column::ProjectId.eq(project));
    let usable = Condition::any()
        .add(Column::IsPublic.eq(true))
        .add(Column::Id.in_subquery(sea_orm::QueryTrait::into_query(accessible)));
    select = match (cx.is_admin(), query.get("is_public").map(str::to_ascii_lowercase).as_deref()) {
        (false, _) => select.filter(usable),
        (true, None) => select.filter(Column::IsPublic.eq(true)),
        (true, Some("none")) => select,
        (true, Some(_)) => match query.flag("is_public") {
            Ok(Some(public)) => select.filter(Column::IsPublic.eq(public)),
            _ => return Err(Fault::bad_request("Invalid is_public filter [*]")),
        },
    };
    let missing = |fault: Fault| match query.get("marker") {
        Some(marker) if fault.message.starts_with("marker [") => {
            Fault::bad_request(format!("marker [{marker}] not found"))
        }
        _ => fault,
    };
    list::page(cx.service.db.read(), select, &flavor::LIST, query).await.map_err(missing)
}

fn bound(query: &Query, name: &str) -> Result<Option<i64>, Fault> {
    query.get(name).map(str::parse).transpose().map_err(|_| {
        Fault::bad_request(format!("Invalid {name} filter [{}]", query.get(name).unwrap_or_default()))
    })
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query).await?;
    let flavors: Vec<FlavorRef<'_>> = page
        .items
        .iter()
        .map(|row| FlavorRef {
            id: &row.id,
            name: &row.name,
            links: links::links(&cx, "flavors", &row.id),
            description: row.description.as_deref(),
        })
        .collect();
    let next =
        page.items.last().filter(|_| page.more).map(|row| links::next(&cx, "flavors", &query, &row.id));
    let list = Listed { flavors, flavors_links: next };
    web::json(StatusCode::OK, &platform::wire::At(&list, cx.version))
}

async fn detail(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query).await?;
    let flavors: Vec<FlavorView<'_>> = page.items.iter().map(|row| view(&cx, row)).collect();
    let last = page.items.last().filter(|_| page.more);
    let next = last.map(|row| links::next(&cx, "flavors/detail", &query, &row.id));
    let list = Listed { flavors, flavors_links: next };
    web::json(StatusCode::OK, &platform::wire::At(&list, cx.version))
}

#[derive(View)]
struct Listed<V: View> {
    #[view(nested)]
    flavors: Vec<V>,
    #[view(skip_none)]
    flavors_links: Option<[Link; 1]>,
}

/// The flavor of a path, if the caller may use it.
pub async fn usable(cx: &Cx<Nova>, id: &str) -> Result<flavor::Model, Fault> {
    let project = cx.caller.project_id().filter(|_| !cx.is_admin());
    let row = flavor::usable(cx.service.db.read(), id, project).await?;
    Ok(row.ok_or_else(|| NovaError::FlavorNotFound(id.to_owned()))?)
}

async fn show(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = usable(&cx, &id).await?;
    cx.answer(StatusCode::OK, "flavor", &view(&cx, &row))
}

#[derive(Deserialize, Body)]
#[body(wrap = "flavor")]
struct CreateFlavor {
    #[body(schema = name)]
    name: String,
    #[serde(default)]
    #[body(schema = flavor_id)]
    id: serde_json::Value,
    ram: Number<1, MAX>,
    vcpus: Number<1, MAX>,
    disk: Number<0, MAX>,
    #[serde(rename = "OS-FLV-EXT-DATA:ephemeral")]
    ephemeral: Option<Number<0, MAX>>,
    swap: Option<Number<0, MAX>>,
    #[body(schema = factor)]
    #[serde(default)]
    rxtx_factor: serde_json::Value,
    #[serde(rename = "os-flavor-access:is_public")]
    is_public: Option<Flag>,
    #[body(since = "2.55", min = 0, max = 65535)]
    description: Option<String>,
}

fn flavor_id(_: platform::wire::Version) -> serde_json::Value {
    json!({"anyOf": [
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[a-zA-Z0-9._ -]*[a-zA-Z0-9._-]$"},
        {"type": "null"}, {"type": "integer"},
    ]})
}

fn factor(_: platform::wire::Version) -> serde_json::Value {
    json!({"type": ["number", "string", "null"], "pattern": r"^[0-9]+(\.[0-9]+)?$", "minLength": 1,
           "exclusiveMinimum": 0})
}

async fn create(cx: Cx<Nova>, web::Body(body): web::Body<CreateFlavor>) -> Result<Response, Fault> {
    cx.allow()?;
    let id = match &body.id {
        serde_json::Value::String(id) if id != "auto" => id.trim().to_owned(),
        serde_json::Value::Number(id) => id.to_string(),
        _ => Uuid::new_v4().to_string(),
    };
    let rxtx_factor = match &body.rxtx_factor {
        serde_json::Value::Number(number) => number.as_f64().unwrap_or(1.0),
        serde_json::Value::String(text) => text.parse().unwrap_or(1.0),
        _ => 1.0,
    };
    if rxtx_factor <= 0.0 {
        return Err(Fault::bad_request(
            "Invalid input for field/attribute rxtx_factor. It must be greater than 0.",
        ));
    }
    let row = flavor::Model {
        id,
        name: body.name,
        memory_mb: body.ram.0,
        vcpus: body.vcpus.0,
        root_gb: body.disk.0,
        ephemeral_gb: body.ephemeral.map_or(0, |number| number.0),
        swap_mb: body.swap.map_or(0, |number| number.0),
        rxtx_factor,
        is_public: body.is_public.is_none_or(|flag| flag.0),
        disabled: false,
        description: body.description,
        extra_specs: Strings::default(),
        created_at: Utc::now(),
        updated_at: None,
    };
    let mut tx = cx.service.db.write().await?;
    if flavor::Entity::find_by_id(row.id.as_str()).one(&*tx).await?.is_some() {
        return Err(NovaError::Conflict(format!("Flavor with ID {} already exists.", row.id)).into());
    }
    if flavor::Entity::find().filter(Column::Name.eq(row.name.as_str())).one(&*tx).await?.is_some() {
        return Err(NovaError::Conflict(format!("Flavor with name {} already exists.", row.name)).into());
    }
    flavor::Entity::insert(flavor::ActiveModel::from(row.clone()).reset_all())
        .exec_without_returning(&*tx)
        .await?;
    tx.emit(cx.event("flavor.create", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "flavor", &view(&cx, &row))
}

#[derive(Deserialize, Body)]
#[body(wrap = "flavor")]
struct UpdateFlavor {
    #[serde(default)]
    #[body(required, min = 0, max = 65535)]
    description: Patch<String>,
}

async fn update(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<UpdateFlavor>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let row = usable(&cx, &id).await?;
    let description = body.description.given().flatten();
    let tx = cx.service.db.write().await?;
    flavor::Entity::update_many()
        .filter(Column::Id.eq(id.as_str()))
        .col_expr(Column::Description, Expr::value(description.clone()))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    let row = flavor::Model { description, ..row };
    cx.answer(StatusCode::OK, "flavor", &view(&cx, &row))
}

async fn delete(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    cx.allow()?;
    let mut tx = cx.service.db.write().await?;
    let gone = flavor::Entity::delete_by_id(id.as_str()).exec(&*tx).await?;
    if gone.rows_affected == 0 {
        return Err(NovaError::FlavorNotFound(id).into());
    }
    flavor::access::Entity::delete_many()
        .filter(flavor::access::Column::FlavorId.eq(id.as_str()))
        .exec(&*tx)
        .await?;
    tx.emit(cx.event("flavor.delete", &id));
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED)
}
