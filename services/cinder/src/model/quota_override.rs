//! Quotas that were set for a project.

use sea_orm::entity::prelude::*;

/// A quota.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quotas")]
pub struct Model {
    /// The project; `class:NAME` for the defaults of a class.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// `volumes`, `gigabytes`, `gigabytes___DEFAULT__`, ...
    #[sea_orm(primary_key, auto_increment = false)]
    pub resource: String,
    /// -1 for no limit.
    pub hard_limit: i64,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
