//! `/flavors/{id}/os-flavor-access`, and the actions that change it.

use axum::{extract::Path, response::Response};
use http::StatusCode;
use platform::{
    Body,
    http::{self as web, Action, Cx, Fault, Routes},
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Nova,
    error::NovaError,
    model::flavor::{self, access},
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    const ADD: &str = "os_compute_api:os-flavor-access:add_tenant_access";
    const REMOVE: &str = "os_compute_api:os-flavor-access:remove_tenant_access";
    Routes::new()
        .get("/v2.1/flavors/{id}/os-flavor-access", "os_compute_api:os-flavor-access", index)
        .post("/v2.1/flavors/{id}/action", ADD, act)
        .actions([Action::new("addTenantAccess", ADD), Action::new("removeTenantAccess", REMOVE)])
}

#[derive(Deserialize, Body)]
struct Act {
    #[serde(rename = "addTenantAccess")]
    add: Option<Tenant>,
    #[serde(rename = "removeTenantAccess")]
    remove: Option<Tenant>,
}

#[derive(Deserialize, Body)]
struct Tenant {
    #[body(min = 1, max = 255, pattern = "^[a-zA-Z0-9-]*$")]
    tenant: String,
}

async fn flavor_of(cx: &Cx<Nova>, id: &str) -> Result<flavor::Model, Fault> {
    let row = flavor::Entity::find_by_id(id).one(cx.service.db.read()).await?;
    Ok(row.ok_or_else(|| NovaError::FlavorNotFound(id.to_owned()))?)
}

async fn listed(cx: &Cx<Nova>, id: &str) -> Result<Response, Fault> {
    let rows = access::Entity::find()
        .filter(access::Column::FlavorId.eq(id))
        .order_by_asc(access::Column::ProjectId)
        .all(cx.service.db.read())
        .await?;
    let list: Vec<_> =
        rows.iter().map(|row| json!({"flavor_id": row.flavor_id, "tenant_id": row.project_id})).collect();
    web::json(StatusCode::OK, &json!({"flavor_access": list}))
}

async fn index(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    cx.allow()?;
    if flavor_of(&cx, &id).await?.is_public {
        return Err(NovaError::NotFound("Access list not available for public flavors.".into()).into());
    }
    listed(&cx, &id).await
}

async fn act(
    cx: Cx<Nova>,
    Path(id): Path<String>,
    web::Body(body): web::Body<Act>,
) -> Result<Response, Fault> {
    let anybody = platform::policy::Target::none();
    match (body.add, body.remove) {
        (Some(tenant), None) => {
            cx.allow_rule("os_compute_api:os-flavor-access:add_tenant_access", &anybody)?;
            add(&cx, &id, tenant.tenant).await?;
        }
        (None, Some(tenant)) => {
            cx.allow_rule("os_compute_api:os-flavor-access:remove_tenant_access", &anybody)?;
            remove(&cx, &id, tenant.tenant).await?;
        }
        _ => return Err(Fault::bad_request("There is no such action.")),
    }
    listed(&cx, &id).await
}

async fn add(cx: &Cx<Nova>, id: &str, project: String) -> Result<(), Fault> {
    if flavor_of(cx, id).await?.is_public {
        return Err(NovaError::Conflict("Can not add access to a public flavor.".into()).into());
    }
    let tx = cx.service.db.write().await?;
    let key = (id.to_owned(), project.clone());
    if access::Entity::find_by_id(key).one(&*tx).await?.is_some() {
        let message =
            format!("Flavor access already exists for flavor {id} and project {project} combination.");
        return Err(NovaError::Conflict(message).into());
    }
    let row = access::ActiveModel { flavor_id: Set(id.to_owned()), project_id: Set(project) };
    access::Entity::insert(row).exec_without_returning(&*tx).await?;
    Ok(tx.commit().await?)
}

async fn remove(cx: &Cx<Nova>, id: &str, project: String) -> Result<(), Fault> {
    flavor_of(cx, id).await?;
    let tx = cx.service.db.write().await?;
    let gone = access::Entity::delete_by_id((id.to_owned(), project.clone())).exec(&*tx).await?;
    if gone.rows_affected == 0 {
        let message = format!("Flavor access not found for {id} / {project} combination.");
        return Err(NovaError::NotFound(message).into());
    }
    Ok(tx.commit().await?)
}
