//! What servers use: counted for quotas, and over time.

use chrono::{DateTime, Utc};
use platform::db::owned::Scope;
use sea_orm::{
    Condition, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, Func},
};

use super::{
    living,
    row::{Column, Entity, Model},
};

/// Processors, memory in MiB, and how many servers have so much. Servers of one size are counted together, so that this
/// costs what there are sizes. `user`: only that one's.
pub async fn sizes(
    db: &impl ConnectionTrait,
    scope: &Scope,
    user: Option<&str>,
) -> Result<Vec<(i64, i64, i64)>, DbErr> {
    let mut servers = living().filter(scope.by_project(Column::ProjectId));
    if let Some(user) = user {
        servers = servers.filter(Column::UserId.eq(user));
    }
    servers
        .select_only()
        .column(Column::Vcpus)
        .column(Column::MemoryMb)
        .column_as(Expr::expr(Func::count(Expr::col((Entity, Column::Id)))), "counted")
        .group_by(Column::Vcpus)
        .group_by(Column::MemoryMb)
        .into_tuple()
        .all(db)
        .await
}

/// Servers that were there at some time between these two, be they gone.
pub async fn ran_between(
    db: &impl ConnectionTrait,
    scope: &Scope,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(scope.by_project(Column::ProjectId))
        .filter(Column::LaunchedAt.is_not_null())
        .filter(Column::LaunchedAt.lt(end))
        .filter(Condition::any().add(Column::TerminatedAt.is_null()).add(Column::TerminatedAt.gt(start)))
        .order_by_asc(Column::CreatedAt)
        .all(db)
        .await
}
