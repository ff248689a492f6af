//! Trusts: a user lets another act with some of its roles.

use sea_orm::entity::prelude::*;

/// A row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trust")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub trustor_user_id: String,
    pub trustee_user_id: String,
    /// Empty for none.
    pub project_id: String,
    pub impersonation: bool,
    pub expires_at: Option<super::end::End>,
    pub remaining_uses: Option<i32>,
    pub redelegated_trust_id: Option<String>,
    pub redelegation_count: i32,
    pub deleted: bool,
    pub extra: Json,
}

/// Joins are written in the queries.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
