//! Projects, and domains, which are projects that contain others.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project")]
pub struct Model {
    /// 32 hexadecimal digits, or `default`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// Its domain; empty for a domain.
    pub domain_id: String,
    pub name: String,
    /// What it lies in: a project or its domain; empty for a domain.
    pub parent_id: String,
    pub is_domain: bool,
    pub enabled: bool,
    #[sea_orm(column_type = "Text")]
    pub description: String,
    pub options: Json,
    /// Attributes that only clients know.
    pub extra: Json,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
