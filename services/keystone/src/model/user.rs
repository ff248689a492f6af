//! Users.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "user_account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub domain_id: String,
    pub name: String,
    pub enabled: bool,
    pub default_project_id: Option<String>,
    #[sea_orm(column_type = "Text")]
    pub description: Option<String>,
    /// bcrypt; none for who has no password.
    pub password_hash: Option<String>,
    pub password_created_at: Option<ChronoDateTimeUtc>,
    pub password_expires_at: Option<ChronoDateTimeUtc>,
    pub options: Json,
    /// Attributes that only clients know (`email`).
    pub extra: Json,
    pub created_at: ChronoDateTimeUtc,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
