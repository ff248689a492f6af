//! Credentials of any kind, encrypted.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: String,
    pub project_id: Option<String>,
    /// The type: `ec2`, `totp`, `cert`.
    pub kind: String,
    /// Fernet.
    #[sea_orm(column_type = "Text")]
    pub encrypted_blob: String,
    pub extra: Json,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
