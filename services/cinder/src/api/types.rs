//! Types of volumes.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use platform::{
    Body as BodyDerive, View,
    http::{self as web, Body, Cx, Fault, Query, Routes, json},
    wire::Patch,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, sea_query::Expr,
};
use serde::Deserialize;
use serde_json::{Value, json as literal};
use uuid::Uuid;

use super::{metadata::Pairs, pages};
use crate::{
    Cinder,
    error::Error,
    model::{
        volume,
        volume_type::{self, Column, Entity},
    },
};

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
        .get("/v3/types", "volume_extension:type_get_all", list)
        .post("/v3/types", "volume_extension:type_create", create)
        .get("/v3/types/{id}", "volume_extension:type_get", show)
        .put("/v3/types/{id}", "volume_extension:type_update", update)
        .delete("/v3/types/{id}", "volume_extension:type_delete", delete)
        .get("/v3/types/{id}/extra_specs", "volume_extension:types_extra_specs:index", specs)
        .post("/v3/types/{id}/extra_specs", "volume_extension:types_extra_specs:create", add_specs)
        .get("/v3/types/{id}/extra_specs/{name}", "volume_extension:types_extra_specs:show", spec)
        .put("/v3/types/{id}/extra_specs/{name}", "volume_extension:types_extra_specs:update", set_spec)
        .delete("/v3/types/{id}/extra_specs/{name}", "volume_extension:types_extra_specs:delete", remove_spec)
        .get(
            "/v3/types/{id}/os-volume-type-access",
            "volume_extension:volume_type_access:get_all_for_type",
            access,
        )
        .post("/v3/types/{id}/action", "volume_extension:volume_type_access:addProjectAccess", action)
        .actions([
            web::Action::new("addProjectAccess", "volume_extension:volume_type_access:addProjectAccess"),
            web::Action::new(
                "removeProjectAccess",
                "volume_extension:volume_type_access:removeProjectAccess",
            ),
        ])
}

/// A type.
#[derive(View)]
struct TypeView {
    id: Uuid,
    name: String,
    description: Option<String>,
    is_public: bool,
    #[view(rename = "os-volume-type-access:is_public", skip_none)]
    access_is_public: Option<bool>,
    #[view(skip_none)]
    extra_specs: Option<Value>,
    #[view(skip_none)]
    qos_specs_id: Option<Option<Uuid>>,
}

/// Extra specs that users see too: what they can make use of.
const OPEN_SPECS: [&str; 3] = ["RESKEY:availability_zones", "multiattach", "replication_enabled"];

/// What an answer to a change leaves out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    All,
    Created,
    Updated,
}

fn view(cx: &Cx<Cinder>, row: volume_type::Model, shown: Shown) -> TypeView {
    let admin = cx.is_admin();
    let mut specs = row.extra_specs;
    if let Some(map) = specs.as_object_mut().filter(|_| !admin) {
        map.retain(|name, _| OPEN_SPECS.contains(&name.as_str()));
    }
    TypeView {
        id: row.id,
        name: row.name,
        description: row.description,
        is_public: row.is_public,
        access_is_public: (shown != Shown::Updated).then_some(row.is_public),
        extra_specs: Some(specs),
        qos_specs_id: (admin && shown == Shown::All).then_some(row.qos_specs_id),
    }
}

fn has_access(cx: &Cx<Cinder>, row: &volume_type::Model) -> bool {
    row.access.as_array().is_some_and(|list| list.iter().any(|id| id.as_str() == cx.caller.project_id()))
}

fn usable(cx: &Cx<Cinder>, row: &volume_type::Model) -> bool {
    row.is_public || cx.is_admin() || has_access(cx, row)
}

async fn list(cx: Cx<Cinder>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let public = match query.get("is_public").map(str::to_ascii_lowercase).as_deref() {
        Some("none") if cx.is_admin() => None,
        Some(_) if cx.is_admin() => query.flag("is_public")?,
        _ => Some(true),
    };
    let rows = Entity::find()
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .all(cx.service.db.read())
        .await?;
    let paging = platform::db::list::Paging::read(&query)?;
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|row| match public {
            None => true,
            Some(true) => row.is_public || has_access(&cx, row),
            Some(false) => !row.is_public,
        })
        .collect();
    if let Some(marker) = &paging.marker {
        let at = rows.iter().position(|row| row.id.to_string() == *marker);
        let at = at.ok_or_else(|| Fault::not_found(format!("Volume type {marker} could not be found.")))?;
        rows.drain(..=at);
    }
    if let Some(limit) = paging.limit {
        rows.truncate(limit as usize);
    }
    let views: Vec<_> = rows.into_iter().map(|row| view(&cx, row, Shown::All)).collect();
    pages::answer(&cx, "volume_types", &views, None, None)
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "volume_type", open)]
struct CreateType {
    #[body(min = 1, max = 255)]
    name: String,
    #[body(max = 255)]
    description: Option<String>,
    extra_specs: Option<Pairs>,
    #[serde(default, rename = "os-volume-type-access:is_public")]
    #[body(schema = super::boolean)]
    is_public: Value,
}

