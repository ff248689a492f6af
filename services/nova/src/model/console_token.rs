//! Tokens that open a console. Only their hash is kept.

use sea_orm::entity::prelude::*;

/// A token, by its hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "console_tokens")]
pub struct Model {
    /// SHA-256 of the token, in hexadecimal.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    /// The server whose console it opens.
    pub server_id: Uuid,
    /// `novnc`.
    pub kind: String,
    /// When it ceases to.
    pub expires_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
