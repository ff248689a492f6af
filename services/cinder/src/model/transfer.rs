//! Offers of a volume to another project.

use sea_orm::entity::prelude::*;

/// An offer.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "transfers")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The volume.
    pub volume_id: Uuid,
    /// Its name.
    pub name: Option<String>,
    /// Goes before the key when that is hashed.
    pub salt: String,
    /// SHA-256 of salt and key, in hexadecimal; the key itself is told once.
    pub key_hash: String,
    /// Whether the snapshots stay with who offers.
    pub no_snapshots: bool,
    /// Who offers.
    pub source_project_id: String,
    /// Who took it.
    pub destination_project_id: Option<String>,
    /// Whether it was taken.
    pub accepted: bool,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
