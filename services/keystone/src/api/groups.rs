//! `/v3/groups` and who is in them.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire, View,
    db::list::{Kind, ListSpec},
    http::{Body, Fault, Routes},
    policy::Target,
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Cx, extra,
    guard::{Guard, about_group, about_list},
    listing::{Links, Listing, last, no_content},
    users::answer_users,
};
use crate::{
    Keystone, deletion,
    error::Error,
    ids::new_id,
    model::{group, membership, user},
};

pub(super) fn routes() -> Routes<Keystone> {
    Routes::new()
        .get("/v3/groups", "identity:list_groups", list)
        .list(&SPEC)
        .post("/v3/groups", "identity:create_group", create)
        .get("/v3/groups/{group_id}", "identity:get_group", show)
        .patch("/v3/groups/{group_id}", "identity:update_group", update)
        .delete("/v3/groups/{group_id}", "identity:delete_group", delete)
        .get("/v3/groups/{group_id}/users", "identity:list_users_in_group", list_users)
        .get("/v3/groups/{group_id}/users/{user_id}", "identity:check_user_in_group", check_user)
        .put("/v3/groups/{group_id}/users/{user_id}", "identity:add_user_to_group", add_user)
        .delete("/v3/groups/{group_id}/users/{user_id}", "identity:remove_user_from_group", remove_user)
}

pub(super) static SPEC: ListSpec<group::Entity> = ListSpec {
    id: group::Column::Id,
    id_kind: Kind::Text,
    filters: &[("domain_id", group::Column::DomainId, Kind::Text), ("name", group::Column::Name, Kind::Text)],
    sorts: &[],
    default_sort: &[],
    max_limit: None,
};

#[derive(Deserialize, Wire)]
#[body(wrap = "group", open)]
struct CreateGroup {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: String,
    #[body(min = 1, max = 64)]
    domain_id: Option<String>,
    description: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

#[derive(Deserialize, Wire)]
#[body(wrap = "group", open)]
struct UpdateGroup {
    #[body(min = 1, max = 255, pattern = r"\S")]
    name: Option<String>,
    domain_id: Option<String>,
    description: Option<String>,
    #[serde(flatten, default)]
    extra: Map<String, Value>,
}

/// A group as it is shown.
#[derive(Debug, View)]
pub(super) struct GroupView {
    id: String,
    name: String,
    domain_id: String,
    description: String,
    #[view(flatten)]
    extra: Map<String, Value>,
    links: Links,
}

impl GroupView {
    pub(super) fn of(cx: &Cx, row: group::Model) -> Self {
        Self {
            links: Links::to(cx, &format!("groups/{}", row.id)),
            id: row.id,
            name: row.name,
            domain_id: row.domain_id,
            description: row.description,
            extra: extra::shown(row.extra),
        }
    }
}

async fn found(cx: &Cx, id: &str) -> Result<group::Model, Fault> {
    let row = group::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    cx.present(row, about_group, "group", id)
}

async fn list(cx: Cx, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about_list(&cx))?;
    let mut select = group::Entity::find();
    if let Some(domain) = cx.domain_scope() {
        select = select.filter(group::Column::DomainId.eq(domain));
    }
    let page = listing.page(&cx, select, &SPEC).await?;
    let behind = last(&page, |row| &row.id).map(str::to_owned);
    let views: Vec<GroupView> = page.items.into_iter().map(|row| GroupView::of(&cx, row)).collect();
    listing.answer(&cx, "groups", &views, behind.as_deref())
}

async fn show(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    cx.answer(StatusCode::OK, "group", &GroupView::of(&cx, row))
}

async fn create(cx: Cx, body: Body<CreateGroup>) -> Result<Response, Fault> {
    let body = body.0;
    let domain = body.domain_id.unwrap_or_else(|| cx.default_domain());
    cx.permit(&Target::none().with("target.group.domain_id", domain.as_str()))?;
    if cx.service.authority.directory.domain(&domain).await?.is_none() {
        return Err(Error::missing("domain", domain).into());
    }
    let row = group::Model {
        id: new_id(),
        domain_id: domain,
        name: body.name.trim().to_owned(),
        description: body.description.unwrap_or_default(),
        extra: extra::kept(body.extra),
    };
    let mut tx = cx.service.change().await?;
    group::Entity::insert(row.clone().into_active_model())
        .exec_without_returning(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("group", &row.name, &row.domain_id)))?;
    tx.emit(cx.event("identity.group.created", &row.id));
    tx.commit().await?;
    cx.answer(StatusCode::CREATED, "group", &GroupView::of(&cx, row))
}

