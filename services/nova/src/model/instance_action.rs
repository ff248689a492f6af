//! What was done to servers, by whom, and how it ended.

use chrono::{DateTime, Utc};
use platform::{
    db::{WriteTx, list::Page},
    http::{Cx, Service},
};
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect, Select, entity::prelude::*, sea_query::Expr};

use super::server;

mod row {
    use sea_orm::entity::prelude::*;

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
}

pub use row::Model;
use row::{ActiveModel, Column, Entity};

mod event {
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

pub use event::Model as Event;

/// Records that something was asked of a server.
pub async fn begin<S: Service>(
    tx: &WriteTx,
    server: &server::Model,
    action: &str,
    cx: &Cx<S>,
) -> Result<(), DbErr> {
    let now = Utc::now();
    let row = ActiveModel {
        server_id: Set(server.id),
        action: Set(action.to_owned()),
        request_id: Set(cx.request_id.0.to_string()),
        user_id: Set(cx.caller.user.id.clone()),
        project_id: Set(cx.caller.project_id().unwrap_or_default().to_owned()),
        started_at: Set(now),
        updated_at: Set(now),
        message: Set(None),
        ..Default::default()
    };
    Entity::insert(row).exec_without_returning(&**tx).await.map(drop)
}

/// Records how a part of the server's latest action of that name ended.
pub async fn finish(
    tx: &WriteTx,
    server: &server::Model,
    (action, event): (&str, &str),
    failure: Option<&str>,
) -> Result<(), DbErr> {
    let latest =
        of(server).filter(Column::Action.eq(action)).order_by_desc(Column::Id).limit(1).one(&**tx).await?;
    let Some(latest) = latest else { return Ok(()) };
    let now = Utc::now();
    let row = event::ActiveModel {
        action_id: Set(latest.id),
        event: Set(event.to_owned()),
        started_at: Set(latest.started_at),
        finished_at: Set(Some(now)),
        result: Set(Some(if failure.is_some() { "Error" } else { "Success" }.to_owned())),
        host: Set(server.host.clone()),
        details: Set(failure.map(str::to_owned)),
        ..Default::default()
    };
    event::Entity::insert(row).exec_without_returning(&**tx).await?;
    let mut update = Entity::update_many().filter(Column::Id.eq(latest.id));
    update = update.col_expr(Column::UpdatedAt, Expr::value(now));
    if failure.is_some() {
        update = update.col_expr(Column::Message, Expr::value("Error"));
    }
    update.exec(&**tx).await.map(drop)
}

/// Which of a server's actions are asked for.
#[derive(Debug, Default)]
pub struct Asked {
    /// Changed at that time or later.
    pub since: Option<DateTime<Utc>>,
    /// Changed at that time or before.
    pub before: Option<DateTime<Utc>>,
    /// Older than that one.
    pub behind: Option<Model>,
}

fn of(server: &server::Model) -> Select<Entity> {
    Entity::find().filter(Column::ServerId.eq(server.id))
}

/// A page of what was asked of a server, the newest first.
pub async fn page(
    db: &impl ConnectionTrait,
    server: &server::Model,
    asked: &Asked,
    limit: u64,
) -> Result<Page<Model>, DbErr> {
    let mut select = of(server).order_by_desc(Column::Id);
    if let Some(since) = asked.since {
        select = select.filter(Column::UpdatedAt.gte(since));
    }
    if let Some(before) = asked.before {
        select = select.filter(Column::UpdatedAt.lte(before));
    }
    if let Some(newer) = &asked.behind {
        select = select.filter(Column::Id.lt(newer.id));
    }
    let mut items = select.limit(limit + 1).all(db).await?;
    let more = items.len() as u64 > limit;
    items.truncate(limit as usize);
    Ok(Page { items, more })
}

/// What a request asked of a server.
pub async fn by_request(
    db: &impl ConnectionTrait,
    server: &server::Model,
    request: &str,
) -> Result<Option<Model>, DbErr> {
    of(server).filter(Column::RequestId.eq(request)).one(db).await
}

/// The parts of an action that took time, the newest first.
pub async fn events(db: &impl ConnectionTrait, action: &Model) -> Result<Vec<Event>, DbErr> {
    let parts = event::Entity::find().filter(event::Column::ActionId.eq(action.id));
    parts.order_by_desc(event::Column::Id).all(db).await
}
