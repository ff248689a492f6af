//! `/v3/roles/{role_id}/implies` and `/v3/role_inferences`.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    http::{Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};
use serde_json::{Value, json};

use super::{Cx, guard::Guard, listing::no_content};
use crate::{
    Keystone,
    error::Error,
    model::{implied_role, role},
    roles::RoleBook,
};

pub(super) fn routes() -> Routes<Keystone> {
    const PATH: &str = "/v3/roles/{role_id}/implies/{implied_role_id}";
    Routes::new()
        .get("/v3/role_inferences", "identity:list_role_inference_rules", list_all)
        .get("/v3/roles/{role_id}/implies", "identity:list_implied_roles", list)
        .get(PATH, "identity:get_implied_role", show)
        .route(http::Method::HEAD, PATH, "identity:check_implied_role", check)
        .put(PATH, "identity:create_implied_role", create)
        .delete(PATH, "identity:delete_implied_role", delete)
}

fn brief(cx: &Cx, role: &role::Model) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "links": {"self": cx.link(&format!("/v3/roles/{}", role.id))},
    })
}

fn implications(cx: &Cx, book: &RoleBook, prior: &role::Model) -> Value {
    let implied: Vec<Value> = book
        .implied
        .get(&prior.id)
        .into_iter()
        .flatten()
        .filter_map(|id| book.roles.get(id))
        .map(|role| brief(cx, role))
        .collect();
    json!({"prior_role": brief(cx, prior), "implies": implied})
}

fn role<'b>(book: &'b RoleBook, id: &str) -> Result<&'b role::Model, Error> {
    book.roles.get(id).ok_or_else(|| Error::missing("role", id))
}

async fn list_all(cx: Cx) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let book = cx.service.authority.directory.book().await?;
    let mut priors: Vec<&role::Model> = book.implied.keys().filter_map(|id| book.roles.get(id)).collect();
    priors.sort_by(|one, other| one.id.cmp(&other.id));
    let rules: Vec<Value> = priors.into_iter().map(|prior| implications(&cx, &book, prior)).collect();
    let links = json!({"self": cx.link("/v3/role_inferences"), "next": null, "previous": null});
    json(StatusCode::OK, &json!({"role_inferences": rules, "links": links}))
}

async fn list(cx: Cx, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let book = cx.service.authority.directory.book().await?;
    let inference = implications(&cx, &book, role(&book, &id)?);
    let links = json!({"self": cx.link(&format!("/v3/roles/{id}/implies"))});
    json(StatusCode::OK, &json!({"role_inference": inference, "links": links}))
}

fn one(cx: &Cx, book: &RoleBook, prior: &str, implied: &str) -> Result<Value, Fault> {
    let (prior_role, implied_role) = (role(book, prior)?, role(book, implied)?);
    if !book.implied.get(prior).is_some_and(|known| known.iter().any(|id| id == implied)) {
        return Err(Fault::not_found(format!("{prior} does not imply {implied}.")));
    }
    Ok(inference(cx, prior_role, implied_role))
}

fn inference(cx: &Cx, prior: &role::Model, implied: &role::Model) -> Value {
    let links = json!({"self": cx.link(&format!("/v3/roles/{}/implies/{}", prior.id, implied.id))});
    json!({
        "role_inference": {"prior_role": brief(cx, prior), "implies": brief(cx, implied)},
        "links": links,
    })
}

async fn show(cx: Cx, Path((prior, implied)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let book = cx.service.authority.directory.book().await?;
    json(StatusCode::OK, &one(&cx, &book, &prior, &implied)?)
}

async fn check(cx: Cx, Path((prior, implied)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let book = cx.service.authority.directory.book().await?;
    one(&cx, &book, &prior, &implied)?;
    Ok(no_content())
}

async fn create(cx: Cx, Path((prior, implied)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let mut tx = cx.service.change().await?;
    let book = RoleBook::read(tx.db()).await?;
    let (prior_role, implied_role) = (role(&book, &prior)?, role(&book, &implied)?);
    // Whoever could be made an administrator by a rule would be one at once.
    if implied_role.name == "admin" && implied_role.domain_id.is_empty() {
        return Err(Fault::forbidden(format!("{implied} cannot be an implied roles.")));
    }
    if book.closure([implied.clone()]).contains(&prior) {
        return Err(Fault::forbidden(format!("{implied} implies {prior} already.")));
    }
    let row = implied_role::ActiveModel { prior_id: Set(prior.clone()), implied_id: Set(implied.clone()) };
    let same = OnConflict::columns([implied_role::Column::PriorId, implied_role::Column::ImpliedId])
        .update_column(implied_role::Column::ImpliedId)
        .to_owned();
    implied_role::Entity::insert(row).on_conflict(same).exec_without_returning(tx.db()).await?;
    let answer = inference(&cx, prior_role, implied_role);
    tx.emit(cx.event("identity.role.updated", &prior));
    tx.commit().await?;
    json(StatusCode::CREATED, &answer)
}

async fn delete(cx: Cx, Path((prior, implied)): Path<(String, String)>) -> Result<Response, Fault> {
    cx.permit(&Target::none())?;
    let mut tx = cx.service.change().await?;
    let gone = implied_role::Entity::delete_by_id((prior.clone(), implied.clone())).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(Fault::not_found(format!("{prior} does not imply {implied}.")));
    }
    tx.emit(cx.event("identity.role.updated", &prior));
    tx.commit().await?;
    Ok(no_content())
}
