//! `/v2.0/{resource}/{id}/tags`, for every resource that has tags. Who may is decided by the resource they are on.

use axum::{
    extract::Path,
    http::{Method, StatusCode},
    response::IntoResponse,
};
use platform::{
    http::{Body, Cx, Routes, json},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{permit, shown::Answer};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{self, floatingip, group, network, port, router, subnet, subnetpool, tag},
    network::{Eyes, seen_one},
};

/// The most tags that a resource has.
const MOST: usize = 50;

/// The routes of one resource: the path, and its three rules.
macro_rules! resource {
    ($routes:expr, $path:literal, $name:literal, $parent:expr) => {
        $routes
            .get(
                concat!("/v2.0/", $path, "/{id}/tags"),
                concat!("get_", $name, ":tags"),
                |cx: Cx<Neutron>, Path(id): Path<String>| list(cx, $parent, id),
            )
            .put(
                concat!("/v2.0/", $path, "/{id}/tags"),
                concat!("update_", $name, ":tags"),
                |cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>| replace(cx, $parent, id, body.0),
            )
            .delete(
                concat!("/v2.0/", $path, "/{id}/tags"),
                concat!("delete_", $name, ":tags"),
                |cx: Cx<Neutron>, Path(id): Path<String>| clear(cx, $parent, id),
            )
            .get(
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("get_", $name, ":tags"),
                |cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>| check(cx, $parent, id, tag),
            )
            .put(
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("update_", $name, ":tags"),
                |cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>| add(cx, $parent, id, tag),
            )
            .route(
                Method::DELETE,
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("delete_", $name, ":tags"),
                |cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>| remove(cx, $parent, id, tag),
            )
    };
}

pub(super) fn routes() -> Routes<Neutron> {
    let routes = Routes::new();
    let routes = resource!(routes, "networks", "network", Parent::Network);
    let routes = resource!(routes, "subnets", "subnet", Parent::Subnet);
    let routes = resource!(routes, "subnetpools", "subnetpool", Parent::SubnetPool);
    let routes = resource!(routes, "ports", "port", Parent::Port);
    let routes = resource!(routes, "routers", "router", Parent::Router);
    let routes = resource!(routes, "floatingips", "floatingip", Parent::FloatingIp);
    resource!(routes, "security-groups", "security_group", Parent::Group)
}

/// What has tags.
#[derive(Debug, Clone, Copy)]
enum Parent {
    Network,
    Subnet,
    SubnetPool,
    Port,
    Router,
    FloatingIp,
    Group,
}

impl Parent {
    fn missing(self, id: &str) -> Error {
        match self {
            Self::Network => Error::network_missing(id),
            Self::Subnet => Error::subnet_missing(id),
            Self::SubnetPool => Error::subnetpool_missing(id),
            Self::Port => Error::port_missing(id),
            Self::Router => Error::router_missing(id),
            Self::FloatingIp => Error::floatingip_missing(id),
            Self::Group => Error::group_missing(id),
        }
    }

    fn seeing(self) -> &'static str {
        match self {
            Self::Network => "get_network",
            Self::Subnet => "get_subnet",
            Self::SubnetPool => "get_subnetpool",
            Self::Port => "get_port",
            Self::Router => "get_router",
            Self::FloatingIp => "get_floatingip",
            Self::Group => "get_security_group",
        }
    }
}

/// The resource's id, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, parent: Parent, text: &str) -> Result<Uuid, Error> {
    let missing = || parent.missing(text);
    let id: Uuid = text.parse().map_err(|_| missing())?;
    let db = cx.service.db.read();
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let of_project = |project: Option<String>| -> Result<(), Error> {
        let project = project.ok_or_else(missing)?;
        permit(cx, parent.seeing(), &Target::project(project), missing)
    };
    match parent {
        Parent::Network => {
            let seen = seen_one(db, &eyes.project, id).await?.ok_or_else(missing)?;
            permit(cx, parent.seeing(), &seen.target(), missing)?;
        }
        Parent::Subnet => {
            let row = subnet::Entity::find_by_id(id).one(db).await?.ok_or_else(missing)?;
            let seen = seen_one(db, &eyes.project, row.network_id).await?.ok_or_else(missing)?;
            permit(cx, parent.seeing(), &seen.target_of(&row.project_id), missing)?;
        }
        Parent::Port => {
            let row = port::Entity::find_by_id(id).one(db).await?.ok_or_else(missing)?;
            let seen = seen_one(db, &eyes.project, row.network_id).await?.ok_or_else(missing)?;
            let target = super::ports::target_of(&seen, &row.project_id, &row.device_owner);
            permit(cx, parent.seeing(), &target, missing)?;
        }
        Parent::SubnetPool => {
            let row = subnetpool::Entity::find_by_id(id).one(db).await?.ok_or_else(missing)?;
            permit(cx, parent.seeing(), &super::subnetpools::target(&row), missing)?;
        }
        Parent::Router => {
            of_project(router::Entity::find_by_id(id).one(db).await?.map(|row| row.project_id))?;
        }
        Parent::FloatingIp => {
            of_project(floatingip::Entity::find_by_id(id).one(db).await?.map(|row| row.project_id))?;
        }
        Parent::Group => {
            of_project(group::Entity::find_by_id(id).one(db).await?.map(|row| row.project_id))?;
        }
    }
    Ok(id)
}

