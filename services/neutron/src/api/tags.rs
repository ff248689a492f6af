//! `/v2.0/{resource}/{id}/tags`, for every resource that has tags. Who may is decided by the resource they are on.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::http::{Body, Cx, Routes, json};
use serde_json::{Value, json};

use super::shown::Answer;
use crate::{
    Neutron,
    error::Error,
    model::{Placed, Tagged, floatingip, group, network, port, router, subnet, subnetpool, tag},
};

/// The most tags that a resource has.
const MOST: usize = 50;

/// The routes of one resource: its path, and its name in rules.
macro_rules! tags_of {
    ($resource:ty, $path:literal, $name:literal) => {
        Routes::new()
            .get(concat!("/v2.0/", $path, "/{id}/tags"), concat!("get_", $name, ":tags"), list::<$resource>)
            .put(
                concat!("/v2.0/", $path, "/{id}/tags"),
                concat!("update_", $name, ":tags"),
                replace::<$resource>,
            )
            .delete(
                concat!("/v2.0/", $path, "/{id}/tags"),
                concat!("delete_", $name, ":tags"),
                clear::<$resource>,
            )
            .get(
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("get_", $name, ":tags"),
                check::<$resource>,
            )
            .put(
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("update_", $name, ":tags"),
                add::<$resource>,
            )
            .delete(
                concat!("/v2.0/", $path, "/{id}/tags/{tag}"),
                concat!("delete_", $name, ":tags"),
                remove::<$resource>,
            )
    };
}

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .merge(tags_of!(network::Seen, "networks", "network"))
        .merge(tags_of!(Placed<subnet::Model>, "subnets", "subnet"))
        .merge(tags_of!(subnetpool::Model, "subnetpools", "subnetpool"))
        .merge(tags_of!(Placed<port::Full>, "ports", "port"))
        .merge(tags_of!(router::Model, "routers", "router"))
        .merge(tags_of!(floatingip::Model, "floatingips", "floatingip"))
        .merge(tags_of!(group::Model, "security-groups", "security_group"))
}

/// The resource, if the caller may do to it what the route does.
async fn find<R: Tagged>(cx: &Cx<Neutron>, id: &str) -> Result<R, Error> {
    Ok(cx.open(R::find(cx.service.db.read(), &cx.caller, id).await?)?)
}

fn allowed(tag: &str) -> Result<(), Error> {
    if tag.is_empty() || tag.chars().count() > 255 || tag.chars().any(char::is_control) {
        return Err(Error::bad_value("tags", "a tag has between 1 and 255 characters"));
    }
    Ok(())
}

async fn shown<R: Tagged>(cx: &Cx<Neutron>, resource: &R) -> Answer {
    let tags = tag::of(cx.service.db.read(), resource).await?;
    Ok(json(StatusCode::OK, &json!({"tags": tags}))?)
}

async fn list<R: Tagged>(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    shown(&cx, &resource).await
}

async fn replace<R: Tagged>(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    let tags: Vec<String> = body
        .0
        .get("tags")
        .and_then(|tags| serde_json::from_value(tags.clone()).ok())
        .ok_or_else(|| Error::bad_request("Invalid tags body"))?;
    tags.iter().try_for_each(|tag| allowed(tag))?;
    if tags.len() > MOST {
        return Err(Error::bad_value("tags", format!("more than {MOST} tags")));
    }
    let change = cx.service.change().await?;
    tag::clear(&change, &resource).await?;
    tag::add(&change, &resource, &tags).await?;
    resource.revise(&change).await?;
    change.commit().await?;
    shown(&cx, &resource).await
}

async fn add<R: Tagged>(cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    allowed(&tag)?;
    if tag::of(cx.service.db.read(), &resource).await?.len() >= MOST {
        return Err(Error::bad_value("tags", format!("more than {MOST} tags")));
    }
    let change = cx.service.change().await?;
    tag::add(&change, &resource, &[tag]).await?;
    resource.revise(&change).await?;
    change.commit().await?;
    Ok(StatusCode::CREATED.into_response())
}

async fn check<R: Tagged>(cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    if tag::of(cx.service.db.read(), &resource).await?.contains(&tag) {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(Error::tag_missing(tag))
    }
}

async fn remove<R: Tagged>(cx: Cx<Neutron>, Path((id, tag)): Path<(String, String)>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    if !tag::take(&change, &resource, &tag).await? {
        return Err(Error::tag_missing(tag));
    }
    resource.revise(&change).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn clear<R: Tagged>(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let resource: R = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    tag::clear(&change, &resource).await?;
    resource.revise(&change).await?;
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
