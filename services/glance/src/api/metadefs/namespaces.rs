//! Namespaces of metadata definitions.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{HeaderValue, StatusCode, header};
use platform::{
    db::{WriteTx, list, opened},
    http::{Body, Cx, Fault, Query, Routes, json},
    policy::Target,
};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};

use super::{dated, found, given, taken};
use crate::{
    Glance,
    image::view::time,
    model::{
        definition::{self, Kind},
        namespace::{self, Model},
    },
};

pub(super) fn routes() -> Routes<Glance> {
    let (all, one) = ("/v2/metadefs/namespaces", "/v2/metadefs/namespaces/{namespace}");
    Routes::new()
        .get(all, "get_metadef_namespaces", list)
        .list(&namespace::LIST)
        .post(all, "add_metadef_namespace", create)
        .get(one, "get_metadef_namespace", show)
        .put(one, "modify_metadef_namespace", update)
        .delete(one, "delete_metadef_namespace", delete)
}

fn view(row: &Model) -> Map<String, Value> {
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("namespace", row.name.clone().into());
    for (name, text) in [("display_name", &row.display_name), ("description", &row.description)] {
        if !text.is_empty() {
            put(name, text.clone().into());
        }
    }
    put("visibility", row.visibility.clone().into());
    put("protected", row.protected.into());
    put("owner", row.owner.clone().into());
    put("created_at", time(row.created_at).into());
    put("updated_at", time(row.updated_at).into());
    put("self", format!("/v2/metadefs/namespaces/{}", row.name).into());
    put("schema", "/v2/schemas/metadefs/namespace".into());
    view
}

async fn list(cx: Cx<Glance>, query: Query) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    if query.get("visibility").is_some_and(|asked| asked != "public" && asked != "private") {
        return Err(Fault::bad_request("Invalid visibility value"));
    }
    let db = cx.service.db.read();
    let scope = cx.scope_of_all("context_is_admin").unwrap_or(own);
    let select = namespace::visible(&scope, query.get("resource_types"));
    let page = list::page(db, select, &namespace::LIST, &query).await?;
    let definitions = definition::of_all(db, &page.items).await?;
    let views: Vec<Value> = page
        .items
        .iter()
        .map(|row| {
            let mut view = view(row);
            let types =
                associations(definitions.iter().filter(|definition| definition.namespace == row.name));
            if !types.is_empty() {
                view.insert("resource_type_associations".into(), types.into());
            }
            view.into()
        })
        .collect();
    let mut body = json!({"namespaces": views, "first": "/v2/metadefs/namespaces",
        "schema": "/v2/schemas/metadefs/namespaces"});
    if let (true, Some(last)) = (page.more, page.items.last()) {
        body["next"] = format!("/v2/metadefs/namespaces?{}", query.with("marker", &last.name)).into();
    }
    json(StatusCode::OK, &body)
}

fn associations<'a>(rows: impl Iterator<Item = &'a definition::Model>) -> Vec<Value> {
    rows.filter(|row| row.kind == Kind::ResourceType.name()).map(|row| dated(row).into()).collect()
}

async fn show(cx: Cx<Glance>, Path(name): Path<String>, query: Query) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let row = found(&cx, db, &name).await?;
    json(StatusCode::OK, &whole(db, &row, query.get("resource_type")).await?)
}

/// The namespace with all that it defines; names with the prefix that the resource type has.
async fn whole(
    db: &impl ConnectionTrait,
    row: &Model,
    resource_type: Option<&str>,
) -> Result<Map<String, Value>, Fault> {
    let definitions = definition::of_all(db, std::slice::from_ref(row)).await?;
    let of = |kind: Kind| definitions.iter().filter(move |row| row.kind == kind.name());
    let prefix = of(Kind::ResourceType)
        .find(|row| Some(row.name.as_str()) == resource_type)
        .and_then(|row| row.body["prefix"].as_str())
        .unwrap_or_default();
    let mut view = view(row);
    let properties: Map<String, Value> =
        of(Kind::Property).map(|row| (format!("{prefix}{}", row.name), row.body.clone())).collect();
    let objects: Vec<Value> =
        of(Kind::Object).map(|row| prefixed(super::objects::view(row), prefix)).collect();
    let tags: Vec<Value> = of(Kind::Tag).map(|row| json!({"name": row.name})).collect();
    let types = associations(definitions.iter());
    if !properties.is_empty() {
        view.insert("properties".into(), properties.into());
    }
    for (name, list) in [("objects", objects), ("tags", tags), ("resource_type_associations", types)] {
        if !list.is_empty() {
            view.insert(name.into(), list.into());
        }
    }
    Ok(view)
}

