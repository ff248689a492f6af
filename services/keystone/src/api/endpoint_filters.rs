//! `/v3/OS-EP-FILTER`: which endpoints and endpoint groups a project sees.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    http::{Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};
use serde_json::{Value, json};

use super::{
    Cx,
    endpoint_groups::{found as found_group, view as group_view},
    endpoints::EndpointView,
    guard::Guard,
    listing::{Listing, no_content},
    projects::{ProjectView, tags_of},
};
use crate::{
    Keystone, catalog,
    error::Error,
    model::{endpoint, endpoint_group, project, project_endpoint, project_endpoint_group},
};

pub(super) fn routes() -> Routes<Keystone> {
    const ENDPOINT: &str = "/v3/OS-EP-FILTER/projects/{project_id}/endpoints/{endpoint_id}";
    const GROUP: &str = "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects/{project_id}";
    Routes::new()
        .get(
            "/v3/OS-EP-FILTER/endpoints/{endpoint_id}/projects",
            "identity:list_projects_for_endpoint",
            projects_of,
        )
        .get(
            "/v3/OS-EP-FILTER/projects/{project_id}/endpoints",
            "identity:list_endpoints_for_project",
            endpoints_of,
        )
        .get(ENDPOINT, "identity:check_endpoint_in_project", check_endpoint)
        .put(ENDPOINT, "identity:add_endpoint_to_project", add_endpoint)
        .delete(ENDPOINT, "identity:remove_endpoint_from_project", remove_endpoint)
        .get(
            "/v3/OS-EP-FILTER/projects/{project_id}/endpoint_groups",
            "identity:list_endpoint_groups_for_project",
            groups_of,
        )
        .get(
            "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/projects",
            "identity:list_projects_associated_with_endpoint_group",
            projects_of_group,
        )
        .get(
            "/v3/OS-EP-FILTER/endpoint_groups/{endpoint_group_id}/endpoints",
            "identity:list_endpoints_associated_with_endpoint_group",
            endpoints_of_group,
        )
        .get(GROUP, "identity:get_endpoint_group_in_project", show_group)
        .put(GROUP, "identity:add_endpoint_group_to_project", add_group)
        .delete(GROUP, "identity:remove_endpoint_group_from_project", remove_group)
}

async fn check_project(cx: &Cx, id: &str) -> Result<(), Error> {
    let row = project::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    row.map(|_| ()).ok_or_else(|| Error::missing("project", id))
}

async fn check_endpoint_there(cx: &Cx, id: &str) -> Result<(), Error> {
    let row = endpoint::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    row.map(|_| ()).ok_or_else(|| Error::missing("endpoint", id))
}

async fn answer_projects(cx: &Cx, listing: &Listing, ids: Vec<String>) -> Result<Response, Fault> {
    let db = cx.service.db.read();
    let rows = project::Entity::find().filter(project::Column::Id.is_in(ids)).all(db).await?;
    let tags = tags_of(db, &rows).await?;
    let views: Vec<ProjectView> = rows.into_iter().map(|row| ProjectView::of(cx, row, &tags)).collect();
    listing.answer(cx, "projects", &views, None)
}

async fn projects_of(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    check_endpoint_there(&cx, &id).await?;
    let of = project_endpoint::Entity::find().filter(project_endpoint::Column::EndpointId.eq(id.as_str()));
    let ids = of.all(cx.service.db.read()).await?.into_iter().map(|row| row.project_id).collect();
    answer_projects(&cx, &listing, ids).await
}

async fn endpoints_of(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    check_project(&cx, &id).await?;
    let db = cx.service.db.read();
    let all = endpoint::Entity::find().all(db).await?;
    let picked = catalog::picked(db, &id, &all).await?.unwrap_or_default();
    let views: Vec<EndpointView> = all
        .into_iter()
        .filter(|row| picked.contains(&row.id))
        .map(|row| EndpointView::of(&cx, row))
        .collect();
    listing.answer(&cx, "endpoints", &views, None)
}

async fn check_endpoint(
    cx: Cx,
    Path((project, endpoint)): Path<(String, String)>,
) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    check_endpoint_there(&cx, &endpoint).await?;
    check_project(&cx, &project).await?;
    let key = (project.clone(), endpoint.clone());
    match project_endpoint::Entity::find_by_id(key).one(cx.service.db.read()).await? {
        Some(_) => Ok(no_content()),
        None => Err(Fault::not_found(format!("Endpoint {endpoint} not found in project {project}"))),
    }
}

