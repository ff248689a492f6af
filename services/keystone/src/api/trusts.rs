//! `/v3/OS-TRUST/trusts`: a user lets another act with some of its roles.

use std::collections::HashMap;

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body as Wire,
    http::{Body, Fault, Routes, json},
    policy::Target,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, sea_query::Expr,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Cx,
    application_credentials::{GivenRole, expiry},
    bearer::Bearer,
    guard::{Guard, forbidden},
    listing::{Listing, no_content},
};
use crate::{
    Keystone,
    error::Error,
    ids::{new_id, stamp},
    model::{end::End, role, trust, trust_role, user},
    token::Place,
};

pub(super) fn routes() -> Routes<Keystone> {
    const ONE: &str = "/v3/OS-TRUST/trusts/{trust_id}";
    Routes::new()
        .get("/v3/OS-TRUST/trusts", "identity:list_trusts", list)
        .post("/v3/OS-TRUST/trusts", "identity:create_trust", create)
        .get(ONE, "identity:get_trust", show)
        .delete(ONE, "identity:delete_trust", delete)
        .get("/v3/OS-TRUST/trusts/{trust_id}/roles", "identity:list_roles_for_trust", list_roles)
        .get("/v3/OS-TRUST/trusts/{trust_id}/roles/{role_id}", "identity:get_role_for_trust", show_role)
}

#[derive(Deserialize, Wire)]
#[body(wrap = "trust", open)]
struct CreateTrust {
    #[body(min = 1, max = 64)]
    trustor_user_id: String,
    #[body(min = 1, max = 64)]
    trustee_user_id: String,
    impersonation: bool,
    project_id: Option<String>,
    expires_at: Option<String>,
    #[body(minimum = 1)]
    remaining_uses: Option<i32>,
    roles: Option<Vec<GivenRole>>,
    #[serde(default)]
    allow_redelegation: bool,
    #[body(minimum = 0)]
    redelegation_count: Option<i32>,
    #[serde(flatten, default)]
    #[expect(dead_code, reason = "names what else may be given")]
    extra: Map<String, Value>,
}

fn about(row: &trust::Model) -> Target<'_> {
    Target::none()
        .with("target.trust.trustor_user_id", row.trustor_user_id.as_str())
        .with("target.trust.trustee_user_id", row.trustee_user_id.as_str())
}

fn role_view(cx: &Cx, role: &role::Model) -> Value {
    let domain = (!role.domain_id.is_empty()).then_some(&role.domain_id);
    json!({
        "id": role.id,
        "name": role.name,
        "domain_id": domain,
        "description": role.description,
        "options": role.options,
        "links": {"self": cx.link(&format!("/v3/roles/{}", role.id))},
    })
}

fn view(cx: &Cx, row: &trust::Model, roles: Option<Vec<Value>>) -> Value {
    let path = format!("/v3/OS-TRUST/trusts/{}", row.id);
    let mut shown = json!({
        "id": row.id,
        "trustor_user_id": row.trustor_user_id,
        "trustee_user_id": row.trustee_user_id,
        "project_id": (!row.project_id.is_empty()).then_some(&row.project_id),
        "impersonation": row.impersonation,
        "expires_at": row.expires_at.map(|end| stamp(end.time())),
        "remaining_uses": row.remaining_uses,
        "redelegated_trust_id": row.redelegated_trust_id,
        "redelegation_count": row.redelegation_count,
        "deleted_at": null,
        "links": {"self": cx.link(&path)},
    });
    if let Some(roles) = roles {
        shown["roles"] = Value::Array(roles);
        let links = json!({"self": cx.link(&format!("{path}/roles")), "next": null, "previous": null});
        shown["roles_links"] = links;
    }
    shown
}

async fn roles_of(cx: &Cx, id: &str) -> Result<Vec<role::Model>, Fault> {
    let rows = trust_role::Entity::find()
        .filter(trust_role::Column::TrustId.eq(id))
        .all(cx.service.db.read())
        .await?;
    let book = cx.service.authority.directory.book().await?;
    Ok(rows.iter().filter_map(|row| book.roles.get(&row.role_id)).cloned().collect())
}

/// The trust: a missing one is 404 to everybody, as in Keystone.
async fn found(cx: &Cx, id: &str) -> Result<trust::Model, Fault> {
    let row = trust::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    let over = |row: &trust::Model| {
        row.deleted
            || row.remaining_uses.is_some_and(|left| left <= 0)
            || row.expires_at.is_some_and(End::over)
    };
    match row.filter(|row| !over(row)) {
        Some(row) => {
            cx.permit(&about(&row))?;
            Ok(row)
        }
        None => {
            // Nothing is there to be asked about.
            let _ = cx.permit(&Target::none());
            Err(Error::missing("trust", id).into())
        }
    }
}

