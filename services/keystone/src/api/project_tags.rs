//! `/v3/projects/{project_id}/tags`.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes, json},
};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde::Deserialize;
use serde_json::json;

use super::{
    Cx,
    listing::no_content,
    projects::{found, tags_of},
};
use crate::{Keystone, error::Error, model::project_tag, places::set_tags};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/projects/{project_id}/tags", "identity:list_project_tags", list)
        .put("/v3/projects/{project_id}/tags", "identity:update_project_tags", replace)
        .delete("/v3/projects/{project_id}/tags", "identity:delete_project_tags", clear)
        .get("/v3/projects/{project_id}/tags/{value}", "identity:get_project_tag", check)
        .put("/v3/projects/{project_id}/tags/{value}", "identity:create_project_tag", add)
        .delete("/v3/projects/{project_id}/tags/{value}", "identity:delete_project_tag", remove)
}

const MOST: usize = 80;

#[derive(Deserialize, Wire)]
#[body(open)]
struct ReplaceTags {
    tags: Vec<String>,
}

/// Tags are few, short, each once, and without what separates them in queries and paths.
pub(super) fn check_tags(tags: &[String]) -> Result<(), Fault> {
    let refused =
        |why: String| Err(Fault::bad_request(format!("Invalid input for field/attribute tags. {why}")));
    if tags.len() > MOST {
        return refused(format!("There are {} tags, {MOST} are allowed.", tags.len()));
    }
    for (at, tag) in tags.iter().enumerate() {
        if tag.is_empty() || tag.chars().count() > 255 || tag.contains(['/', ',']) {
            return refused(format!(
                "Value: {}. A tag has 1 to 255 characters, and no slash or comma.",
                json!(tag)
            ));
        }
        if tags[..at].contains(tag) {
            return refused(format!("{} has non-unique elements", json!(tags)));
        }
    }
    Ok(())
}

async fn current(cx: &Cx, id: &str) -> Result<Vec<String>, Fault> {
    let row = found(cx, id).await?;
    let tags = tags_of(cx.service.db.read(), std::slice::from_ref(&row)).await?;
    Ok(tags.into_values().next().unwrap_or_default())
}

fn answer(cx: &Cx, id: &str, tags: &[String]) -> Result<Response, Fault> {
    let links = json!({"self": cx.link(&format!("/v3/projects/{id}/tags"))});
    json(StatusCode::OK, &json!({"tags": tags, "links": links}))
}

async fn list(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let tags = current(&cx, &id).await?;
    answer(&cx, &id, &tags)
}

async fn replace(cx: Cx, Path(id): Path<String>, body: Body<ReplaceTags>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let tags = body.0.tags;
    check_tags(&tags)?;
    write(&cx, &id, &tags).await?;
    answer(&cx, &id, &tags)
}

async fn clear(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    write(&cx, &id, &[]).await?;
    Ok(no_content())
}

async fn write(cx: &Cx, id: &str, tags: &[String]) -> Result<(), Fault> {
    let tx = cx.service.change().await?;
    set_tags(&tx, id, tags).await?;
    tx.commit().await?;
    Ok(())
}

async fn check(cx: Cx, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    match current(&cx, &id).await?.contains(&tag) {
        true => Ok(no_content()),
        false => Err(Error::missing("project tag", tag).into()),
    }
}

async fn add(cx: Cx, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    let mut tags = current(&cx, &id).await?;
    if !tags.contains(&tag) {
        tags.push(tag.clone());
    }
    check_tags(&tags)?;
    let place = cx.link(&format!("/v3/projects/{id}/tags/{tag}"));
    let tx = cx.service.change().await?;
    let row = project_tag::ActiveModel { project_id: Set(id), name: Set(tag) };
    let same = OnConflict::columns([project_tag::Column::ProjectId, project_tag::Column::Name])
        .update_column(project_tag::Column::Name)
        .to_owned();
    project_tag::Entity::insert(row).on_conflict(same).exec_without_returning(tx.db()).await?;
    tx.commit().await?;
    let mut response = StatusCode::CREATED.into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

async fn remove(cx: Cx, Path((id, tag)): Path<(String, String)>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let tx = cx.service.change().await?;
    let gone = project_tag::Entity::delete_by_id((id, tag.clone())).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(Error::missing("project tag", tag).into());
    }
    tx.commit().await?;
    Ok(no_content())
}
