//! Roles of users and groups in projects, domains and the system, inherited ones (OS-INHERIT) included. Which of these a
//! request is about stands in its path; the handlers are the same.

use std::collections::HashMap;

use axum::{extract::RawPathParams, response::Response};
use http::Method;
use platform::{
    http::{Fault, Routes},
    policy::Target,
};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, sea_query::OnConflict};

use super::{
    Cx,
    guard::{Guard, about_role},
    listing::{Listing, no_content},
    roles::RoleView,
};
use crate::{
    Keystone,
    change::Change,
    error::Error,
    model::{assignment, group, project, role, user},
};

pub(super) fn routes() -> Routes<Keystone> {
    let mut routes = Routes::new();
    for (all, one) in [
        (
            "/v3/projects/{project_id}/users/{user_id}/roles",
            "/v3/projects/{project_id}/users/{user_id}/roles/{role_id}",
        ),
        (
            "/v3/projects/{project_id}/groups/{group_id}/roles",
            "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}",
        ),
        (
            "/v3/domains/{domain_id}/users/{user_id}/roles",
            "/v3/domains/{domain_id}/users/{user_id}/roles/{role_id}",
        ),
        (
            "/v3/domains/{domain_id}/groups/{group_id}/roles",
            "/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
        ),
        (
            "/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/inherited_to_projects",
            "/v3/OS-INHERIT/projects/{project_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        ),
        (
            "/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/inherited_to_projects",
            "/v3/OS-INHERIT/projects/{project_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
        ),
        (
            "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/inherited_to_projects",
            "/v3/OS-INHERIT/domains/{domain_id}/users/{user_id}/roles/{role_id}/inherited_to_projects",
        ),
        (
            "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects",
            "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects",
        ),
    ] {
        routes = routes
            .get(all, "identity:list_grants", list)
            .get(one, "identity:check_grant", check)
            .put(one, "identity:create_grant", create)
            .delete(one, "identity:revoke_grant", revoke);
    }
    const USER: [&str; 4] = [
        "identity:list_system_grants_for_user",
        "identity:check_system_grant_for_user",
        "identity:create_system_grant_for_user",
        "identity:revoke_system_grant_for_user",
    ];
    const GROUP: [&str; 4] = [
        "identity:list_system_grants_for_group",
        "identity:check_system_grant_for_group",
        "identity:create_system_grant_for_group",
        "identity:revoke_system_grant_for_group",
    ];
    for (all, one, rules) in [
        ("/v3/system/users/{user_id}/roles", "/v3/system/users/{user_id}/roles/{role_id}", USER),
        ("/v3/system/groups/{group_id}/roles", "/v3/system/groups/{group_id}/roles/{role_id}", GROUP),
    ] {
        routes = routes
            .get(all, rules[0], list)
            .get(one, rules[1], check)
            .route(Method::PUT, one, rules[2], create)
            .delete(one, rules[3], revoke);
    }
    routes
}

/// What the path is about.
struct Grant {
    actor_kind: &'static str,
    actor: String,
    target_kind: &'static str,
    target: String,
    role: Option<role::Model>,
    inherited: bool,
}

impl Grant {
    /// Reads the path, finds what it names, and asks the policy.
    async fn read(cx: &Cx, params: &RawPathParams, missing_actor: bool) -> Result<Self, Fault> {
        let given: HashMap<&str, &str> = params.iter().collect();
        let db = cx.service.db.read();
        let mut target = Target::none();
        let mut missing = None;
        let (actor_kind, actor) = match (given.get("user_id"), given.get("group_id")) {
            (Some(id), _) => ("user", *id),
            (None, id) => ("group", id.copied().unwrap_or_default()),
        };
        if actor_kind == "user" {
            match user::Entity::find_by_id(actor).one(db).await? {
                Some(row) => target = target.with("target.user.domain_id", row.domain_id),
                None if !missing_actor => missing = Some(Error::missing("user", actor)),
                None => {}
            }
        } else {
            match group::Entity::find_by_id(actor).one(db).await? {
                Some(row) => target = target.with("target.group.domain_id", row.domain_id),
                None if !missing_actor => missing = Some(Error::missing("group", actor)),
                None => {}
            }
        }
        let (target_kind, place) = match (given.get("project_id"), given.get("domain_id")) {
            (Some(id), _) => ("project", *id),
            (None, Some(id)) => ("domain", *id),
            (None, None) => ("system", "all"),
        };
        if target_kind != "system" {
            let row = project::Entity::find_by_id(place).one(db).await?;
            match row.filter(|row| row.is_domain || target_kind == "project") {
                Some(row) if target_kind == "domain" => target = target.with("target.domain.id", row.id),
                Some(row) => target = target.with("target.project.domain_id", row.domain_id),
                None => missing = Some(Error::missing(target_kind, place)),
            }
        }
        let mut role = None;
        if let Some(id) = given.get("role_id") {
            role = role::Entity::find_by_id(*id).one(db).await?;
            if role.is_none() {
                missing = Some(Error::missing("role", *id));
            }
        }
        if let Some(missing) = missing {
            cx.permit(&Target::none())?;
            return Err(missing.into());
        }
        match &role {
            Some(role) => {
                for name in ["target.role.name", "target.role.domain_id"] {
                    if let Some(value) = about_role(role).get(name) {
                        target = target.with(name, value.to_owned());
                    }
                }
                cx.permit(&target)?;
            }
            None => cx.permit(&target)?,
        }
        Ok(Self {
            actor_kind,
            actor: actor.to_owned(),
            target_kind,
            target: place.to_owned(),
            role,
            inherited: cx.route.path.ends_with("/inherited_to_projects"),
        })
    }

    fn row(&self) -> assignment::Model {
        assignment::Model {
            actor_kind: self.actor_kind.into(),
            actor_id: self.actor.clone(),
            target_kind: self.target_kind.into(),
            target_id: self.target.clone(),
            role_id: self.role.as_ref().map(|role| role.id.clone()).unwrap_or_default(),
            inherited: self.inherited,
        }
    }

    fn key(&self) -> (String, String, String, String, String, bool) {
        let row = self.row();
        (row.actor_kind, row.actor_id, row.target_kind, row.target_id, row.role_id, row.inherited)
    }

    fn missing(&self) -> Fault {
        let role = self.role.as_ref().map_or("", |role| role.id.as_str());
        Fault::not_found(format!(
            "Could not find role assignment with role: {role}, user or group: {}, project, domain, or system: {}.",
            self.actor, self.target
        ))
    }
}

/// Assigns a role; nothing happens where it is assigned already.
pub(crate) async fn assign(tx: &Change, row: assignment::Model) -> Result<(), DbErr> {
    use assignment::Column;
    let same = OnConflict::columns([
        Column::ActorKind,
        Column::ActorId,
        Column::TargetKind,
        Column::TargetId,
        Column::RoleId,
        Column::Inherited,
    ])
    .update_column(Column::Inherited)
    .to_owned();
    assignment::Entity::insert(row.into_active_model())
        .on_conflict(same)
        .exec_without_returning(tx.db())
        .await?;
    Ok(())
}

async fn list(cx: Cx, params: RawPathParams, listing: Listing) -> Result<Response, Fault> {
    let grant = Grant::read(&cx, &params, false).await?;
    let assigned = assignment::Entity::find()
        .filter(assignment::Column::ActorKind.eq(grant.actor_kind))
        .filter(assignment::Column::ActorId.eq(grant.actor.as_str()))
        .filter(assignment::Column::TargetKind.eq(grant.target_kind))
        .filter(assignment::Column::TargetId.eq(grant.target.as_str()))
        .filter(assignment::Column::Inherited.eq(grant.inherited))
        .all(cx.service.db.read())
        .await?;
    let book = cx.service.authority.directory.book().await?;
    let views: Vec<RoleView> = assigned
        .iter()
        .filter_map(|row| book.roles.get(&row.role_id))
        .map(|role| RoleView::of(&cx, role.clone()))
        .collect();
    listing.answer(&cx, "roles", &views, None)
}

async fn check(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    let grant = Grant::read(&cx, &params, false).await?;
    match assignment::Entity::find_by_id(grant.key()).one(cx.service.db.read()).await? {
        Some(_) => Ok(no_content()),
        None => Err(grant.missing()),
    }
}

async fn create(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    let grant = Grant::read(&cx, &params, false).await?;
    if let Some(role) = &grant.role
        && !role.domain_id.is_empty()
    {
        let home = match grant.target_kind {
            "domain" => Some(grant.target.clone()),
            "project" => {
                let facts = cx.service.authority.directory.project(&grant.target).await?;
                facts.map(|project| project.domain.id.clone())
            }
            _ => None,
        };
        if home.as_ref() != Some(&role.domain_id) {
            return Err(Fault::forbidden(format!(
                "Project {} must be in the same domain as the role {} being assigned.",
                grant.target, role.id
            )));
        }
    }
    let mut tx = cx.service.change().await?;
    assign(&tx, grant.row()).await?;
    tx.emit(cx.event("identity.role_assignment.created", &grant.actor));
    tx.commit().await?;
    Ok(no_content())
}

async fn revoke(cx: Cx, params: RawPathParams) -> Result<Response, Fault> {
    // An assignment may have outlived its user or group where these come from elsewhere.
    let grant = Grant::read(&cx, &params, true).await?;
    let mut tx = cx.service.change().await?;
    let gone = assignment::Entity::delete_by_id(grant.key()).exec(tx.db()).await?;
    if gone.rows_affected == 0 {
        return Err(grant.missing());
    }
    tx.emit(cx.event("identity.role_assignment.deleted", &grant.actor));
    tx.commit().await?;
    Ok(no_content())
}
