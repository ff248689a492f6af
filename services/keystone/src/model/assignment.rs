//! Roles of users and groups in projects, domains and the system.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "assignment")]
pub struct Model {
    /// `user` or `group`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub actor_id: String,
    /// `project`, `domain` or `system`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_kind: String,
    /// `all` for the system.
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: String,
    /// Whether it holds in the projects below and not in the target itself.
    #[sea_orm(primary_key, auto_increment = false)]
    pub inherited: bool,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
