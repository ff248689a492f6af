//! What went wrong, told to who asked for it.

use sea_orm::entity::prelude::*;

/// A message.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub project_id: String,
    /// `VOLUME_VOLUME_001_003`: resource, action and detail.
    pub event_id: String,
    /// `VOLUME`.
    pub resource_type: String,
    /// The id of what it is about.
    pub resource_uuid: Uuid,
    /// For the user.
    pub user_message: String,
    /// `ERROR`.
    pub message_level: String,
    /// The request that it came of; empty when that is not known.
    pub request_id: String,
    /// When it was written.
    pub created_at: ChronoDateTimeUtc,
    /// When it may be forgotten.
    pub expires_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
