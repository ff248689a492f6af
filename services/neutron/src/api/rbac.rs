//! `/v2.0/rbac-policies`: networks shared with single projects.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    db::list::{Kind as Column, ListSpec},
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Is, read_create, read_update},
    id as id_of,
    listing::page,
    permit, permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{network, port, rbac},
    network::{EVERYBODY, EXTERNAL, Eyes, SHARED, seen_one},
    port::{FLOATING, GATEWAY},
    quota::{Counted, admit},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("object_type", Is::Text(64)).fixed().required(),
    Attribute::new("object_id", Is::Id).fixed().required(),
    Attribute::new("action", Is::Text(64)).fixed().required(),
    Attribute::new("target_tenant", Is::Text(255)),
    Attribute::new("target_project", Is::Text(255)),
];

static LIST: ListSpec<rbac::Entity> = ListSpec {
    id: rbac::Column::Id,
    id_kind: Column::Uuid,
    filters: &[
        ("id", rbac::Column::Id, Column::Uuid),
        ("project_id", rbac::Column::ProjectId, Column::Text),
        ("tenant_id", rbac::Column::ProjectId, Column::Text),
        ("object_id", rbac::Column::ObjectId, Column::Uuid),
        ("action", rbac::Column::Action, Column::Text),
        ("target_tenant", rbac::Column::Target, Column::Text),
        ("target_project", rbac::Column::Target, Column::Text),
    ],
    sorts: &[
        ("id", rbac::Column::Id),
        ("project_id", rbac::Column::ProjectId),
        ("object_id", rbac::Column::ObjectId),
        ("action", rbac::Column::Action),
        ("target_tenant", rbac::Column::Target),
    ],
    default_sort: &[],
    max_limit: None,
};

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/rbac-policies", "get_rbac_policy", list)
        .list(&LIST)
        .post("/v2.0/rbac-policies", "create_rbac_policy", create)
        .get("/v2.0/rbac-policies/{id}", "get_rbac_policy", show)
        .put("/v2.0/rbac-policies/{id}", "update_rbac_policy", update)
        .delete("/v2.0/rbac-policies/{id}", "delete_rbac_policy", delete)
}

fn view(row: rbac::Model) -> Shown {
    Shown::new()
        .with("id", row.id.to_string())
        .with("tenant_id", row.project_id.clone())
        .with("project_id", row.project_id)
        .with("object_type", "network")
        .with("object_id", row.object_id.to_string())
        .with("action", row.action)
        .with("target_tenant", row.target)
}

async fn find(cx: &Cx<Neutron>, text: &str) -> Result<rbac::Model, Error> {
    let id = id_of(text, Error::rbac_missing)?;
    let missing = || Error::rbac_missing(id);
    let row = rbac::Entity::find_by_id(id).one(cx.service.db.read()).await?.ok_or_else(missing)?;
    permit(cx, "get_rbac_policy", &Target::project(row.project_id.as_str()), missing)?;
    Ok(row)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    cx.allow()?;
    let eyes = Eyes::of(&cx.service, &cx.caller);
    let mut select = rbac::Entity::find();
    if !eyes.all {
        select = select.filter(rbac::Column::ProjectId.eq(eyes.project.as_str()));
    }
    if query.get("object_type").is_some_and(|asked| asked != "network") {
        select = select.filter(crate::model::nothing());
    }
    let page = page(&cx.service, select, &LIST, &query, &["object_type"]).await?;
    let ids: Vec<Uuid> = page.items.iter().map(|row| row.id).collect();
    let shown = page.items.into_iter().map(view).collect();
    listed(&cx, "rbac_policies", &query, &ids, shown)
}

async fn show(cx: Cx<Neutron>, Path(id): Path<String>, query: Query) -> Answer {
    let row = find(&cx, &id).await?;
    wrapped(StatusCode::OK, "rbac_policy", &view(row).only(&query))
}

/// Only an administrator gives access to everybody.
fn allow_target(cx: &Cx<Neutron>, action: &str, target: &str) -> Result<(), Error> {
    let rule = format!("{action}:target_tenant");
    let about = Target::none().with("target_tenant", target);
    if cx.may(&rule, &about) { Ok(()) } else { Err(Error::forbidden(rule)) }
}

