//! What was done to servers, by whom, and how it ended.

use chrono::Utc;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

/// Something that was asked of a server.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "instance_actions")]
pub struct Model {
    /// A number.
    #[sea_orm(primary_key)]
    pub id: i64,
    /// The server.
    pub server_id: Uuid,
    /// `create`, `stop`, ...
    pub action: String,
    /// By which request.
    pub request_id: String,
    /// By whom.
    pub user_id: String,
    /// In which project.
    pub project_id: String,
    /// When.
    pub started_at: ChronoDateTimeUtc,
    /// When something was last known of it.
    pub updated_at: ChronoDateTimeUtc,
    /// `Error` when it failed.
    pub message: Option<String>,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The parts of actions that took time.
pub mod event {
    use sea_orm::entity::prelude::*;

    /// A part of an action.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "instance_action_events")]
    pub struct Model {
        /// A number.
        #[sea_orm(primary_key)]
        pub id: i64,
        /// The action.
        pub action_id: i64,
        /// `compute__do_build_and_run_instance`, ...
        pub event: String,
        /// When.
        pub started_at: ChronoDateTimeUtc,
        /// When it ended.
        pub finished_at: Option<ChronoDateTimeUtc>,
        /// `Success` or `Error`.
        pub result: Option<String>,
        /// On which host.
        pub host: Option<String>,
        /// What went wrong, fit for users.
        pub details: Option<String>,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Who asks, for the record.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The request.
    pub request_id: String,
    /// The user.
    pub user_id: String,
    /// The project.
    pub project_id: String,
}

/// Records that something was asked of a server.
pub async fn begin(
    db: &impl ConnectionTrait,
    server: Uuid,
    action: &str,
    asker: &Asker,
) -> Result<(), DbErr> {
    let now = Utc::now();
    let row = ActiveModel {
        server_id: Set(server),
        action: Set(action.to_owned()),
        request_id: Set(asker.request_id.clone()),
        user_id: Set(asker.user_id.clone()),
        project_id: Set(asker.project_id.clone()),
        started_at: Set(now),
        updated_at: Set(now),
        message: Set(None),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(db).await.map(|_| ())
}

/// Records how a part of the server's latest action of that name ended.
pub async fn finish(
    db: &impl ConnectionTrait,
    server: Uuid,
    action: &str,
    event: &str,
    host: Option<&str>,
    failure: Option<&str>,
) -> Result<(), DbErr> {
    let latest = Entity::find()
        .filter(Column::ServerId.eq(server))
        .filter(Column::Action.eq(action))
        .order_by_desc(Column::Id)
        .limit(1)
        .one(db)
        .await?;
    let Some(latest) = latest else { return Ok(()) };
    let now = Utc::now();
    let row = event::ActiveModel {
        action_id: Set(latest.id),
        event: Set(event.to_owned()),
        started_at: Set(latest.started_at),
        finished_at: Set(Some(now)),
        result: Set(Some(if failure.is_some() { "Error" } else { "Success" }.to_owned())),
        host: Set(host.map(str::to_owned)),
        details: Set(failure.map(str::to_owned)),
        ..Default::default()
    };
    event::Entity::insert(row).exec_without_returning(db).await?;
    let mut update = Entity::update_many().filter(Column::Id.eq(latest.id));
    update = update.col_expr(Column::UpdatedAt, Expr::value(now));
    if failure.is_some() {
        update = update.col_expr(Column::Message, Expr::value("Error"));
    }
    update.exec(db).await.map(|_| ())
}
