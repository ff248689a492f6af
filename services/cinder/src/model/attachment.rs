//! Attachments: which server has, or is about to have, which volume.

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