fn prefixed(mut object: Map<String, Value>, prefix: &str) -> Value {
    if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
        *properties = std::mem::take(properties)
            .into_iter()
            .map(|(name, body)| (format!("{prefix}{name}"), body))
            .collect();
    }
    if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
        for name in required {
            *name = format!("{prefix}{}", name.as_str().unwrap_or_default()).into();
        }
    }
    object.into()
}

async fn create(cx: Cx<Glance>, Body(body): Body<given::Namespace>) -> Result<Response, Fault> {
    cx.allow_on(&Target::none())?;
    let (name, given) = given::named(body.0, "namespace")?;
    let tx = cx.service.db.write().await?;
    let row = read(&cx, name, &given);
    match opened::insert(&tx, &row).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(Fault::conflict(format!(
                "The metadata definition namespace={} already exists.",
                row.name
            )));
        }
        inserted => inserted?,
    };
    for (list, kind) in
        [("resource_type_associations", Kind::ResourceType), ("objects", Kind::Object), ("tags", Kind::Tag)]
    {
        for item in given.get(list).and_then(Value::as_array).into_iter().flatten() {
            let (name, body) = given::named(item.as_object().cloned().unwrap_or_default(), "name")?;
            add(&tx, &row, kind, &name, body.into()).await?;
        }
    }
    for (name, body) in given.get("properties").and_then(Value::as_object).into_iter().flatten() {
        add(&tx, &row, Kind::Property, name, body.clone()).await?;
    }
    let view = whole(&*tx, &row, None).await?;
    tx.commit().await?;
    let mut response = json(StatusCode::CREATED, &view)?;
    if let Ok(value) = HeaderValue::from_str(&cx.link(&format!("/v2/metadefs/namespaces/{}", row.name))) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

async fn add(tx: &WriteTx, namespace: &Model, kind: Kind, name: &str, body: Value) -> Result<(), Fault> {
    if name.chars().count() > 80 {
        return Err(Fault::bad_request("Names can't have more than 80 characters."));
    }
    match definition::add(tx, namespace, kind, name, body).await {
        Err(error) if platform::db::is_duplicate(&error) => Err(taken(kind.name(), name, &namespace.name)),
        added => Ok(added.map(|_| ())?),
    }
}

fn read(cx: &Cx<Glance>, name: String, given: &Map<String, Value>) -> Model {
    let text = |field: &str| given.get(field).and_then(Value::as_str).map(str::to_owned);
    Model {
        name,
        display_name: text("display_name").unwrap_or_default(),
        description: text("description").unwrap_or_default(),
        visibility: text("visibility").unwrap_or_else(|| "private".into()),
        owner: text("owner").unwrap_or_else(|| cx.caller.project_id().unwrap_or_default().to_owned()),
        protected: given.get("protected").and_then(Value::as_bool).unwrap_or(false),
        created_at: Utc::now(),
        updated_at: Utc::now(),
    }
}

async fn update(
    cx: Cx<Glance>,
    Path(name): Path<String>,
    Body(body): Body<given::Namespace>,
) -> Result<Response, Fault> {
    let (new_name, given) = given::named(body.0, "namespace")?;
    let tx = cx.service.db.write().await?;
    let before = found(&cx, &*tx, &name).await?;
    let row = Model { created_at: before.created_at, ..read(&cx, new_name, &given) };
    match namespace::save(&tx, &before, &row).await {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(Fault::conflict(format!(
                "The metadata definition namespace={} already exists.",
                row.name
            )));
        }
        done => done?,
    };
    tx.commit().await?;
    json(StatusCode::OK, &view(&row))
}

async fn delete(cx: Cx<Glance>, Path(name): Path<String>) -> Result<Response, Fault> {
    let tx = cx.service.db.write().await?;
    let row = found(&cx, &*tx, &name).await?;
    if row.protected {
        return Err(Fault::forbidden(format!(
            "Metadata definition namespace {name} is protected and cannot be deleted."
        )));
    }
    opened::delete(&tx, &row).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
