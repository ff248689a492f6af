//! Who has the one role has the other.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "implied_role")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub prior_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub implied_id: String,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
