//! `/v2.0/rbac-policies`: networks shared with single projects.

use axum::{extract::Path, http::StatusCode, response::IntoResponse};
use platform::{
    http::{Body, Cx, Query, Routes},
    policy::Target,
};
use sea_orm::DbErr;
use serde_json::Value;
use uuid::Uuid;

use super::{
    attributes::{Attribute, Is, read_create, read_update},
    listing::page,
    permit_making,
    shown::{Answer, Shown, listed, made, wrapped},
};
use crate::{
    Neutron,
    change::Change,
    error::Error,
    model::{
        Eyes, network, port,
        rbac::{self, EVERYBODY, EXTERNAL, SHARED},
    },
    quota::{Counted, admit},
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::new("object_type", Is::Text(64)).fixed().required(),
    Attribute::new("object_id", Is::Id).fixed().required(),
    Attribute::new("action", Is::Text(64)).fixed().required(),
    Attribute::new("target_tenant", Is::Text(255)),
    Attribute::new("target_project", Is::Text(255)),
];

pub(super) fn routes() -> Routes<Neutron> {
    Routes::new()
        .get("/v2.0/rbac-policies", "get_rbac_policy", list)
        .list(&rbac::LIST)
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

/// The policy, if the caller may do to it what the route does.
async fn find(cx: &Cx<Neutron>, id: &str) -> Result<rbac::Model, Error> {
    Ok(cx.open(rbac::find(cx.service.db.read(), id).await?)?)
}

async fn list(cx: Cx<Neutron>, query: Query) -> Answer {
    let select = rbac::visible(&Eyes::of(&cx)?, &query);
    let page = page(&cx.service, select, &rbac::LIST, &query, &["object_type"]).await?;
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
        let network = cx.open_for("get_network", network::find(&*change, &cx.caller, id).await?)?.network;
        if !cx.is_admin() && Some(network.project_id.as_str()) != cx.caller.project_id() {
            return Err(Error::network_missing(id));
        }
        if action == EXTERNAL {
            if !cx.is_admin() {
                return Err(Error::forbidden("create_rbac_policy"));
            }
            network::set_external(&change, network, true).await?;
        }
        let row = rbac::Model {
            id: Uuid::new_v4(),
            project_id: project,
            object_id: id,
            action,
            target: target.to_owned(),
        };
        change.insert(&row).await.map_err(unless_twice)?;
        change.emit(cx.event("rbac_policy.create.end", row.id));
        shown.push(view(row));
    }
    change.commit().await?;
    made(bodies.bulk, "rbac_policy", "rbac_policies", shown)
}

/// Equal ones are there once.
fn unless_twice(error: DbErr) -> Error {
    if platform::db::is_duplicate(&error) { Error::rbac_twice() } else { error.into() }
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
            change.save(&row).await.map_err(unless_twice)?;
        }
    }
    change.commit().await?;
    wrapped(StatusCode::OK, "rbac_policy", &view(row))
}

/// Access that ports depend on stays.
async fn refuse_in_use(change: &Change<'_>, row: &rbac::Model) -> Result<(), Error> {
    let others = rbac::other_targets(&**change, row).await?;
    if others.iter().any(|other| other == EVERYBODY || *other == row.target) {
        return Ok(());
    }
    let used = match network::of(&**change, row).await? {
        Some(network) if row.action == EXTERNAL => {
            others.is_empty() && port::need_outside(&**change, &network).await?
        }
        _ => port::use_access(&**change, row).await?,
    };
    if used { Err(Error::rbac_in_use(row.object_id)) } else { Ok(()) }
}

async fn delete(cx: Cx<Neutron>, Path(id): Path<String>) -> Answer {
    let row = find(&cx, &id).await?;
    let change = cx.service.change().await?;
    refuse_in_use(&change, &row).await?;
    change.delete(&row).await?;
    if row.action == EXTERNAL
        && rbac::other_targets(&*change, &row).await?.is_empty()
        && let Some(network) = network::of(&*change, &row).await?
    {
        network::set_external(&change, network, false).await?;
    }
    change.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
