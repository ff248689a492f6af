//! Lists of servers.

use axum::response::Response;
use http::StatusCode;
use platform::{
    View,
    db::list::{self, Kind, ListSpec, Page, Paging},
    http::{self as web, Cx, Fault, Query},
    wire::{At, View},
};
use sea_orm::Order;

use super::{
    super::links::{self, Link},
    filters::{self, InRows},
    view::{self, ServerRef, ServerView, Surroundings},
};
use crate::{
    Nova,
    model::server::{Column, Entity, Model},
};

/// How servers are listed.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
        ("uuid", Column::Id),
        ("id", Column::Id),
        ("display_name", Column::Name),
        ("name", Column::Name),
        ("vm_state", Column::VmState),
        ("power_state", Column::PowerState),
        ("project_id", Column::ProjectId),
        ("user_id", Column::UserId),
        ("hostname", Column::Hostname),
        ("instance_type_id", Column::FlavorId),
        ("memory_mb", Column::MemoryMb),
        ("vcpus", Column::Vcpus),
        ("root_gb", Column::RootGb),
        ("ephemeral_gb", Column::EphemeralGb),
        ("progress", Column::Progress),
        ("locked", Column::Locked),
        ("auto_disk_config", Column::DiskConfig),
        ("launch_index", Column::LaunchIndex),
        ("config_drive", Column::ConfigDrive),
    ],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

async fn page(cx: &Cx<Nova>, query: &Query, rule: &str) -> Result<Page<Model>, Fault> {
    cx.allow()?;
    let mut paging = Paging::read(query)?;
    // Elsewhere 0 stands for the most that a page holds; here for none.
    if paging.limit == Some(0) {
        return Ok(Page { items: Vec::new(), more: false });
    }
    // Nova's default direction is descending.
    if query.all("sort_dir").next().is_none() {
        for (_, order) in &mut paging.sort {
            *order = Order::Desc;
        }
    }
    let Some((select, in_rows)) = filters::filters(cx, query, rule)? else {
        return Ok(Page { items: Vec::new(), more: false });
    };
    let db = cx.service.db.read();
    if in_rows.is_empty() {
        return list::page_of(db, select, &LIST, &paging).await;
    }
    sift(db, select, paging, &in_rows).await
}

/// Reads page after page until enough rows have passed.
async fn sift(
    db: &sea_orm::DatabaseConnection,
    select: sea_orm::Select<Entity>,
    mut paging: Paging,
    in_rows: &InRows,
) -> Result<Page<Model>, Fault> {
    let limit = paging.limit.filter(|limit| *limit > 0).unwrap_or(1000).min(1000) as usize;
    let mut items: Vec<Model> = Vec::new();
    paging.limit = Some(1000);
    loop {
        let page = list::page_of(db, select.clone(), &LIST, &paging).await?;
        paging.marker = page.items.last().map(|row| row.id.to_string());
        items.extend(page.items.into_iter().filter(|row| in_rows.pass(row)));
        if items.len() > limit || !page.more {
            let more = items.len() > limit;
            items.truncate(limit);
            return Ok(Page { items, more });
        }
    }
}

#[derive(View)]
struct Listed<V: View> {
    #[view(nested)]
    servers: Vec<V>,
    #[view(skip_none)]
    servers_links: Option<[Link; 1]>,
}

/// In the short form.
pub async fn index(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query, "os_compute_api:servers:index").await?;
    let servers: Vec<ServerRef<'_>> = page.items.iter().map(|row| ServerRef::new(&cx, row)).collect();
    let last = page.items.last().filter(|_| page.more);
    let servers_links = last.map(|row| links::next(&cx, "servers", &query, row.id));
    web::json(StatusCode::OK, &At(&Listed { servers, servers_links }, cx.version))
}

/// In the whole form.
pub async fn detail(cx: Cx<Nova>, query: Query) -> Result<Response, Fault> {
    let page = page(&cx, &query, "os_compute_api:servers:detail").await?;
    let rows: Vec<&Model> = page.items.iter().collect();
    let around = Surroundings::read(&cx, &rows, false).await?;
    let servers: Vec<ServerView<'_>> = page.items.iter().map(|row| view::full(&cx, row, &around)).collect();
    let last = page.items.last().filter(|_| page.more);
    let servers_links = last.map(|row| links::next(&cx, "servers/detail", &query, row.id));
    web::json(StatusCode::OK, &At(&Listed { servers, servers_links }, cx.version))
}