fn allowed(tag: &str) -> Result<(), Error> {
    if tag.is_empty() || tag.chars().count() > 255 || tag.chars().any(char::is_control) {
        return Err(Error::bad_value("tags", "a tag has between 1 and 255 characters"));
    }
    Ok(())
}

async fn tags_of(cx: &Cx<Neutron>, id: Uuid) -> Result<Vec<String>, Error> {
    Ok(model::tags_of(cx.service.db.read(), &[id]).await?.remove(&id).unwrap_or_default())
}

/// The resource has another revision now.
async fn revise(change: &Change<'_>, parent: Parent, id: Uuid) -> Result<(), Error> {
    use sea_orm::sea_query::Expr;
    macro_rules! bump {
        ($table:ident) => {
            $table::Entity::update_many()
                .col_expr($table::Column::Revision, Expr::cust("revision + 1"))
                .col_expr($table::Column::UpdatedAt, Expr::value(chrono::Utc::now()))
                .filter($table::Column::Id.eq(id))
                .exec(&**change)
                .await?
        };
    }
    match parent {
        Parent::Network => bump!(network),
        Parent::Subnet => bump!(subnet),
        Parent::SubnetPool => bump!(subnetpool),
        Parent::Port => bump!(port),
        Parent::Router => bump!(router),
        Parent::FloatingIp => bump!(floatingip),
        Parent::Group => bump!(group),
    };
    Ok(())
}

async fn list(cx: Cx<Neutron>, parent: Parent, id: String) -> Answer {
    let id = find(&cx, parent, &id).await?;
    Ok(json(StatusCode::OK, &json!({"tags": tags_of(&cx, id).await?}))?)
}

async fn replace(cx: Cx<Neutron>, parent: Parent, id: String, body: Value) -> Answer {
    let id = find(&cx, parent, &id).await?;
    let tags: Vec<String> = body
        .get("tags")
        .and_then(|tags| serde_json::from_value(tags.clone()).ok())
        .ok_or_else(|| Error::bad_request("Invalid tags body"))?;
    tags.iter().try_for_each(|tag| allowed(tag))?;
    if tags.len() > MOST {
        return Err(Error::bad_value("tags", format!("more than {MOST} tags")));
    }
    let change = cx.service.change().await?;
    model::untag(&*change, id).await?;
    insert(&change, id, &tags).await?;
    revise(&change, parent, id).await?;
    change.commit().await?;
    Ok(json(StatusCode::OK, &json!({"tags": tags_of(&cx, id).await?}))?)
}

async fn insert(change: &Change<'_>, id: Uuid, tags: &[String]) -> Result<(), Error> {
    if tags.is_empty() {
        return Ok(());
    }
    let rows = tags.iter().map(|tag| tag::Model { resource_id: id, tag: tag.clone() }.into_active_model());
    let again = OnConflict::columns([tag::Column::ResourceId, tag::Column::Tag])
        .do_nothing_on([tag::Column::ResourceId])
        .to_owned();
    tag::Entity::insert_many(rows).on_conflict(again).exec_without_returning(&**change).await?;
    Ok(())
}

async fn add(cx: Cx<Neutron>, parent: Parent, id: String, tag: String) -> Answer {
    let id = find(&cx, parent, &id).await?;
    allowed(&tag)?;
    if tags_of(&cx, id).await?.len() >= MOST {
        return Err(Error::bad_value("tags", format!("more than {MOST} tags")));
    }
    let change = cx.service.change().await?;
    insert(&change, id, &[tag]).await?;
    revise(&change, parent, id).await?;
    change.commit().await?;
    Ok(StatusCode::CREATED.into_response())
}

async fn check(cx: Cx<Neutron>, parent: Parent, id: String, tag: String) -> Answer {
    let id = find(&cx, parent, &id).await?;
    let found = tag::Entity::find_by_id((id, tag.clone())).one(cx.service.db.read()).await?;
    match found {
        Some(_) => Ok(StatusCode::NO_CONTENT.into_response()),
        None => Err(Error::tag_missing(tag)),
    }
}

async fn remove(cx: Cx<Neutron>, parent: Parent, id: String, tag: String) -> Answer {
    let id = find(&cx, parent, &id).await?;
    let change = cx.service.change().await?;
    let gone = tag::Entity::delete_by_id((id, tag.clone())).exec(&*change).await?;
    if gone.rows_affected == 0 {
        return Err(Error::tag_missing(tag));
    }
    revise(&change, parent, id).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear(cx: Cx<Neutron>, parent: Parent, id: String) -> Answer {
    let id = find(&cx, parent, &id).await?;
    let change = cx.service.change().await?;
    model::untag(&*change, id).await?;
    revise(&change, parent, id).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
