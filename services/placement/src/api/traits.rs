//! Traits: the standard ones, and those that users make.

use std::collections::BTreeSet;

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};
use platform::http::{Cx, Fault, Query, Routes};
use sea_orm::EntityTrait;
use serde_json::json;

use super::fresh;
use crate::{
    Placement,
    error::Error,
    model::{
        custom::{self, custom_trait},
        provider_trait,
    },
    standard,
};

pub(super) fn routes() -> Routes<Placement> {
    let since = Some((1, 6));
    Routes::new()
        .versioned(Method::GET, "/traits", "placement:traits:list", since, None, list)
        .versioned(Method::GET, "/traits/{name}", "placement:traits:show", since, None, show)
        .versioned(Method::PUT, "/traits/{name}", "placement:traits:update", since, None, create)
        .versioned(Method::DELETE, "/traits/{name}", "placement:traits:delete", since, None, delete)
}

async fn list(cx: Cx<Placement>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    if let Some((name, _)) = query.pairs.iter().find(|(name, _)| name != "name" && name != "associated") {
        return Err(Fault::bad_request(format!(
            "Invalid query string parameters: Additional properties are not allowed ('{}' was unexpected)",
            name.chars().take(64).collect::<String>()
        )));
    }
    let db = cx.service.db.read();
    let mut names: BTreeSet<String> = standard::TRAITS.iter().map(|name| (*name).to_owned()).collect();
    names.extend(custom_trait::Entity::find().all(db).await?.into_iter().map(|row| row.name));
    if let Some(asked) = query.get("name") {
        match asked.split_once(':') {
            Some(("in", list)) => {
                let list: BTreeSet<&str> = list.split(',').collect();
                names.retain(|name| list.contains(name.as_str()));
            }
            Some(("startswith", prefix)) => names.retain(|name| name.starts_with(prefix)),
            Some(_) => {}
            None => {
                return Err(Fault::bad_request(format!(
                    "Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix]. Got: \"{}\"",
                    asked.chars().take(64).collect::<String>()
                )));
            }
        }
    }
    match query.get("associated").map(str::to_ascii_lowercase).as_deref() {
        None => {}
        Some(word @ ("true" | "false")) => {
            let associated = provider_trait::associated(db).await?;
            names.retain(|name| associated.contains(name) == (word == "true"));
        }
        Some(_) => {
            return Err(Fault::bad_request(
                "The query parameter \"associated\" only accepts \"true\" or \"false\"",
            ));
        }
    }
    fresh::now(&cx, &json!({"traits": names}))
}

async fn show(cx: Cx<Placement>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    custom::traits_exist(cx.service.db.read(), [name.as_str()]).await.map_err(missing)?;
    Ok(fresh::empty(&cx, StatusCode::NO_CONTENT))
}

fn missing(error: Error) -> Error {
    match error {
        Error::NoTraits(_) => Error::NotFound(error.to_string()),
        error => error,
    }
}

async fn create(cx: Cx<Placement>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if !standard::is_custom(&name) {
        return Err(Fault::bad_request(
            "The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix \"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"",
        ));
    }
    let tx = cx.service.db.write().await?;
    let made = custom::make_trait(&*tx, &name).await?;
    tx.commit().await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok(fresh::located(&cx, fresh::empty(&cx, status), &format!("/traits/{name}")))
}

async fn delete(cx: Cx<Placement>, Path(name): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if standard::TRAITS.contains(name.as_str()) {
        return Err(Fault::bad_request(format!("Cannot delete standard trait {name}.")));
    }
    let tx = cx.service.db.write().await?;
    custom::traits_exist(&*tx, [name.as_str()]).await.map_err(missing)?;
    if provider_trait::is_used(&*tx, &name).await? {
        return Err(Fault::conflict(format!("The trait {name} is in use by a resource provider.")));
    }
    custom_trait::Entity::delete_by_id(name).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
