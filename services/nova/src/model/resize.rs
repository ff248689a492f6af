//! Resizes, as the lists of migrations show them. A server stays on its host, so source and destination are the same.

use chrono::Utc;
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::Expr};

use super::server;
use crate::server::state::Task;

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

/// What is not over.
const OPEN: [&str; 4] = ["migrating", "finished", "confirming", "reverting"];

/// Records what a task that begins means for the server's resize.
pub async fn begin(
    db: &impl ConnectionTrait,
    server: &server::Model,
    task: Task,
    asker: &super::instance_action::Asker,
) -> Result<(), DbErr> {
    match task {
        Task::ResizePrep => {}
        Task::ResizeConfirming => return turn(db, server.id, "confirming").await,
        Task::ResizeReverting => return turn(db, server.id, "reverting").await,
        _ => return Ok(()),
    }
    let now = Utc::now();
    let row = ActiveModel {
        uuid: Set(Uuid::new_v4()),
        server_id: Set(server.id),
        project_id: Set(asker.project_id.clone()),
        user_id: Set(asker.user_id.clone()),
        host: Set(server.host.clone()),
        status: Set("migrating".to_owned()),
        created_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// Records what a task that ended means for the server's resize.
pub async fn end(db: &impl ConnectionTrait, server: Uuid, task: Task, failed: bool) -> Result<(), DbErr> {
    let status = match (task, failed) {
        (Task::ResizePrep | Task::ResizeConfirming | Task::ResizeReverting, true) => "error",
        (Task::ResizePrep, false) => "finished",
        (Task::ResizeConfirming, false) => "confirmed",
        (Task::ResizeReverting, false) => "reverted",
        _ => return Ok(()),
    };
    turn(db, server, status).await
}

async fn turn(db: &impl ConnectionTrait, server: Uuid, status: &str) -> Result<(), DbErr> {
    Entity::update_many()
        .filter(Column::ServerId.eq(server))
        .filter(Column::Status.is_in(OPEN))
        .col_expr(Column::Status, Expr::value(status))
        .col_expr(Column::UpdatedAt, Expr::value(Utc::now()))
        .exec(db)
        .await
        .map(|_| ())
}