async fn add_endpoint(cx: Cx, Path((project, endpoint)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    check_endpoint_there(&cx, &endpoint).await?;
    check_project(&cx, &project).await?;
    use project_endpoint::Column;
    let same = OnConflict::columns([Column::ProjectId, Column::EndpointId])
        .update_column(Column::EndpointId)
        .to_owned();
    let row = project_endpoint::ActiveModel { project_id: Set(project), endpoint_id: Set(endpoint) };
    let tx = cx.service.change().await?;
    project_endpoint::Entity::insert(row).on_conflict(same).exec_without_returning(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}

async fn remove_endpoint(
    cx: Cx,
    Path((project, endpoint)): Path<(String, String)>,
) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let tx = cx.service.change().await?;
    let gone =
        project_endpoint::Entity::delete_by_id((project.clone(), endpoint.clone())).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(Fault::not_found(format!("Endpoint {endpoint} not found in project {project}")));
    }
    tx.commit().await?;
    Ok(no_content())
}

async fn groups_of(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let db = cx.service.db.read();
    let of = project_endpoint_group::Entity::find()
        .filter(project_endpoint_group::Column::ProjectId.eq(id.as_str()));
    let ids = of.all(db).await?.into_iter().map(|row| row.endpoint_group_id);
    let rows = endpoint_group::Entity::find().filter(endpoint_group::Column::Id.is_in(ids)).all(db).await?;
    let views: Vec<Value> = rows.iter().map(|row| group_view(&cx, row)).collect();
    listing.answer(&cx, "endpoint_groups", &views, None)
}

async fn projects_of_group(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    found_group(&cx, &id).await?;
    let of = project_endpoint_group::Entity::find()
        .filter(project_endpoint_group::Column::EndpointGroupId.eq(id.as_str()));
    let ids = of.all(cx.service.db.read()).await?.into_iter().map(|row| row.project_id).collect();
    answer_projects(&cx, &listing, ids).await
}

async fn endpoints_of_group(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    let group = found_group(&cx, &id).await?;
    let all = endpoint::Entity::find().all(cx.service.db.read()).await?;
    let views: Vec<EndpointView> = all
        .into_iter()
        .filter(|row| catalog::in_group(row, &group))
        .map(|row| EndpointView::of(&cx, row))
        .collect();
    listing.answer(&cx, "endpoints", &views, None)
}

async fn show_group(cx: Cx, Path((group, project)): Path<(String, String)>) -> Result<Response, Fault> {
    found_group(&cx, &group).await?;
    check_project(&cx, &project).await?;
    let key = (project.clone(), group.clone());
    if project_endpoint_group::Entity::find_by_id(key).one(cx.service.db.read()).await?.is_none() {
        return Err(Fault::not_found("Project Endpoint Group Association not found"));
    }
    let path = format!("/v3/OS-EP-FILTER/endpoint_groups/{group}/projects/{project}");
    let shown = json!({"endpoint_group_id": group, "project_id": project, "links": {"self": cx.link(&path)}});
    json(StatusCode::OK, &json!({"project_endpoint_group": shown}))
}

async fn add_group(cx: Cx, Path((group, project)): Path<(String, String)>) -> Result<Response, Fault> {
    found_group(&cx, &group).await?;
    check_project(&cx, &project).await?;
    use project_endpoint_group::Column;
    let same = OnConflict::columns([Column::ProjectId, Column::EndpointGroupId])
        .update_column(Column::EndpointGroupId)
        .to_owned();
    let row = project_endpoint_group::ActiveModel { project_id: Set(project), endpoint_group_id: Set(group) };
    let tx = cx.service.change().await?;
    project_endpoint_group::Entity::insert(row).on_conflict(same).exec_without_returning(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}

async fn remove_group(cx: Cx, Path((group, project)): Path<(String, String)>) -> Result<Response, Fault> {
    found_group(&cx, &group).await?;
    let tx = cx.service.change().await?;
    let gone = project_endpoint_group::Entity::delete_by_id((project, group)).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(Fault::not_found("Project Endpoint Group Association not found"));
    }
    tx.commit().await?;
    Ok(no_content())
}