async fn list(cx: Cx, bearer: Bearer, listing: Listing) -> Result<Response, Fault> {
    let (trustor, trustee) = (listing.query.get("trustor_user_id"), listing.query.get("trustee_user_id"));
    let mut select = trust::Entity::find().filter(trust::Column::Deleted.eq(false));
    if let Some(id) = trustor {
        let target = Target::none().with("target.trust.trustor_user_id", id);
        rule(&cx, "identity:list_trusts_for_trustor", &target)?;
        select = select.filter(trust::Column::TrustorUserId.eq(id));
    }
    if let Some(id) = trustee {
        let target = Target::none().with("target.trust.trustee_user_id", id);
        // Who asks for both is allowed by either.
        if trustor.is_none() {
            rule(&cx, "identity:list_trusts_for_trustee", &target)?;
        }
        select = select.filter(trust::Column::TrusteeUserId.eq(id));
    }
    if trustor.is_none() && trustee.is_none() {
        cx.permit(&Target::none())?;
    }
    may_manage(&bearer)?;
    let rows = select.all(cx.service.db.read()).await?;
    let views: Vec<Value> = rows.iter().map(|row| view(&cx, row, None)).collect();
    listing.answer(&cx, "trusts", &views, None)
}

fn rule(cx: &Cx, name: &str, target: &Target<'_>) -> Result<(), Fault> {
    cx.allow_rule(name, target).map_err(|_| forbidden(name))
}

/// A trust's own token may hand it on; other delegated ones may not.
fn may_manage(bearer: &Bearer) -> Result<(), Fault> {
    match bearer.0.trust {
        Some(_) => Ok(()),
        None => bearer.primary("Delegated tokens cannot manage trusts."),
    }
}

async fn show(cx: Cx, bearer: Bearer, Path(id): Path<String>) -> Result<Response, Fault> {
    let row = found(&cx, &id).await?;
    may_manage(&bearer)?;
    let roles = roles_of(&cx, &id).await?.iter().map(|role| role_view(&cx, role)).collect();
    json(StatusCode::OK, &json!({"trust": view(&cx, &row, Some(roles))}))
}

async fn create(cx: Cx, bearer: Bearer, body: Body<CreateTrust>) -> Result<Response, Fault> {
    let body = body.0;
    cx.permit(&Target::none().with("target.trust.trustor_user_id", body.trustor_user_id.as_str()))?;
    may_manage(&bearer)?;
    let project = body.project_id.clone().unwrap_or_default();
    let given = body.roles.as_deref().unwrap_or_default();
    if !project.is_empty() && given.is_empty() {
        return Err(forbidden("At least one role should be specified"));
    }
    if cx.caller.user.id != body.trustor_user_id {
        return Err(forbidden("The authenticated user should match the trustor"));
    }
    let db = cx.service.db.read();
    if user::Entity::find_by_id(body.trustee_user_id.as_str()).one(db).await?.is_none() {
        return Err(Error::missing("user", body.trustee_user_id).into());
    }
    let directory = &cx.service.authority.directory;
    let book = directory.book().await?;
    let roles: Vec<String> = given.iter().map(|role| role.find(&book)).collect::<Result<_, _>>()?;
    if !project.is_empty() {
        if directory.project(&project).await?.is_none() {
            return Err(Error::missing("project", project).into());
        }
        let held = directory.roles(&body.trustor_user_id, &Place::Project(project.clone())).await?;
        if let Some(missing) = roles.iter().find(|id| !held.iter().any(|role| role.id == **id)) {
            return Err(Error::missing("role", missing.as_str()).into());
        }
    }
    let most = i32::try_from(cx.service.config.max_redelegation_count).unwrap_or(i32::MAX);
    let mut row = trust::Model {
        id: new_id(),
        trustor_user_id: body.trustor_user_id,
        trustee_user_id: body.trustee_user_id,
        project_id: project,
        impersonation: body.impersonation,
        expires_at: expiry(body.expires_at.as_deref())?,
        remaining_uses: body.remaining_uses,
        redelegated_trust_id: None,
        redelegation_count: if body.allow_redelegation { body.redelegation_count.unwrap_or(most) } else { 0 },
        deleted: false,
        extra: json!({}),
    };
    if row.redelegation_count > most {
        return Err(Fault::forbidden(format!(
            "Requested redelegation depth of {} is greater than allowed {most}",
            row.redelegation_count
        )));
    }
    if body.allow_redelegation && row.remaining_uses.is_some() {
        return Err(Fault::bad_request("remaining_uses must not be set if redelegation is allowed"));
    }
    if let Some(trusted) = &bearer.0.trust {
        redelegate(&cx, &trusted.id, &mut row, &roles).await?;
    }
    let mut tx = cx.service.change().await?;
    trust::Entity::insert(row.clone().into_active_model()).exec_without_returning(tx.db()).await?;
    if !roles.is_empty() {
        trust_role::Entity::insert_many(
            roles.iter().map(|id| trust_role::ActiveModel {
                trust_id: Set(row.id.clone()),
                role_id: Set(id.clone()),
            }),
        )
        .exec_without_returning(tx.db())
        .await?;
    }
    tx.emit(cx.event("identity.OS-TRUST:trust.created", &row.id));
    tx.commit().await?;
    let shown = roles.iter().filter_map(|id| book.roles.get(id)).map(|role| role_view(&cx, role)).collect();
    json(StatusCode::CREATED, &json!({"trust": view(&cx, &row, Some(shown))}))
}