async fn update(cx: Cx, Path(id): Path<String>, body: Body<UpdateGroup>) -> Result<Response, Fault> {
    let mut row = found(&cx, &id).await?;
    let body = body.0;
    extra::same_id(&body.extra, "group", &id)?;
    if body.domain_id.is_some_and(|domain| domain != row.domain_id) {
        return Err(Fault::bad_request("Cannot change Domain ID"));
    }
    row.name = body.name.map_or(row.name, |name| name.trim().to_owned());
    row.description = body.description.unwrap_or(row.description);
    row.extra = extra::merged(&row.extra, body.extra);
    let mut tx = cx.service.change().await?;
    group::Entity::update(row.clone().into_active_model().reset_all())
        .exec(tx.db())
        .await
        .map_err(|error| Error::of_write(error, || Error::name_taken("group", &row.name, &row.domain_id)))?;
    tx.emit(cx.event("identity.group.updated", &id));
    tx.commit().await?;
    cx.answer(StatusCode::OK, "group", &GroupView::of(&cx, row))
}

async fn delete(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let mut tx = cx.service.change().await?;
    deletion::groups(&tx, std::slice::from_ref(&id)).await?;
    tx.emit(cx.event("identity.group.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}

async fn list_users(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let members = Sql::select()
        .column(membership::Column::UserId)
        .from(membership::Entity)
        .and_where(Expr::col(membership::Column::GroupId).eq(id.as_str()))
        .to_owned();
    answer_users(&cx, &listing, user::Entity::find().filter(user::Column::Id.in_subquery(members))).await
}

/// Group and user, if both are there and the caller may do this to them.
async fn both(cx: &Cx, group: &str, user: &str) -> Result<(), Fault> {
    let db = cx.service.db.read();
    let group_row = group::Entity::find_by_id(group).one(db).await?;
    let user_row = user::Entity::find_by_id(user).one(db).await?;
    let (Some(found_group), Some(found_user)) = (&group_row, &user_row) else {
        cx.permit(&Target::none())?;
        return Err(match group_row {
            None => Error::missing("group", group).into(),
            Some(_) => Error::missing("user", user).into(),
        });
    };
    cx.permit(&about_group(found_group).with("target.user.domain_id", found_user.domain_id.as_str()))
}

async fn check_user(cx: Cx, Path((group, user)): Path<(String, String)>) -> Result<Response, Fault> {
    both(&cx, &group, &user).await?;
    let key = (user.clone(), group.clone());
    match membership::Entity::find_by_id(key).one(cx.service.db.read()).await? {
        Some(_) => Ok(no_content()),
        None => Err(Fault::not_found(format!("User '{user}' not found in group '{group}'"))),
    }
}

async fn add_user(cx: Cx, Path((group, user)): Path<(String, String)>) -> Result<Response, Fault> {
    both(&cx, &group, &user).await?;
    let mut tx = cx.service.change().await?;
    let row = membership::ActiveModel { user_id: Set(user), group_id: Set(group.clone()) };
    let same = OnConflict::columns([membership::Column::UserId, membership::Column::GroupId])
        .update_column(membership::Column::GroupId)
        .to_owned();
    membership::Entity::insert(row).on_conflict(same).exec_without_returning(tx.db()).await?;
    tx.emit(cx.event("identity.group.updated", &group));
    tx.commit().await?;
    Ok(no_content())
}

async fn remove_user(cx: Cx, Path((group, user)): Path<(String, String)>) -> Result<Response, Fault> {
    both(&cx, &group, &user).await?;
    let mut tx = cx.service.change().await?;
    let gone = membership::Entity::delete_by_id((user.clone(), group.clone())).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(Fault::not_found(format!("User '{user}' not found in group '{group}'")));
    }
    tx.emit(cx.event("identity.group.updated", &group));
    tx.commit().await?;
    Ok(no_content())
}
