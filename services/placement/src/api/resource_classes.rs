//! Resource classes: the standard ones, and those that users make.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{Method, StatusCode};
use platform::{
    http::{Body, Cx, Fault, Routes},
    wire::{Version, schema},
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fresh;
use crate::{
    Placement,
    error::Error,
    model::{
        custom::{self, resource_class},
        inventory,
    },
    standard,
};

pub(super) fn routes() -> Routes<Placement> {
    let since = Some((1, 2));
    let (all, one) = ("/resource_classes", "/resource_classes/{name}");
    Routes::new()
        .versioned(Method::GET, all, "placement:resource_classes:list", since, None, list)
        .versioned(Method::POST, all, "placement:resource_classes:create", since, None, create)
        .versioned(Method::GET, one, "placement:resource_classes:show", since, None, show)
        .versioned(Method::PUT, one, "placement:resource_classes:update", since, None, update)
        .versioned(Method::DELETE, one, "placement:resource_classes:delete", since, None, delete)
}

fn view(cx: &Cx<Placement>, name: &str) -> Value {
    let path = cx.link(&format!("/resource_classes/{name}"));
    let path = path.splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or(path);
    json!({"name": name, "links": [{"rel": "self", "href": path}]})
}

async fn list(cx: Cx<Placement>) -> Result<Response, Fault> {
    cx.allow()?;
    let custom = resource_class::Entity::find()
        .order_by_asc(resource_class::Column::Name)
        .all(cx.service.db.read())
        .await?;
    let names = standard::CLASSES.iter().copied().chain(custom.iter().map(|row| row.name.as_str()));
    let views: Vec<Value> = names.map(|name| view(&cx, name)).collect();
    fresh::now(&cx, &json!({"resource_classes": views}))
}

#[derive(Deserialize, platform::Body)]
struct Named {
    #[body(max = 255, pattern = "^CUSTOM_[A-Z0-9_]+$")]
    name: String,
}

async fn create(cx: Cx<Placement>, Body(body): Body<Named>) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    if !custom::make_class(&*tx, &body.name).await? {
        return Err(Fault::conflict(format!("Conflicting resource class already exists: {}", body.name)));
    }
    tx.commit().await?;
    let path = format!("/resource_classes/{}", body.name);
    Ok(fresh::located(&cx, StatusCode::CREATED.into_response(), &path))
}

/// The class is there, or 404.
async fn exists(db: &impl ConnectionTrait, name: &str) -> Result<(), Error> {
    custom::classes_exist(db, [name]).await.map_err(|error| match error {
        Error::NoClass(_) => Error::NotFound(error.to_string()),
        error => error,
    })
}

async fn show(cx: Cx<Placement>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    exists(cx.service.db.read(), &name).await?;
    fresh::json(&cx, StatusCode::OK, &view(&cx, &name), Utc::now())
}

/// Renames a class up to 1.6; since 1.7 makes it, if it is not there.
async fn update(
    cx: Cx<Placement>,
    Path(name): Path<String>,
    body: axum::body::Bytes,
) -> Result<Response, Fault> {
    cx.allow()?;
    if cx.version < Version::new(1, 7) {
        return rename(&cx, name, schema::read::<Named>(&body, cx.version)?).await;
    }
    if !standard::is_custom(&name) {
        return Err(Fault::bad_request(format!(
            "JSON does not validate: '{}' does not match '^CUSTOM_[A-Z0-9_]+$'",
            name.chars().take(64).collect::<String>()
        )));
    }
    let tx = cx.service.db.write().await?;
    let made = custom::make_class(&*tx, &name).await?;
    tx.commit().await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok(fresh::located(&cx, status.into_response(), &format!("/resource_classes/{name}")))
}

async fn rename(cx: &Cx<Placement>, name: String, body: Named) -> Result<Response, Fault> {
    if standard::CLASSES.contains(&name.as_str()) {
        return Err(Fault::bad_request(format!("Cannot update standard resource class {name}")));
    }
    let tx = cx.service.db.write().await?;
    exists(&*tx, &name).await?;
    if body.name != name && is_used(&*tx, &name).await? {
        // Classes are kept by name: one that is in use keeps it.
        return Err(Fault::conflict(format!("Resource class {name} is in use in inventory.")));
    }
    let done = resource_class::Entity::update_many()
        .col_expr(resource_class::Column::Name, Expr::value(body.name.as_str()))
        .filter(resource_class::Column::Name.eq(name.as_str()))
        .exec(&*tx)
        .await;
    match done {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(Fault::conflict(format!("Resource class already exists: {}", body.name)));
        }
        done => done?,
    };
    tx.commit().await?;
    fresh::json(cx, StatusCode::OK, &view(cx, &body.name), Utc::now())
}

async fn is_used(db: &impl ConnectionTrait, name: &str) -> Result<bool, Error> {
    Ok(inventory::Entity::find().filter(inventory::Column::ResourceClass.eq(name)).one(db).await?.is_some())
}

async fn delete(cx: Cx<Placement>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if standard::CLASSES.contains(&name.as_str()) {
        return Err(Fault::bad_request(format!(
            "Error in delete resource class: Cannot delete standard resource class {name}."
        )));
    }
    let tx = cx.service.db.write().await?;
    exists(&*tx, &name).await?;
    if is_used(&*tx, &name).await? {
        return Err(Fault::conflict(format!(
            "Error in delete resource class: Cannot delete resource class {name}. Class is in use in inventory."
        )));
    }
    resource_class::Entity::delete_by_id(name).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
