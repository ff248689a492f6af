//! QoS specifications, that go with types.

use sea_orm::entity::prelude::*;

/// A specification.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "qos_specs")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The name, of which there is one.
    pub name: String,
    /// `front-end`, `back-end` or `both`.
    pub consumer: String,
    /// Names and values.
    pub specs: Json,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
