//! `/servers/{id}/tags`

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use platform::{
    Body,
    http::{self as web, Cx, Fault, Routes},
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{lenient::tags, lookup};
use crate::{Nova, error::NovaError, model::server_tag};

const MOST: usize = 50;

/// Routes.
pub fn routes() -> Routes<Nova> {
    let (all, one) = ("/v2.1/servers/{id}/tags", "/v2.1/servers/{id}/tags/{tag}");
    let since = Some((2, 26));
    Routes::new()
        .versioned(Method::GET, all, "os_compute_api:os-server-tags:index", since, None, index)
        .versioned(Method::PUT, all, "os_compute_api:os-server-tags:update_all", since, None, replace)
        .versioned(Method::DELETE, all, "os_compute_api:os-server-tags:delete_all", since, None, clear)
        .versioned(Method::GET, one, "os_compute_api:os-server-tags:show", since, None, check)
        .versioned(Method::PUT, one, "os_compute_api:os-server-tags:update", since, None, add)
        .versioned(Method::DELETE, one, "os_compute_api:os-server-tags:delete", since, None, remove)
}

#[derive(Deserialize, Body)]
struct Tags {
    #[body(schema = tags)]
    tags: Vec<String>,
}

fn absent(server: Uuid, tag: &str) -> Fault {
    NovaError::NotFound(format!("Server {server} has no tag '{tag}'")).into()
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let tags = server_tag::of(cx.service.db.read(), &server).await?;
    web::json(StatusCode::OK, &json!({"tags": tags}))
}

async fn replace(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Tags>,
) -> Result<Response, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let mut tx = cx.service.db.write().await?;
    server_tag::clear(&tx, &server).await?;
    server_tag::add(&tx, &server, &body.tags).await?;
    tx.emit(cx.event("compute.instance.update", server.id));
    tx.commit().await?;
    web::json(StatusCode::OK, &json!({"tags": body.tags}))
}

async fn clear(cx: Cx<Nova>, Path(id): Path<String>) -> Result<StatusCode, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    server_tag::clear(&tx, &server).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn check(cx: Cx<Nova>, Path((id, tag)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    let server = lookup::server(&cx, &id).await?;
    let tags = server_tag::of(cx.service.db.read(), &server).await?;
    if tags.contains(&tag) { Ok(StatusCode::NO_CONTENT) } else { Err(absent(server.id, &tag)) }
}

async fn add(cx: Cx<Nova>, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let length = tag.chars().count();
    if tag.contains([',', '/']) || !(1..=60).contains(&length) {
        return Err(Fault::bad_request(format!(
            "Invalid input for field/attribute tag. Value: {tag}. A tag has 1 to 60 characters, none of them ',' or '/'."
        )));
    }
    let tx = cx.service.db.write().await?;
    let known = server_tag::of(&*tx, &server).await?;
    if known.contains(&tag) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if known.len() >= MOST {
        return Err(Fault::bad_request(format!("The number of tags exceeded the per-server limit {MOST}")));
    }
    server_tag::add(&tx, &server, std::slice::from_ref(&tag)).await?;
    tx.commit().await?;
    let mut response = StatusCode::CREATED.into_response();
    let place = cx.link(&format!("/v2.1/servers/{}/tags/{tag}", server.id));
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

async fn remove(cx: Cx<Nova>, Path((id, tag)): Path<(String, String)>) -> Result<StatusCode, Fault> {
    let server = lookup::unlocked_server(&cx, &id).await?;
    let tx = cx.service.db.write().await?;
    if !server_tag::remove(&tx, &server, &tag).await? {
        return Err(absent(server.id, &tag));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
