//! Disks of servers (block device mappings): volumes, and what is on the host itself.

use sea_orm::{QueryOrder, entity::prelude::*};

use super::server::Origin;

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

/// The disks of a server, in order.
pub async fn of_server(db: &impl ConnectionTrait, server: Uuid) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::ServerId.eq(server)).order_by_asc(Column::Position).all(db).await
}

/// The disks of several servers that are volumes, in order.
pub async fn volumes_of(db: &impl ConnectionTrait, servers: &[Uuid]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ServerId.is_in(servers.iter().copied()))
        .filter(Column::VolumeId.is_not_null())
        .order_by_asc(Column::Position)
        .all(db)
        .await
}
