//! Resource providers.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::StatusCode;
use platform::{
    View,
    http::{Body, Cx, Fault, Query, Routes},
    wire::{At, Patch, Version},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fresh;
use crate::{
    Placement,
    error::{Error, code},
    filter::{self, Filter, MemberOf, Only, Traits},
    model::{aggregate, allocation, custom, inventory, provider, provider_trait},
};

pub(super) fn routes() -> Routes<Placement> {
    Routes::new()
        .get("/resource_providers", "placement:resource_providers:list", list)
        .post("/resource_providers", "placement:resource_providers:create", create)
        .get("/resource_providers/{uuid}", "placement:resource_providers:show", show)
        .put("/resource_providers/{uuid}", "placement:resource_providers:update", update)
        .delete("/resource_providers/{uuid}", "placement:resource_providers:delete", delete)
}

#[derive(View)]
struct ProviderView {
    uuid: Uuid,
    name: String,
    generation: i64,
    links: Vec<Link>,
    #[view(since = "1.14")]
    parent_provider_uuid: Option<Uuid>,
    #[view(since = "1.14")]
    root_provider_uuid: Uuid,
}

#[derive(Serialize)]
struct Link {
    rel: &'static str,
    href: String,
}

const LINKS: [(&str, u16); 5] =
    [("inventories", 0), ("usages", 0), ("aggregates", 1), ("traits", 6), ("allocations", 11)];

fn view(cx: &Cx<Placement>, row: provider::Model) -> ProviderView {
    let path = cx.link(&format!("/resource_providers/{}", row.id));
    // Clients take these from the root of the host, as the service's own address is theirs to know.
    let path = path.splitn(4, '/').nth(3).map(|rest| format!("/{rest}")).unwrap_or(path);
    let mut links = vec![Link { rel: "self", href: path.clone() }];
    links.extend(
        LINKS
            .iter()
            .filter(|(_, since)| cx.version >= Version::new(1, *since))
            .map(|(rel, _)| Link { rel, href: format!("{path}/{rel}") }),
    );
    ProviderView {
        uuid: row.id,
        name: row.name,
        generation: row.generation,
        links,
        parent_provider_uuid: row.parent,
        root_provider_uuid: row.root,
    }
}

const FILTERS: [(&str, u16); 6] =
    [("name", 0), ("uuid", 0), ("member_of", 3), ("resources", 4), ("in_tree", 14), ("required", 18)];

async fn list(cx: Cx<Placement>, query: Query) -> Result<Response, Fault> {
    cx.allow()?;
    let known = |name: &str| {
        FILTERS.iter().any(|(known, since)| *known == name && cx.version >= Version::new(1, *since))
    };
    if let Some((name, _)) = query.pairs.iter().find(|(name, _)| !known(name)) {
        return Err(Fault::bad_request(format!(
            "Invalid query string parameters: Additional properties are not allowed ('{}' was unexpected)",
            name.chars().take(64).collect::<String>()
        )));
    }
    let uuid = |name: &str| {
        query.get(name).map(str::parse::<Uuid>).transpose().map_err(|_| {
            Fault::bad_request(format!("Invalid query string parameters: {name} is not a 'uuid'"))
        })
    };
    let filter = Filter {
        resources: query.get("resources").map(filter::resources).transpose()?.unwrap_or_default(),
        traits: Traits::read(&query, "required", cx.version)?,
        member_of: MemberOf::read(&query, "member_of", cx.version)?,
        in_tree: uuid("in_tree")?,
    };
    if filter.traits.contradict() {
        return Err(Fault::bad_request("Conflicting required and forbidden traits found in required."));
    }
    let db = cx.service.db.read();
    let told = |what: &'static str| {
        move |error: Error| match error {
            Error::NoClass(_) | Error::NoTraits(_) => Error::Invalid(format!("{what}: {error}")),
            error => error,
        }
    };
    custom::classes_exist(db, filter.resources.keys().map(String::as_str))
        .await
        .map_err(told("Invalid resource class in resources parameter"))?;
    custom::traits_exist(db, filter.traits.names())
        .await
        .map_err(told("Invalid trait(s) in \"required\" parameter"))?;
    let only = Only::Named { id: uuid("uuid")?, name: query.get("name") };
    let rows = filter.providers(db, only, None).await?;
    let modified = rows.iter().map(|row| row.updated_at).max().unwrap_or_else(Utc::now);
    let views: Vec<ProviderView> = rows.into_iter().map(|row| view(&cx, row)).collect();
    fresh::label_answer(&cx, "resource_providers", &views, modified)
}

#[derive(Deserialize, platform::Body)]
struct Create {
    #[body(min = 1, max = 200)]
    name: String,
    uuid: Option<Uuid>,
    #[body(since = "1.14")]
    parent_provider_uuid: Option<Uuid>,
}

