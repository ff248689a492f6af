//! Limits that an administrator set, for projects and for all.

use sea_orm::entity::prelude::*;

/// A project's limit (or a user's in it).
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quotas")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
    /// The user, or empty for the project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    /// Of what.
    #[sea_orm(primary_key, auto_increment = false)]
    pub resource: String,
    /// How many; -1 for no limit.
    pub hard_limit: i64,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Limits of classes; only `default` has effect.
pub mod class {
    use sea_orm::entity::prelude::*;

    /// A class's limit.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "quota_classes")]
    pub struct Model {
        /// The class.
        #[sea_orm(primary_key, auto_increment = false)]
        pub class: String,
        /// Of what.
        #[sea_orm(primary_key, auto_increment = false)]
        pub resource: String,
        /// How many; -1 for no limit.
        pub hard_limit: i64,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
