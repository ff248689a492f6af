//! Attachments: which server has, or is about to have, which volume.

use std::collections::HashMap;

use platform::{
    db::{
        WriteTx,
        list::{Kind, ListSpec},
        owned::{Owned, Scope, Sealed},
    },
    policy::Target,
};
use sea_orm::{Order, Select, entity::prelude::*, sea_query::Expr};

use super::volume::{self, OfVolume};
use crate::error::Error;

mod row {
    use sea_orm::entity::prelude::*;

    /// An attachment.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachments")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The volume.
        pub volume_id: Uuid,
        /// The project that owns the volume.
        pub project_id: String,
        /// The server.
        pub instance: Option<Uuid>,
        /// Whether Nova made it: only Nova takes it away (OSSA-2023-003).
        pub of_nova: bool,
        /// `reserved`, `attaching`, `attached`, `detaching`.
        pub status: String,
        /// `rw` or `ro`.
        pub mode: String,
        /// The host.
        pub host: Option<String>,
        /// The disk's name in the guest: `/dev/vdb`.
        pub mountpoint: Option<String>,
        /// When it was made.
        pub created_at: ChronoDateTimeUtc,
        /// When the machine had it.
        pub attached_at: Option<ChronoDateTimeUtc>,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
use row::{Column, Entity};

impl Owned for Model {
    type Missing = Error;

    fn target(&self) -> Target<'_> {
        Target::project(self.project_id.as_str())
    }

    fn missing(id: &str) -> Error {
        Error::AttachmentNotFound(Error::shown(id))
    }
}

pub(crate) static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[
        ("volume_id", Column::VolumeId, Kind::Uuid),
        ("instance_id", Column::Instance, Kind::Uuid),
        ("status", Column::Status, Kind::Text),
        ("attach_status", Column::Status, Kind::Text),
    ],
    sorts: &[("created_at", Column::CreatedAt), ("id", Column::Id), ("status", Column::Status)],
    default_sort: &[("created_at", Order::Desc)],
    max_limit: Some(1000),
};

pub(crate) async fn find(db: &impl ConnectionTrait, id: impl ToString) -> Result<Sealed<Model>, DbErr> {
    Sealed::find(db, id).await
}

/// Those of a scope.
pub(crate) fn visible(scope: &Scope) -> Select<Entity> {
    Entity::find().filter(scope.by_project(Column::ProjectId))
}

/// All of a volume.
pub(crate) async fn of(db: &impl ConnectionTrait, volume: &impl OfVolume) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::VolumeId.eq(volume.volume_id())).all(db).await
}

/// Those of each of these volumes that are shown with it.
pub(crate) async fn shown_with(
    db: &impl ConnectionTrait,
    volumes: &[volume::Model],
) -> Result<HashMap<Uuid, Vec<Model>>, DbErr> {
    let mut attachments: HashMap<Uuid, Vec<Model>> = HashMap::new();
    if !volumes.is_empty() {
        let found = Entity::find()
            .filter(Column::VolumeId.is_in(volumes.iter().map(|volume| volume.id)))
            .filter(Column::Status.is_in(["attached", "detaching"]));
        for row in found.all(db).await? {
            attachments.entry(row.volume_id).or_default().push(row);
        }
    }
    Ok(attachments)
}

/// Records where it is to be, as the row says by now, if it still is in one of these statuses; whether it was.
pub(crate) async fn connect(tx: &WriteTx, attachment: &Model, from: &[&str]) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value("attaching"))
        .col_expr(Column::Host, Expr::value(attachment.host.clone()))
        .col_expr(Column::Mountpoint, Expr::value(attachment.mountpoint.clone()))
        .col_expr(Column::Mode, Expr::value(attachment.mode.clone()))
        .filter(Column::Id.eq(attachment.id))
        .filter(Column::Status.is_in(from.iter().copied()))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// The machine has it, under that name; whether it did not have it before.
pub(crate) async fn complete(tx: &WriteTx, attachment: &Model, device: Option<&str>) -> Result<bool, DbErr> {
    let changed = Entity::update_many()
        .col_expr(Column::Status, Expr::value("attached"))
        .col_expr(Column::Mountpoint, Expr::value(device))
        .col_expr(Column::AttachedAt, Expr::value(chrono::Utc::now()))
        .filter(Column::Id.eq(attachment.id))
        .filter(Column::Status.ne("attached"))
        .exec(&**tx)
        .await?;
    Ok(changed.rows_affected == 1)
}

pub(crate) async fn delete_of(tx: &WriteTx, volume: &volume::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::VolumeId.eq(volume.id)).exec(&**tx).await?;
    Ok(())
}

/// All of a volume, kept as they are by a lock until the transaction is over.
pub(crate) async fn lock_of(tx: &WriteTx, volume: &volume::Model) -> Result<Vec<Model>, DbErr> {
    use sea_orm::QuerySelect;
    Entity::find().filter(Column::VolumeId.eq(volume.id)).lock_exclusive().all(&**tx).await
}
