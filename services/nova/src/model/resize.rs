//! Resizes, as the lists of migrations show them. A server stays on its host, so source and destination are the same.

use chrono::Utc;
use platform::{
    db::{WriteTx, list::Page, owned::Scope},
    http::{Cx, Fault, Query, Service},
    wire::Version,
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, Select, entity::prelude::*, sea_query::Expr};

use super::server;
use crate::{server::state::Task, times};

mod row {
    use sea_orm::entity::prelude::*;

    /// A resize.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "resizes")]
    pub struct Model {
        /// A number.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// Its id in lists since 2.59.
        pub uuid: Uuid,
        /// The server.
        pub server_id: Uuid,
        /// Who asked for it: the project.
        pub project_id: String,
        /// Who asked for it: the user.
        pub user_id: String,
        /// Where the server is.
        pub host: Option<String>,
        /// `migrating`, `finished`, `confirming`, `confirmed`, `reverting`, `reverted`, `error`.
        pub status: String,
        /// When it was asked for.
        pub created_at: ChronoDateTimeUtc,
        /// When it changed last.
        pub updated_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{ActiveModel, Column, Entity};

/// What is not over.
const OPEN: [&str; 4] = ["migrating", "finished", "confirming", "reverting"];

/// Records what a task that begins means for the server's resize.
pub async fn begin<S: Service>(
    tx: &WriteTx,
    server: &server::Model,
    task: Task,
    cx: &Cx<S>,
) -> Result<(), DbErr> {
    match task {
        Task::ResizePrep => {}
        Task::ResizeConfirming => return turn(tx, server, "confirming").await,
        Task::ResizeReverting => return turn(tx, server, "reverting").await,
        _ => return Ok(()),
    }
    let now = Utc::now();
    let row = ActiveModel {
        uuid: Set(Uuid::new_v4()),
        server_id: Set(server.id),
        project_id: Set(cx.caller.project_id().unwrap_or_default().to_owned()),
        user_id: Set(cx.caller.user.id.clone()),
        host: Set(server.host.clone()),
        status: Set("migrating".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(&**tx).await.map(drop)
}

/// Records what a task that ended means for the server's resize.
pub async fn end(tx: &WriteTx, server: &server::Model, task: Task, failed: bool) -> Result<(), DbErr> {
    let status = match (task, failed) {
        (Task::ResizePrep | Task::ResizeConfirming | Task::ResizeReverting, true) => "error",
        (Task::ResizePrep, false) => "finished",
        (Task::ResizeConfirming, false) => "confirmed",
        (Task::ResizeReverting, false) => "reverted",
        _ => return Ok(()),
    };
    turn(tx, server, status).await
}

async fn turn(tx: &WriteTx, server: &server::Model, status: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .filter(Column::ServerId.eq(server.id))
        .filter(Column::Status.is_in(OPEN))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()))
        .exec(&**tx)
        .await
        .map(drop)
}

/// Removes those of a server.
pub async fn delete_of(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ServerId.eq(server.id)).exec(&**tx).await.map(drop)
}

/// The page of a scope that a query asks for, the newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &Query,
    version: Version,
    limit: u64,
) -> Result<Page<Model>, Fault> {
    let select = filtered(db, scope, query, version).await?;
    let mut items = select.order_by_desc(Column::Id).limit(limit + 1).all(db).await?;
    let more = items.len() as u64 > limit;
    items.truncate(limit as usize);
    Ok(Page { items, more })
}

async fn filtered(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &Query,
    version: Version,
) -> Result<Select<Entity>, Fault> {
    let mut select = Entity::find().filter(scope.by_project(Column::ProjectId));
    if let Some(user) = query.get("user_id").filter(|_| version >= Version::new(2, 80)) {
        select = select.filter(Column::UserId.eq(user));
    }
    if let Some(server) = query.get("instance_uuid") {
        select = select.filter(Column::ServerId.eq(Uuid::parse_str(server).unwrap_or_default()));
    }
    for (name, column) in
        [("status", Column::Status), ("host", Column::Host), ("source_compute", Column::Host)]
    {
        let asked: Vec<&str> = query.all(name).collect();
        if !asked.is_empty() {
            select = select.filter(column.is_in(asked));
        }
    }
    // Paging came with 2.59.
    if version < Version::new(2, 59) {
        return Ok(select);
    }
    let time = |name: &str| -> Result<Option<_>, Fault> {
        let Some(text) = query.get(name) else { return Ok(None) };
        let invalid = || Fault::bad_request(format!("Invalid {name}: it is not a date and time."));
        times::parse(text).ok_or_else(invalid).map(Some)
    };
    if let Some(since) = time("changes-since")? {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    if version >= Version::new(2, 66)
        && let Some(before) = time("changes-before")?
    {
        select = select.filter(Column::UpdatedAt.lte(before));
    }
    if let Some(marker) = query.get("marker") {
        let missing = || Fault::bad_request(format!("Marker {marker} could not be found."));
        let id = Uuid::parse_str(marker).map_err(|_| missing())?;
        let row = Entity::find().filter(Column::Uuid.eq(id)).one(db).await?;
        select = select.filter(Column::Id.lt(row.ok_or_else(missing)?.id));
    }
    Ok(select)
}
