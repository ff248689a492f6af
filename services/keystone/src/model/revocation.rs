//! What makes tokens void that were issued before a moment.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revocation")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    /// `user:ID`, `audit:ID`, `chain:ID`, ...
    pub subject: String,
    pub issued_before: ChronoDateTimeUtc,
    /// When no token that it concerns can be alive any more.
    pub expires_at: ChronoDateTimeUtc,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
