//! Lists of servers, by page.

use platform::{
    db::{
        list::{self, Kind, ListSpec, Page, Paging},
        owned::Scope,
    },
    http::{Fault, Query},
};
use sea_orm::{DatabaseConnection, Order, Select};

use super::{
    filters::{self, Asking, InRows},
    row::{Column, Entity, Model},
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

/// The page of a scope that a query asks for.
pub async fn page(
    db: &DatabaseConnection,
    scope: &Scope,
    query: &Query,
    paging: Paging,
    asking: Asking,
) -> Result<Page<Model>, Fault> {
    match filters::filtered(scope, query, asking)? {
        None => Ok(Page { items: Vec::new(), more: false }),
        Some((select, in_rows)) if in_rows.is_empty() => list::page_of(db, select, &LIST, &paging).await,
        Some((select, in_rows)) => sift(db, select, paging, &in_rows).await,
    }
}

/// Reads page after page until enough rows have passed.
async fn sift(
    db: &DatabaseConnection,
    select: Select<Entity>,
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
