//! Roles that an application credential hands on.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "application_credential_role")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub application_credential_id: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub role_id: String,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