async fn create(cx: Cx<Cinder>, Body(body): Body<CreateType>) -> Result<Response, Fault> {
    cx.allow()?;
    let name = body.name.trim().to_owned();
    if name.is_empty() {
        return Err(Fault::bad_request("Volume type name can not be empty."));
    }
    let row = volume_type::Model {
        id: Uuid::new_v4(),
        name,
        description: body.description,
        is_public: super::truth(&body.is_public).unwrap_or(true),
        extra_specs: body.extra_specs.unwrap_or_default().into_json(),
        access: literal!([]),
        encryption: None,
        qos_specs_id: None,
        created_at: chrono::Utc::now(),
    };
    let mut tx = cx.service.db.write().await?;
    if Entity::find().filter(Column::Name.eq(row.name.as_str())).one(&*tx).await?.is_some() {
        return Err(Fault::conflict(format!("Volume Type {} already exists.", row.name)));
    }
    Entity::insert(volume_type::ActiveModel::from(row.clone())).exec_without_returning(&*tx).await?;
    tx.emit(cx.event("volume_type.create", row.id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "volume_type", &view(&cx, row, Shown::Created))
}

pub(crate) async fn found(cx: &Cx<Cinder>, id: &str) -> Result<volume_type::Model, Fault> {
    cx.allow()?;
    let missing = || Fault::from(Error::TypeNotFound(id.chars().take(64).collect()));
    let row = if id == "default" {
        Entity::find()
            .filter(Column::Name.eq(cx.service.config.default_type.as_str()))
            .one(cx.service.db.read())
            .await?
    } else {
        let id: Uuid = id.parse().map_err(|_| missing())?;
        Entity::find_by_id(id).one(cx.service.db.read()).await?
    };
    row.filter(|row| usable(cx, row)).ok_or_else(missing)
}

async fn show(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "volume_type", &view(&cx, row, Shown::All))
}

#[derive(Deserialize, BodyDerive)]
#[body(wrap = "volume_type")]
struct UpdateType {
    #[serde(default)]
    #[body(max = 255)]
    name: Patch<String>,
    #[serde(default)]
    #[body(max = 255)]
    description: Patch<String>,
    #[serde(default)]
    #[body(schema = super::boolean)]
    is_public: Value,
}

async fn update(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<UpdateType>,
) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let (name, description) = (body.name.given().flatten(), body.description.given());
    let public = super::truth(&body.is_public);
    if name.is_none() && description.is_none() && public.is_none() {
        return Err(Fault::bad_request(
            "Specify volume type name, description, is_public or a combination thereof.",
        ));
    }
    if let Some(name) = name {
        if name.trim().is_empty() {
            return Err(Fault::bad_request("Volume type name can not be empty."));
        }
        row.name = name.trim().to_owned();
    }
    row.description = description.unwrap_or(row.description);
    row.is_public = public.unwrap_or(row.is_public);
    let tx = cx.service.db.write().await?;
    let taken = Entity::find()
        .filter(Column::Name.eq(row.name.as_str()))
        .filter(Column::Id.ne(row.id))
        .count(&*tx)
        .await?;
    if taken > 0 {
        return Err(Fault::conflict(format!("Volume Type {} already exists.", row.name)));
    }
    Entity::update_many()
        .col_expr(Column::Name, Expr::value(row.name.clone()))
        .col_expr(Column::Description, Expr::value(row.description.clone()))
        .col_expr(Column::IsPublic, Expr::value(row.is_public))
        .filter(Column::Id.eq(row.id))
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    cx.answer(StatusCode::OK, "volume_type", &view(&cx, row, Shown::Updated))
}

