//! `/v3/users/{user_id}/access_rules`: what application credentials may be used for.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    http::{Fault, Routes, json},
    policy::Target,
};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Cx,
    bearer::Bearer,
    guard::Guard,
    listing::{Listing, no_content},
};
use crate::{
    Keystone,
    change::Change,
    error::Error,
    ids::new_id,
    model::{access_rule, application_credential_access_rule},
};

pub(super) fn routes() -> Routes<Keystone> {
    const ONE: &str = "/v3/users/{user_id}/access_rules/{access_rule_id}";
    Routes::new()
        .get("/v3/users/{user_id}/access_rules", "identity:list_access_rules", list)
        .get(ONE, "identity:get_access_rule", show)
        .delete(ONE, "identity:delete_access_rule", delete)
}

/// A rule as it is given: by id, or in full.
#[derive(Deserialize, Wire)]
#[body(open)]
pub(super) struct GivenRule {
    id: Option<String>,
    #[body(max = 128, pattern = "^/")]
    path: Option<String>,
    #[body(pattern = "^(POST|GET|HEAD|PATCH|PUT|DELETE)$")]
    method: Option<String>,
    #[body(min = 1, max = 64)]
    service: Option<String>,
}

/// A rule without links.
pub(super) fn brief(rule: &access_rule::Model) -> Value {
    json!({"id": rule.id, "path": rule.path, "method": rule.method, "service": rule.service})
}

fn view(cx: &Cx, rule: &access_rule::Model) -> Value {
    let mut shown = brief(rule);
    let path = format!("/v3/users/{}/access_rules/{}", rule.user_id, rule.id);
    shown["links"] = json!({"self": cx.link(&path)});
    shown
}

/// The user's rules that are meant; new ones are made, the same ones used again.
pub(super) async fn ensure(
    tx: &Change,
    user: &str,
    given: &[GivenRule],
) -> Result<Vec<access_rule::Model>, Fault> {
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let known = access_rule::Entity::find().filter(access_rule::Column::UserId.eq(user)).all(tx.db()).await?;
    let mut rules: Vec<access_rule::Model> = Vec::new();
    for rule in given {
        let found = match (&rule.id, &rule.service, &rule.path, &rule.method) {
            (Some(id), ..) => {
                let found = known.iter().find(|known| known.id == *id).cloned();
                found.ok_or_else(|| Error::missing("Access Rule", id.as_str()))?
            }
            (None, Some(service), Some(path), Some(method)) => {
                let same = |known: &&access_rule::Model| {
                    known.service == *service && known.path == *path && known.method == *method
                };
                match known.iter().find(same).or_else(|| rules.iter().find(same)) {
                    Some(same) => same.clone(),
                    None => {
                        let row = access_rule::Model {
                            id: new_id(),
                            user_id: user.to_owned(),
                            service: service.clone(),
                            path: path.clone(),
                            method: method.clone(),
                        };
                        access_rule::Entity::insert(row.clone().into_active_model())
                            .exec_without_returning(tx.db())
                            .await?;
                        row
                    }
                }
            }
            _ => {
                return Err(Fault::bad_request(
                    "Invalid input for field/attribute access_rules. An access rule has a service, a path and a method, or an id.",
                ));
            }
        };
        if !rules.iter().any(|rule| rule.id == found.id) {
            rules.push(found);
        }
    }
    Ok(rules)
}

/// What the rules ask: whose it is.
fn about(user: &str) -> Target<'_> {
    Target::none().with("target.user.id", user).with("user_id", user)
}

async fn list(cx: Cx, Path(user): Path<String>, listing: Listing) -> Result<Response, Fault> {
    cx.permit(&about(&user))?;
    let mut select = access_rule::Entity::find().filter(access_rule::Column::UserId.eq(user.as_str()));
    for (name, column) in [
        ("service", access_rule::Column::Service),
        ("path", access_rule::Column::Path),
        ("method", access_rule::Column::Method),
    ] {
        if let Some(value) = listing.query.get(name) {
            select = select.filter(column.eq(value));
        }
    }
    let rules = select.all(cx.service.db.read()).await?;
    let views: Vec<Value> = rules.iter().map(|rule| view(&cx, rule)).collect();
    listing.answer(&cx, "access_rules", &views, None)
}

async fn found(cx: &Cx, user: &str, id: &str) -> Result<access_rule::Model, Fault> {
    cx.permit(&about(user))?;
    let row = access_rule::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    Ok(row.filter(|row| row.user_id == user).ok_or_else(|| Error::missing("Access Rule", id))?)
}

async fn show(cx: Cx, Path((user, id)): Path<(String, String)>) -> Result<Response, Fault> {
    let row = found(&cx, &user, &id).await?;
    json(StatusCode::OK, &json!({"access_rule": view(&cx, &row)}))
}

async fn delete(cx: Cx, bearer: Bearer, Path((user, id)): Path<(String, String)>) -> Result<Response, Fault> {
    found(&cx, &user, &id).await?;
    bearer.unrestricted()?;
    let tx = cx.service.change().await?;
    let used = application_credential_access_rule::Entity::find()
        .filter(application_credential_access_rule::Column::AccessRuleId.eq(id.as_str()))
        .limit(1)
        .count(tx.db())
        .await?;
    if used > 0 {
        return Err(Fault::forbidden(
            "May not delete access rule in use by an application credential. Delete the application credential first.",
        ));
    }
    access_rule::Entity::delete_by_id(id.as_str()).exec(tx.db()).await?;
    tx.commit().await?;
    Ok(no_content())
}
