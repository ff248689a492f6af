//! Images.

use axum::{
    body::Bytes,
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use platform::{
    db::{list, owned::Owned},
    http::{Body, Cx, Fault, Query, Routes, json},
    policy::Target,
};
use serde::Serialize;
use serde_json::Value;

use super::found;
use crate::{
    Error, Glance,
    image::{
        change::{self, MEDIA_TYPES, Op},
        create,
        rules::Given,
        view::{STORE, View},
    },
    model::{
        image::{self, Seen},
        image_list as images,
    },
};

pub(super) fn routes() -> Routes<Glance> {
    Routes::new()
        .get("/v2/images", "get_images", list)
        .list(&images::SPEC)
        .post("/v2/images", "add_image", create)
        .get("/v2/images/{id}", "get_image", show)
        .patch("/v2/images/{id}", "modify_image", update)
        .delete("/v2/images/{id}", "delete_image", delete)
}

async fn list(cx: Cx<Glance>, query: Query) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let paging = images::paging(&query)?;
    let scope = cx.scope_of_all("context_is_admin").unwrap_or(own);
    let select = images::visible(&query, &cx.caller, &scope)?;
    let db = cx.service.db.read();
    let page = if paging.limit == Some(0) {
        list::Page { items: Vec::new(), more: false }
    } else {
        list::page_of(db, select, &images::SPEC, &paging).await?
    };
    let wholes = image::whole(db, page.items).await?;
    let pairs = query.pairs.iter().filter(|(name, _)| name != "marker").cloned().collect();
    let first = Query { pairs };
    let next = wholes
        .last()
        .filter(|_| page.more)
        .map(|last| format!("/v2/images?{}", first.with("marker", &last.image.id.to_string())));
    let body = ListView {
        images: wholes.iter().map(View).collect(),
        first: address(&first),
        next,
        schema: "/v2/schemas/images",
    };
    json(StatusCode::OK, &body)
}

#[derive(Serialize)]
struct ListView<'a> {
    images: Vec<View<'a>>,
    first: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    schema: &'static str,
}

fn address(query: &Query) -> String {
    match query.pairs.split_last() {
        None => "/v2/images".into(),
        Some(((name, value), before)) => {
            format!("/v2/images?{}", Query { pairs: before.to_vec() }.with(name, value))
        }
    }
}

async fn create(cx: Cx<Glance>, Body(Given(given)): Body<Given>) -> Result<Response, Fault> {
    let project = cx.caller.project_id().unwrap_or_default();
    let owner = given.get("owner").map_or(project, |owner| owner.as_str().unwrap_or_default());
    let target = Target::project(owner)
        .with("owner", owner)
        .with("visibility", given.get("visibility").and_then(Value::as_str).unwrap_or("shared"));
    if owner != project && !cx.is_admin() {
        let _ = cx.allow();
        return Err(Fault::forbidden(format!(
            "You are not permitted to create images owned by '{}'",
            owner.chars().take(64).collect::<String>()
        )));
    }
    cx.allow_on(&target)?;
    allow_visibility(&cx, given.get("visibility"), &target)?;
    let whole = create::new(given.clone(), project)?;
    let mut tx = cx.service.db.write().await?;
    create::insert(&tx, &whole, &cx.service.config).await?;
    tx.emit(cx.event("image.create", whole.image.id));
    tx.commit().await?;
    let mut response = json(StatusCode::CREATED, &View(&whole))?;
    let headers = response.headers_mut();
    let mut put = |name: HeaderName, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    put(header::LOCATION, cx.link(&format!("/v2/images/{}", whole.image.id)));
    put(
        HeaderName::from_static("openstack-image-import-methods"),
        cx.service.config.import_methods().join(","),
    );
    put(HeaderName::from_static("openstack-image-store-ids"), STORE.into());
    Ok(response)
}

/// Whoever makes an image visible to others needs a right of its own.
fn allow_visibility(cx: &Cx<Glance>, visibility: Option<&Value>, target: &Target<'_>) -> Result<(), Fault> {
    match visibility.and_then(Value::as_str) {
        Some("public") => cx.allow_rule("publicize_image", target),
        Some("community") => cx.allow_rule("communitize_image", target),
        _ => Ok(()),
    }
}

async fn show(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let Seen { image, .. } = found(&cx, db, &id).await?;
    json(StatusCode::OK, &View(&image::one_whole(db, image).await?))
}

async fn update(
    cx: Cx<Glance>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Fault> {
    let mut tx = cx.service.db.write().await?;
    let seen = found(&cx, &*tx, &id).await?;
    let changes = read(&headers, &body)?;
    let mut whole = image::one_whole(&*tx, seen.image.clone()).await?;
    if !changes.is_empty() {
        for change in &changes {
            if let Op::Add(value) | Op::Replace(value) = &change.op
                && change.name == "visibility"
            {
                allow_visibility(&cx, Some(value), &seen.target())?;
            }
        }
        let before = whole.clone();
        for change in changes {
            change::apply(&mut whole, change, cx.is_admin())?;
        }
        whole.image.updated_at = Utc::now();
        if !image::save(&tx, &before, &whole).await? {
            let text = format!("Image {} was changed by another request.", whole.image.id);
            return Err(Error::Conflict(text).into());
        }
        tx.emit(cx.event("image.update", whole.image.id));
        tx.commit().await?;
    }
    json(StatusCode::OK, &View(&whole))
}

fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<change::Change>, Fault> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let Some((_, old)) = MEDIA_TYPES.iter().find(|(known, _)| *known == kind) else {
        let known = MEDIA_TYPES.map(|(name, _)| name).join(", ");
        let fault = Fault::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("Image PATCH expects Content-Type one of: {known}"),
        );
        return Err(match HeaderValue::from_str(&known) {
            Ok(known) => fault.header(HeaderName::from_static("accept-patch"), known),
            Err(_) => fault,
        });
    };
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Fault::bad_request(format!("Malformed JSON in request body: {error}")))?;
    Ok(change::read(&body, *old)?)
}

async fn delete(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    let Seen { image, .. } = found(&cx, cx.service.db.read(), &id).await?;
    if image.protected {
        return Err(Error::Forbidden(format!("Image {id} is protected and cannot be deleted.")).into());
    }
    cx.service.remove(&image, Some(cx.event("image.delete", image.id))).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