async fn create(cx: Cx<Neutron>, body: Body<Value>) -> Answer {
    let bodies = read_create(body.0, "rbac_policy", "rbac_policies", ATTRIBUTES)?;
    let mut change = cx.service.change().await?;
    let mut shown = Vec::new();
    for given in &bodies.given {
        let project = given.project(&cx)?;
        permit_making(&cx, &Target::project(project.as_str()))?;
        let kind = given.text_or("object_type", "");
        if kind != "network" {
            return Err(Error::rbac_bad_type(kind));
        }
        let action = given.text_or("action", "");
        if ![SHARED, EXTERNAL].contains(&action.as_str()) {
            return Err(Error::rbac_bad_action(action));
        }
        let target = given.text("target_tenant").or(given.text("target_project"));
        let target = target.filter(|target| !target.is_empty()).ok_or_else(|| {
            Error::bad_request("Failed to parse request. Required attribute 'target_tenant' not specified")
        })?;
        allow_target(&cx, "create_rbac_policy", target)?;
        admit(&change, &project, Counted::Rbac, 1).await?;
        let id: Uuid = given.parsed("object_id").unwrap_or_default();
        let eyes = Eyes::of(&cx.service, &cx.caller);
        let seen = seen_one(&*change, &eyes.project, id).await?.ok_or_else(|| Error::network_missing(id))?;
        if !cx.is_admin() && seen.network.project_id != eyes.project {
            return Err(Error::network_missing(id));
        }
        if action == EXTERNAL {
            if !cx.is_admin() {
                return Err(Error::forbidden("create_rbac_policy"));
            }
            set_external(&change, seen.network.clone(), true).await?;
        }
        let row = rbac::Model {
            id: Uuid::new_v4(),
            project_id: project,
            object_id: id,
            action,
            target: target.to_owned(),
        };
        let made =
            rbac::Entity::insert(row.clone().into_active_model()).exec_without_returning(&*change).await;
        made.map_err(Error::from)
            .map_err(|error| if error.is_duplicate() { Error::rbac_twice() } else { error })?;
        change.emit(cx.event("rbac_policy.create.end", row.id));
        shown.push(view(row));
    }
    change.commit().await?;
    made(bodies.bulk, "rbac_policy", "rbac_policies", shown)
}

async fn set_external(change: &Change<'_>, mut network: network::Model, external: bool) -> Result<(), Error> {
    if network.external != external {
        network.external = external;
        network::Entity::update(network.into_active_model().reset_all()).exec(&**change).await?;
    }
    Ok(())
}

async fn update(cx: Cx<Neutron>, Path(id): Path<String>, body: Body<Value>) -> Answer {
    let given = read_update(body.0, "rbac_policy", ATTRIBUTES)?;
    let mut row = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    if let Some(target) = given.text("target_tenant").or(given.text("target_project")) {
        allow_target(&cx, "update_rbac_policy", target)?;
        if target != row.target {
            refuse_in_use(&change, &row).await?;
            row.target = target.to_owned();
            let saved =
                rbac::Entity::update(row.clone().into_active_model().reset_all()).exec(&*change).await;
            saved
                .map_err(Error::from)
                .map_err(|error| if error.is_duplicate() { Error::rbac_twice() } else { error })?;
        }
    }
    change.commit().await?;
    wrapped(StatusCode::OK, "rbac_policy", &view(row))
}

/// Access that ports depend on stays.
async fn refuse_in_use(change: &Change<'_>, row: &rbac::Model) -> Result<(), Error> {
    let others = rbac::Entity::find()
        .filter(rbac::Column::ObjectId.eq(row.object_id))
        .filter(rbac::Column::Action.eq(row.action.as_str()))
        .filter(rbac::Column::Id.ne(row.id))
        .all(&**change)
        .await?;
    if others.iter().any(|other| other.target == EVERYBODY || other.target == row.target) {
        return Ok(());
    }
    let mut ports = port::Entity::find().filter(port::Column::NetworkId.eq(row.object_id));
    if row.action == EXTERNAL {
        ports = ports.filter(port::Column::DeviceOwner.is_in([GATEWAY, FLOATING]));
        if !others.is_empty() {
            return Ok(());
        }
    } else {
        let network = network::Entity::find_by_id(row.object_id).one(&**change).await?;
        let owner = network.map(|network| network.project_id).unwrap_or_default();
        ports = ports.filter(port::Column::ProjectId.is_not_in([owner, String::new()]));
        if row.target != EVERYBODY {
            ports = ports.filter(port::Column::ProjectId.eq(row.target.as_str()));
        }
    }
    match ports.one(&**change).await? {
        Some(_) => Err(Error::rbac_in_use(row.object_id)),
        None => Ok(()),
    }
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let row = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    refuse_in_use(&change, &row).await?;
    rbac::Entity::delete_by_id(row.id).exec(&*change).await?;
    if row.action == EXTERNAL {
        let others = rbac::Entity::find()
            .filter(rbac::Column::ObjectId.eq(row.object_id))
            .filter(rbac::Column::Action.eq(EXTERNAL))
            .one(&*change)
            .await?;
        if others.is_none()
            && let Some(network) = network::Entity::find_by_id(row.object_id).one(&*change).await?
        {
            set_external(&change, network, false).await?;
        }
    }
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
