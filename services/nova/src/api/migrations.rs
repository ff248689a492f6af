//! `/os-migrations` and `/servers/{id}/migrations`: resizes. Servers do not move between hosts while they run, so no live
//! migration is ever under way.

use axum::{extract::Path, response::Response};
use http::{Method, StatusCode};
use platform::{
    View,
    http::{Cx, Fault, Query, Routes, json},
    policy::Target,
    wire::{At, Version},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    links::{self, Link},
    lookup,
};
use crate::{
    Nova,
    model::resize::{self, Model},
    times::Micro,
};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new().get("/v2.1/os-migrations", "os_compute_api:os-migrations:index", index).versioned(
        Method::GET,
        "/v2.1/servers/{id}/migrations",
        "os_compute_api:servers:migrations:index",
        Some((2, 23)),
        None,
        of_server,
    )
}

#[derive(View)]
struct Migration<'a> {
    id: i64,
    #[view(since = "2.59")]
    uuid: Uuid,
    instance_uuid: Uuid,
    status: &'a str,
    #[view(since = "2.23")]
    migration_type: &'static str,
    source_compute: Option<&'a str>,
    source_node: Option<&'a str>,
    dest_compute: Option<&'a str>,
    dest_node: Option<&'a str>,
    dest_host: Option<&'a str>,
    /// Numbers of a table that flavors are not kept in here.
    old_instance_type_id: Option<i64>,
    new_instance_type_id: Option<i64>,
    created_at: Micro,
    updated_at: Micro,
    #[view(since = "2.80")]
    user_id: &'a str,
    #[view(since = "2.80")]
    project_id: &'a str,
}

#[derive(View)]
struct Listed<'a> {
    #[view(nested)]
    migrations: Vec<Migration<'a>>,
    #[view(since = "2.59", skip_none)]
    migrations_links: Option<[Link; 1]>,
}

fn view(row: &Model, hosts: bool) -> Migration<'_> {
    let host = row.host.as_deref().filter(|_| hosts);
    Migration {
        id: row.id,
        uuid: row.uuid,
        instance_uuid: row.server_id,
        status: &row.status,
        migration_type: "resize",
        source_compute: host,
        source_node: host,
        dest_compute: host,
        dest_node: host,
        dest_host: None,
        old_instance_type_id: None,
        new_instance_type_id: None,
        created_at: Micro(row.created_at),
        updated_at: Micro(row.updated_at),
        user_id: &row.user_id,
        project_id: &row.project_id,
    }
}

async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let own = cx.own_scope()?;
    let project = query.get("project_id").filter(|_| cx.version >= Version::new(2, 80));
    let scope = if project.is_some() && project == cx.caller.project_id() {
        own
    } else {
        let all = cx.scope_of_all("os_compute_api:os-migrations:index:all_projects")?;
        project.map_or(all.clone(), |project| all.narrowed(project))
    };
    let hosts = cx.may("os_compute_api:os-migrations:index:host", &Target::none());
    // Nothing is hidden, and nothing but resizes is there.
    let none = query.get("migration_type").is_some_and(|kind| kind != "resize")
        || query.flag("hidden")?.unwrap_or(false);
    let paged = cx.version >= Version::new(2, 59);
    let limit = query.read::<u64>("limit")?.filter(|_| paged).map_or(1000, |limit| limit.min(1000));
    if none || limit == 0 {
        return json(StatusCode::OK, &json!({"migrations": []}));
    }
    let page = resize::page(cx.service.db.read(), &scope, &query, cx.version, limit).await?;
    let last = page.items.last().filter(|_| page.more);
    let migrations_links = last.map(|row| links::next(&cx, "os-migrations", &query, row.uuid));
    let migrations = page.items.iter().map(|row| view(row, hosts)).collect();
    json(StatusCode::OK, &At(&Listed { migrations, migrations_links }, cx.version))
}

async fn of_server(cx: Cx<Nova>, Path(id): Path<String>) -> Result<Response, Fault> {
    lookup::server(&cx, &id).await?;
    json(StatusCode::OK, &json!({"migrations": []}))
}