async fn delete(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    if volume::are_of(&tx, &row).await? {
        return Err(Fault::bad_request("Target volume type is still in use."));
    }
    if row.name == cx.service.config.default_type {
        return Err(Fault::forbidden(format!(
            "Volume type {} is the default and can't be deleted.",
            row.name
        )));
    }
    Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn specs(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    json(StatusCode::OK, &literal!({"extra_specs": view(&cx, row, Shown::All).extra_specs}))
}

#[derive(Deserialize, BodyDerive)]
struct Specs {
    extra_specs: Pairs,
}

/// Changes a type's extra specs in one transaction.
async fn change_specs(
    cx: &Cx<Cinder>,
    id: Uuid,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Result<(), Fault> {
    let tx = cx.service.db.write().await?;
    if let Some(row) = Entity::find_by_id(id).one(&*tx).await? {
        let mut specs = row.extra_specs.as_object().cloned().unwrap_or_default();
        change(&mut specs);
        Entity::update_many()
            .col_expr(Column::ExtraSpecs, Expr::value(Value::Object(specs)))
            .filter(Column::Id.eq(id))
            .exec(&*tx)
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn add_specs(
    cx: Cx<Cinder>,
    Path(id): Path<String>,
    Body(body): Body<Specs>,
) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let given = body.extra_specs.into_json();
    let added = given.as_object().cloned().unwrap_or_default();
    change_specs(&cx, row.id, |specs| specs.extend(added)).await?;
    json(StatusCode::OK, &literal!({"extra_specs": given}))
}

async fn spec(cx: Cx<Cinder>, Path((id, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let seen = view(&cx, row.clone(), Shown::All).extra_specs.unwrap_or_default();
    match seen.get(&name) {
        Some(value) => json(StatusCode::OK, &literal!({name: value})),
        None => Err(no_spec(&row, &name)),
    }
}

fn no_spec(row: &volume_type::Model, name: &str) -> Fault {
    let name: String = name.chars().take(255).collect();
    Fault::not_found(format!("Volume Type {} has no extra specs with key {name}.", row.id))
}

async fn set_spec(
    cx: Cx<Cinder>,
    Path((id, name)): Path<(String, String)>,
    Body(body): Body<Pairs>,
) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    let given = body.into_json();
    let Some(value) =
        given.get(&name).filter(|_| given.as_object().is_some_and(|map| map.len() == 1)).cloned()
    else {
        return Err(Fault::bad_request("Request body must be a pair whose name is the one in the path."));
    };
    change_specs(&cx, row.id, |specs| drop(specs.insert(name, value))).await?;
    json(StatusCode::OK, &given)
}

async fn remove_spec(cx: Cx<Cinder>, Path((id, name)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    if row.extra_specs.get(&name).is_none() {
        return Err(no_spec(&row, &name));
    }
    change_specs(&cx, row.id, |specs| drop(specs.remove(&name))).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn access(cx: Cx<Cinder>, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    if row.is_public {
        return Err(Fault::not_found("Access list not available for public volume types."));
    }
    let list: Vec<Value> = row
        .access
        .as_array()
        .into_iter()
        .flatten()
        .map(|project| literal!({"volume_type_id": row.id, "project_id": project}))
        .collect();
    json(StatusCode::OK, &literal!({"volume_type_access": list}))
}

#[derive(Deserialize, BodyDerive)]
struct ProjectAccess {
    #[body(min = 1, max = 64)]
    project: String,
}

#[derive(Deserialize, BodyDerive)]
struct Action {
    #[serde(rename = "addProjectAccess")]
    add: Option<ProjectAccess>,
    #[serde(rename = "removeProjectAccess")]
    remove: Option<ProjectAccess>,
}

async fn action(cx: Cx<Cinder>, Path(id): Path<String>, Body(body): Body<Action>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    if body.remove.is_some() {
        let anybody = platform::policy::Target::none();
        cx.allow_rule("volume_extension:volume_type_access:removeProjectAccess", &anybody)?;
    }
    if row.is_public {
        return Err(Fault::conflict("Type access modification is not applicable to public volume type."));
    }
    let mut list: Vec<String> = serde_json::from_value(row.access.clone()).unwrap_or_default();
    match (body.add, body.remove) {
        (Some(add), None) if list.contains(&add.project) => {
            return Err(Fault::conflict(format!(
                "Volume type access for {} / {} combination already exists.",
                row.id, add.project
            )));
        }
        (Some(add), None) => list.push(add.project),
        (None, Some(remove)) if !list.contains(&remove.project) => {
            return Err(Fault::not_found(format!(
                "Volume type access not found for {} / {} combination.",
                row.id, remove.project
            )));
        }
        (None, Some(remove)) => list.retain(|project| *project != remove.project),
        _ => return Err(Fault::bad_request("There is no such action.")),
    }
    let tx = cx.service.db.write().await?;
    let condition = Condition::all().add(Column::Id.eq(row.id));
    Entity::update_many()
        .col_expr(Column::Access, Expr::value(literal!(list)))
        .filter(condition)
        .exec(&*tx)
        .await?;
    tx.commit().await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