/// A trust that is made from another hands on no more than that, and no longer.
async fn redelegate(cx: &Cx, from: &str, row: &mut trust::Model, roles: &[String]) -> Result<(), Fault> {
    let parent = trust::Entity::find_by_id(from).one(cx.service.db.read()).await?;
    let parent = parent.filter(|parent| !parent.deleted).ok_or_else(|| Error::missing("trust", from))?;
    if parent.redelegation_count < 1 {
        return Err(Fault::forbidden("Remaining redelegation depth of 0 out of allowed range"));
    }
    if row.remaining_uses.is_some() {
        return Err(Fault::forbidden(
            "Field \"remaining_uses\" is set while it must not be set in order to redelegate a trust",
        ));
    }
    match (parent.expires_at, row.expires_at) {
        (Some(end), Some(wanted)) if wanted > end => {
            return Err(Fault::forbidden(
                "Requested expiration time is more than redelegated trust can provide",
            ));
        }
        (end, None) => row.expires_at = end,
        _ => {}
    }
    let handed_on = roles_of(cx, from).await?;
    if roles.iter().any(|id| !handed_on.iter().any(|role| role.id == *id)) {
        return Err(Fault::forbidden("Some of requested roles are not in redelegated trust"));
    }
    if row.impersonation && !parent.impersonation {
        return Err(Fault::forbidden(
            "Impersonation is not allowed because redelegated trust does not specify impersonation.",
        ));
    }
    if row.project_id != parent.project_id {
        return Err(Fault::forbidden("The project is not that of the redelegated trust"));
    }
    row.redelegated_trust_id = Some(parent.id);
    row.redelegation_count = row.redelegation_count.min(parent.redelegation_count - 1);
    Ok(())
}

async fn delete(cx: Cx, bearer: Bearer, Path(id): Path<String>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    may_manage(&bearer)?;
    let mut tx = cx.service.change().await?;
    // With it goes what was made from it.
    let rows = trust::Entity::find().filter(trust::Column::Deleted.eq(false)).filter(
        Condition::any()
            .add(trust::Column::Id.eq(id.as_str()))
            .add(trust::Column::RedelegatedTrustId.is_not_null()),
    );
    let mut children: HashMap<String, Vec<String>> = HashMap::new();
    for row in rows.all(tx.db()).await? {
        children.entry(row.redelegated_trust_id.unwrap_or_default()).or_default().push(row.id);
    }
    let (mut gone, mut open) = (Vec::new(), vec![id.clone()]);
    while let Some(id) = open.pop() {
        open.extend(children.remove(&id).unwrap_or_default());
        gone.push(id);
    }
    trust::Entity::update_many()
        .col_expr(trust::Column::Deleted, Expr::value(true))
        .filter(trust::Column::Id.is_in(gone))
        .exec(tx.db())
        .await?;
    tx.emit(cx.event("identity.OS-TRUST:trust.deleted", &id));
    tx.commit().await?;
    Ok(no_content())
}

async fn list_roles(cx: Cx, Path(id): Path<String>, listing: Listing) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    let views: Vec<Value> = roles_of(&cx, &id).await?.iter().map(|role| role_view(&cx, role)).collect();
    listing.answer(&cx, "roles", &views, None)
}

async fn show_role(cx: Cx, Path((id, role)): Path<(String, String)>) -> Result<Response, Fault> {
    found(&cx, &id).await?;
    match roles_of(&cx, &id).await?.iter().find(|known| known.id == role) {
        Some(role) => json(StatusCode::OK, &json!({"role": role_view(&cx, role)})),
        None => Err(Error::missing("role", role).into()),
    }
}
