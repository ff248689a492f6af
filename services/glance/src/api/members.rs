//! The projects that an image is shared with.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::Utc;
use http::StatusCode;
use platform::{
    db::opened,
    http::{Body, Cx, Fault, Routes, json},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    Error, Glance,
    image::view::time,
    model::{
        image::{Model, Seen},
        member,
    },
};

pub(super) fn routes() -> Routes<Glance> {
    let (all, one) = ("/v2/images/{id}/members", "/v2/images/{id}/members/{member}");
    Routes::new()
        .get(all, "get_members", list)
        .post(all, "add_member", create)
        .get(one, "get_member", show)
        .put(one, "modify_member", update)
        .delete(one, "delete_member", delete)
}

fn view(row: &member::Model) -> Value {
    json!({
        "member_id": row.member,
        "image_id": row.image,
        "status": row.status,
        "created_at": time(row.created_at),
        "updated_at": time(row.updated_at),
        "schema": "/v2/schemas/member",
    })
}

/// The image, shared; and the caller may do what the route does. `refused`: what those are told who may know of it.
async fn shared(cx: &Cx<Glance>, db: &impl ConnectionTrait, id: &str, refused: &str) -> Result<Model, Fault> {
    let forbidden = || Fault::forbidden(format!("Not allowed to {refused} for image {id}."));
    let Seen { image, .. } = super::found(cx, db, id).await.map_err(|fault| match fault.status {
        StatusCode::FORBIDDEN => forbidden(),
        StatusCode::NOT_FOUND => {
            Fault::not_found(format!("Image {} not found.", id.chars().take(64).collect::<String>()))
        }
        _ => fault,
    })?;
    if image.visibility != "shared" {
        return Err(forbidden());
    }
    Ok(image)
}

/// A membership that the caller may see: its own, or any of an image of its own.
async fn membership(
    cx: &Cx<Glance>,
    db: &impl ConnectionTrait,
    image: &Model,
    member: &str,
) -> Result<member::Model, Fault> {
    let missing = || {
        let member: String = member.chars().take(64).collect();
        Fault::not_found(format!("{member} not found in the member list of the image {}.", image.id))
    };
    if !sees_all(cx, image) && cx.caller.project_id() != Some(member) {
        return Err(missing());
    }
    member::get(db, image, member).await?.ok_or_else(missing)
}

fn sees_all(cx: &Cx<Glance>, image: &Model) -> bool {
    cx.is_admin() || cx.caller.project_id() == Some(image.owner.as_str())
}

async fn list(cx: Cx<Glance>, Path(id): Path<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let image = shared(&cx, db, &id, "list members").await?;
    let all = sees_all(&cx, &image);
    let rows = member::of(db, &image).await?;
    let views: Vec<Value> = rows
        .iter()
        .filter(|row| all || cx.caller.project_id() == Some(row.member.as_str()))
        .map(view)
        .collect();
    json(StatusCode::OK, &json!({"members": views, "schema": "/v2/schemas/members"}))
}

async fn show(cx: Cx<Glance>, Path((id, member)): Path<(String, String)>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let found = shared(&cx, db, &id, "show members").await;
    // Who may not see it is not told that there is something to see.
    let image = found.map_err(|fault| match fault.status {
        StatusCode::FORBIDDEN => Fault::not_found(fault.message),
        _ => fault,
    })?;
    json(StatusCode::OK, &view(&membership(&cx, db, &image, &member).await?))
}

async fn create(cx: Cx<Glance>, Path(id): Path<String>, Body(body): Body<Value>) -> Result<Response, Fault> {
    let given = match body.get("member").map(|member| member.as_str().unwrap_or_default()) {
        None => return Err(Fault::bad_request("Member to be added not specified")),
        Some("") => return Err(Fault::bad_request("Member can't be empty")),
        Some(member) if member.chars().count() > 255 => {
            return Err(Fault::bad_request("Member can't have more than 255 characters"));
        }
        Some(member) => member.to_owned(),
    };
    let mut tx = cx.service.db.write().await?;
    let image = shared(&cx, &*tx, &id, "create members").await?;
    let present = member::of(&*tx, &image).await?;
    let most = cx.service.config.members_per_image;
    if present.iter().any(|row| row.member == given) {
        return Err(Fault::conflict(format!("Member {given} is duplicated for image {id}")));
    }
    if present.len() >= most {
        return Err(Error::TooLarge(format!(
            "Image member limit exceeded for image {id}: The limit has been exceeded on the number of allowed image members for this image. Attempted: {}, Maximum: {most}",
            present.len() + 1
        ))
        .into());
    }
    let row = member::Model {
        image: image.id,
        member: given,
        status: "pending".into(),
        created_at: Utc::now(),
        updated_at: Utc::now(),
    };
    opened::insert(&tx, &row).await?;
    tx.emit(cx.event("image.member.create", image.id));
    tx.commit().await?;
    json(StatusCode::OK, &view(&row))
}

async fn update(
    cx: Cx<Glance>,
    Path((id, member)): Path<(String, String)>,
    Body(body): Body<Value>,
) -> Result<Response, Fault> {
    let status = match body.get("status").map(|status| status.as_str().unwrap_or_default()) {
        None => return Err(Fault::bad_request("Status not specified")),
        Some(status @ ("pending" | "accepted" | "rejected")) => status.to_owned(),
        Some(_) => {
            return Err(Fault::bad_request(
                "Incorrect request: Status must be \"pending\", \"accepted\" or \"rejected\".",
            ));
        }
    };
    let mut tx = cx.service.db.write().await?;
    let image = shared(&cx, &*tx, &id, "update members").await?;
    let mut row = membership(&cx, &*tx, &image, &member).await?;
    row.status = status;
    row.updated_at = Utc::now();
    member::answer(&tx, &row).await?;
    tx.emit(cx.event("image.member.update", image.id));
    tx.commit().await?;
    json(StatusCode::OK, &view(&row))
}

async fn delete(cx: Cx<Glance>, Path((id, member)): Path<(String, String)>) -> Result<Response, Fault> {
    let mut tx = cx.service.db.write().await?;
    let image = shared(&cx, &*tx, &id, "delete members").await?;
    let row = membership(&cx, &*tx, &image, &member).await?;
    opened::delete(&tx, &row).await?;
    tx.emit(cx.event("image.member.delete", image.id));
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
