//! Disks of servers (block device mappings): volumes, and what is on the host itself.

use std::collections::HashSet;

use platform::db::{WriteTx, owned::Inside};
use sea_orm::{QueryOrder, QuerySelect, entity::prelude::*, sea_query::Expr};

use super::server;

/// How far a disk or a card has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is to be attached.
    Wanted,
    /// The machine has it.
    Attached,
    /// It is to be detached.
    Detaching,
}

impl State {
    /// As the column has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Attached => "attached",
            Self::Detaching => "detaching",
        }
    }
}

mod row {
    use sea_orm::entity::prelude::*;

    use super::super::server::Origin;

    /// A disk. For a volume, the id is also that of Cinder's attachment.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attachments")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// The server.
        pub server_id: Uuid,
        /// The place among the server's disks.
        pub position: i32,
        /// What it is made from: `image`, `volume`, `snapshot`, `blank`.
        pub source: String,
        /// Where it is: `local` or `volume`.
        pub destination: String,
        /// The volume; chosen beforehand when Nova makes it.
        pub volume_id: Option<Uuid>,
        /// The image that it is made from.
        pub image_id: Option<Uuid>,
        /// The snapshot that it is made from.
        pub snapshot_id: Option<Uuid>,
        /// In GiB; 0 for the image's own size.
        pub size_gib: i64,
        /// In MiB, for blank local disks.
        pub size_mib: i64,
        /// `vda`, ...
        pub device: Option<String>,
        /// `virtio`, `scsi`, `sata`, `ide`.
        pub bus: String,
        /// The place in the order of booting.
        pub boot_index: Option<i32>,
        /// Whether the volume goes with the server.
        pub delete_on_termination: bool,
        /// Whether Nova makes the volume.
        pub made_by_nova: bool,
        /// See [`State`].
        pub state: String,
        /// The tag by which the guest finds it.
        pub tag: Option<String>,
        /// On whose behalf it is attached, where that is not who made the server.
        pub origin: Option<Origin>,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{Column, Entity};

/// The disks of a server, in order.
pub async fn of(db: &impl ConnectionTrait, server: &server::Model) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ServerId.eq(server.id)).order_by_asc(Column::Position).all(db).await
}

/// The disks of several servers that are volumes, in order.
pub async fn volumes_of(db: &impl ConnectionTrait, servers: &[&server::Model]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ServerId.is_in(servers.iter().map(|server| server.id)))
        .filter(Column::VolumeId.is_not_null())
        .order_by_asc(Column::Position)
        .all(db)
        .await
}

/// A server's disk that is that volume.
pub async fn of_volume(
    db: &impl ConnectionTrait,
    server: &server::Model,
    volume: Uuid,
) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::ServerId.eq(server.id)).filter(Column::VolumeId.eq(volume)).one(db).await
}

/// Servers that have disks with something to be done to them.
pub async fn pending(db: &impl ConnectionTrait, _: &Inside) -> Result<HashSet<Uuid>, DbErr> {
    let unsettled = [State::Wanted.name(), State::Detaching.name()];
    let servers = Entity::find().select_only().column(Column::ServerId);
    let servers: Vec<Uuid> = servers.filter(Column::State.is_in(unsettled)).into_tuple().all(db).await?;
    Ok(servers.into_iter().collect())
}

/// Takes a disk from one state to another; whether it was in that one.
pub async fn turn(tx: &WriteTx, disk: &Model, from: State, to: State) -> Result<bool, DbErr> {
    let turned = Entity::update_many()
        .filter(Column::Id.eq(disk.id))
        .filter(Column::State.eq(from.name()))
        .col_expr(Column::State, Expr::value(to.name()))
        .exec(&**tx)
        .await?;
    Ok(turned.rows_affected > 0)
}

/// All of a server's that were wanted are attached.
pub async fn settle(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    let wanted = Entity::update_many()
        .filter(Column::ServerId.eq(server.id))
        .filter(Column::State.eq(State::Wanted.name()));
    wanted.col_expr(Column::State, Expr::value(State::Attached.name())).exec(&**tx).await.map(drop)
}

/// Says whether the volume goes with the server.
pub async fn delete_on_termination(tx: &WriteTx, disk: &Model, goes: bool) -> Result<(), DbErr> {
    let update = Entity::update_many().filter(Column::Id.eq(disk.id));
    update.col_expr(Column::DeleteOnTermination, Expr::value(goes)).exec(&**tx).await.map(drop)
}

/// Removes all of a server.
pub async fn delete_of(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ServerId.eq(server.id)).exec(&**tx).await.map(drop)
}
