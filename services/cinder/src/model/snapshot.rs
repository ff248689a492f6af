//! Snapshots.

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        opened,
        owned::{Inside, Owned, Scope, Sealed},
    },
    http::{Fault, Query},
    policy::Target,
};
use sea_orm::{ActiveValue::Set, Order, QuerySelect, Select, entity::prelude::*, sea_query::Expr};

use super::{metadata, volume};
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// A snapshot of a volume.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "snapshots")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Of this volume.
        pub volume_id: Uuid,
        /// The project that owns it.
        pub project_id: String,
        /// The user who made it.
        pub user_id: String,
        /// Empty for none.
        pub name: String,
        /// Empty for none.
        pub description: Option<String>,
        /// GiB of the volume at that time.
        pub size: i64,
        /// As the API shows it; the reconciler goes by it.
        pub status: String,
        /// The status that an administrator set by hand: nobody works on it.
        pub by_hand: bool,
        /// How far it is, where somebody said so: `80%`.
        pub progress: Option<String>,
        /// The group snapshot that it belongs to.
        pub group_snapshot_id: Option<Uuid>,
        /// The user's own pairs.
        pub metadata: Json,
        /// Why it is in error: for administrators and the log.
        pub fault: Option<String>,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
        /// When it last changed.
        pub updated_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{ActiveModel, Column, Entity};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::SnapshotNotFound(Error::shown(id))
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("status", Column::Status, Kind::Text),
        ("name", Column::Name, Kind::Text),
        ("display_name", Column::Name, Kind::Text),
        ("volume_id", Column::VolumeId, Kind::Uuid),
        ("id", Column::Id, Kind::Uuid),
    ],
    sorts: &[
        ("created_at", Column::CreatedAt),
        ("updated_at", Column::UpdatedAt),
        ("name", Column::Name),
        ("display_name", Column::Name),
        ("status", Column::Status),
        ("id", Column::Id),
        ("volume_id", Column::VolumeId),
    ],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

/// Statuses in which there is something to bring about, unless they were set by hand.
const OUTSTANDING: [&str; 2] = ["creating", "deleting"];

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those of a scope that have the metadata that the query asks for.
pub(crate) fn visible(
    db: &impl ConnectionTrait,
    scope: &Scope,
    query: &Query,
) -> Result<Select<Entity>, Fault> {
    let rows = Entity::find().filter(scope.by_project(Column::ProjectId));
    metadata::filtered(rows, query, Column::Metadata, db)
}

/// Those with something to bring about.
pub(crate) async fn pending(db: &impl ConnectionTrait, _: &Inside) -> Result<Vec<Uuid>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Status.is_in(OUTSTANDING))
        .filter(Column::ByHand.eq(false))
        .into_tuple()
        .all(db)
        .await
}

fn of(volume: &volume::Model) -> Select<Entity> {
    Entity::find().filter(Column::VolumeId.eq(volume.id))
}

/// Whether a volume has any.
pub(crate) async fn are_of(tx: &WriteTx, volume: &volume::Model) -> Result<bool, DbErr> {
    Ok(of(volume).count(&**tx).await? > 0)
}

/// Whether a volume has any that are not available.
pub(crate) async fn are_unready(tx: &WriteTx, volume: &volume::Model) -> Result<bool, DbErr> {
    Ok(of(volume).filter(Column::Status.ne("available")).count(&**tx).await? > 0)
}

/// The ids of a volume's.
pub(crate) async fn ids(db: &impl ConnectionTrait, volume: &volume::Model) -> Result<Vec<Uuid>, DbErr> {
    of(volume).select_only().column(Column::Id).into_tuple().all(db).await
}

/// The GiB of each of a volume's.
pub(crate) async fn sizes(tx: &WriteTx, volume: &volume::Model) -> Result<Vec<i64>, DbErr> {
    of(volume).select_only().column(Column::Size).into_tuple().all(&**tx).await
}

/// Changes a snapshot's status, if it is one of `from`; whether it was.
pub(crate) async fn transition(
    tx: &WriteTx,
    snapshot: &Model,
    from: &[&str],
    to: &str,
) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value(to))
        .col_expr(Column::ByHand, Expr::value(false))
        .col_expr(Column::Progress, Expr::value(Option::<String>::None))
        .col_expr(Column::UpdatedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(snapshot.id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Sets a status as an administrator (or who makes the snapshot) says, for nobody to work on.
pub(crate) async fn set_by_hand(
    tx: &WriteTx,
    snapshot: &Model,
    status: &str,
    progress: Option<String>,
) -> Result<(), DbErr> {
    let set = ActiveModel {
        status: Set(status.to_owned()),
        progress: Set(progress),
        by_hand: Set(true),
        updated_at: Set(chrono::Utc::now()),
        ..Default::default()
    };
    opened::change(tx, snapshot, set).await
}

/// Records the name and description that the user gave.
pub(crate) async fn describe(tx: &WriteTx, snapshot: &Model) -> Result<(), DbErr> {
    let set = ActiveModel {
        name: Set(snapshot.name.clone()),
        description: Set(snapshot.description.clone()),
        updated_at: Set(snapshot.updated_at),
        ..Default::default()
    };
    opened::change(tx, snapshot, set).await
}

pub(crate) async fn set_metadata(tx: &WriteTx, snapshot: &Model, pairs: Json) -> Result<(), DbErr> {
    let updated_at = Set(chrono::Utc::now());
    opened::change(tx, snapshot, ActiveModel { metadata: Set(pairs), updated_at, ..Default::default() }).await
}

pub(crate) async fn set_fault(tx: &WriteTx, snapshot: &Model, why: String) -> Result<(), DbErr> {
    opened::change(tx, snapshot, ActiveModel { fault: Set(Some(why)), ..Default::default() }).await
}

/// A volume's are that project's, and that user's, from now on.
pub(crate) async fn give_of(
    tx: &WriteTx,
    volume: &volume::Model,
    project: &str,
    user: &str,
) -> Result<(), DbErr> {
    let (project_id, user_id) = (Set(project.to_owned()), Set(user.to_owned()));
    let set = ActiveModel { project_id, user_id, ..Default::default() };
    Entity::update_many().set(set).filter(Column::VolumeId.eq(volume.id)).exec(&**tx).await?;
    Ok(())
}

pub(super) async fn delete_of(tx: &WriteTx, volume: &volume::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::VolumeId.eq(volume.id)).exec(&**tx).await?;
    Ok(())
}