async fn create(cx: Cx<Placement>, Body(body): Body<Create>) -> Result<Response, Fault> {
    cx.allow()?;
    let id = body.uuid.unwrap_or_else(Uuid::new_v4);
    let tx = cx.service.db.write().await?;
    let failed = |why: &str| {
        Fault::bad_request(format!(
            "Unable to create resource provider \"{}\", {id}: Object action create failed because: {why}",
            body.name
        ))
    };
    let root = match body.parent_provider_uuid {
        None => id,
        Some(parent) if parent == id => {
            return Err(failed(
                "parent provider UUID cannot be same as UUID. Please set parent provider UUID to None if there is no parent.",
            ));
        }
        Some(parent) => match provider::Entity::find_by_id(parent).one(&*tx).await? {
            Some(row) => row.root,
            None => return Err(failed("parent provider UUID does not exist.")),
        },
    };
    let row = provider::Model {
        id,
        name: body.name.clone(),
        generation: 0,
        root,
        parent: body.parent_provider_uuid,
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    let inserted =
        provider::Entity::insert(provider::ActiveModel::from(row.clone())).exec_without_returning(&*tx).await;
    match inserted {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(Fault::conflict(format!(
                "Conflicting resource provider name: {} already exists.",
                body.name
            ))
            .named(code::DUPLICATE_NAME));
        }
        inserted => inserted?,
    };
    tx.commit().await?;
    let path = format!("/resource_providers/{id}");
    if cx.version < Version::new(1, 20) {
        return Ok(fresh::located(&cx, StatusCode::CREATED.into_response(), &path));
    }
    let response = fresh::json(&cx, StatusCode::OK, &At(&view(&cx, row), cx.version), Utc::now())?;
    Ok(fresh::located(&cx, response, &path))
}

async fn show(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let row = provider::named(cx.service.db.read(), &id).await?;
    let modified = row.updated_at;
    fresh::json(&cx, StatusCode::OK, &At(&view(&cx, row), cx.version), modified)
}

#[derive(Deserialize, platform::Body)]
struct Update {
    #[body(min = 1, max = 200)]
    name: String,
    #[serde(default)]
    #[body(since = "1.14")]
    parent_provider_uuid: Patch<Uuid>,
}

async fn update(
    cx: Cx<Placement>,
    Path(id): Path<String>,
    Body(body): Body<Update>,
) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let mut row = provider::named(&*tx, &id).await?;
    if let Some(parent) = body.parent_provider_uuid.given() {
        let may_move = cx.version >= Version::new(1, 37);
        move_below(&*tx, &mut row, parent, may_move).await.map_err(|error| match error {
            Error::Invalid(why) => Error::Invalid(format!(
                "Unable to save resource provider {}: Object action update failed because: {why}",
                row.id
            )),
            error => error,
        })?;
    }
    row.name = body.name.clone();
    row.updated_at = Utc::now();
    let change = provider::ActiveModel {
        name: Set(row.name.clone()),
        root: Set(row.root),
        parent: Set(row.parent),
        updated_at: Set(row.updated_at),
        ..Default::default()
    };
    let done =
        provider::Entity::update_many().set(change).filter(provider::Column::Id.eq(row.id)).exec(&*tx).await;
    match done {
        Err(error) if platform::db::is_duplicate(&error) => {
            return Err(Fault::conflict(format!(
                "Conflicting resource provider {} already exists.",
                body.name
            ))
            .named(code::DUPLICATE_NAME));
        }
        done => done?,
    };
    tx.commit().await?;
    fresh::json(&cx, StatusCode::OK, &At(&view(&cx, row), cx.version), Utc::now())
}

/// Puts the provider, with all below it, under another parent (or none). The row of the provider itself is left to the caller.
async fn move_below(
    tx: &impl ConnectionTrait,
    row: &mut provider::Model,
    parent: Option<Uuid>,
    may_move: bool,
) -> Result<(), Error> {
    if parent == row.parent {
        return Ok(());
    }
    let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
    if row.parent.is_some() && !may_move {
        return invalid(if parent.is_some() {
            "re-parenting a provider is not currently allowed."
        } else {
            "un-parenting a provider is not currently allowed."
        });
    }
    let below = subtree(row.id, &provider::tree(tx, row.root).await?);
    let root = match parent {
        None => row.id,
        Some(parent) => {
            let Some(parent) = provider::Entity::find_by_id(parent).one(tx).await? else {
                return invalid("parent provider UUID does not exist.");
            };
            if below.contains(&parent.id) {
                return invalid("creating loop in the provider tree is not allowed.");
            }
            parent.root
        }
    };
    provider::Entity::update_many()
        .col_expr(provider::Column::Root, Expr::value(root))
        .filter(provider::Column::Id.is_in(below))
        .exec(tx)
        .await?;
    row.parent = parent;
    row.root = root;
    Ok(())
}

/// The provider and all below it.
fn subtree(top: Uuid, tree: &[provider::Model]) -> Vec<Uuid> {
    let mut found = vec![top];
    let mut at = 0;
    while let Some(&here) = found.get(at) {
        found.extend(tree.iter().filter(|row| row.parent == Some(here)).map(|row| row.id));
        at += 1;
    }
    found
}

async fn delete(cx: Cx<Placement>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    let tx = cx.service.db.write().await?;
    let row = provider::named(&*tx, &id).await?;
    // Locked: nobody gives anything of it away meanwhile.
    provider::advance(&*tx, row.id, None).await?;
    let child = provider::Entity::find().filter(provider::Column::Parent.eq(row.id)).one(&*tx).await?;
    if child.is_some() {
        return Err(Fault::conflict(format!(
            "Unable to delete parent resource provider {}: It has child resource providers.",
            row.id
        ))
        .named(code::IS_PARENT));
    }
    if !allocation::consumers(&*tx, row.id).await?.is_empty() {
        return Err(Fault::conflict(format!(
            "Unable to delete resource provider {}: Resource provider has allocations.",
            row.id
        ))
        .named(code::PROVIDER_IN_USE));
    }
    inventory::Entity::delete_many().filter(inventory::Column::Provider.eq(row.id)).exec(&*tx).await?;
    provider_trait::Entity::delete_many()
        .filter(provider_trait::Column::Provider.eq(row.id))
        .exec(&*tx)
        .await?;
    aggregate::Entity::delete_many().filter(aggregate::Column::Provider.eq(row.id)).exec(&*tx).await?;
    provider::Entity::delete_by_id(row.id).exec(&*tx).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
