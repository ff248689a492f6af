//! Namespaces of metadata definitions.

use sea_orm::entity::prelude::*;

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "metadef_namespaces")]
pub struct Model {
    /// Its name.
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    /// For people; empty: none.
    pub display_name: String,
    /// For people; empty: none.
    pub description: String,
    /// `public` or `private`.
    pub visibility: String,
    /// The project it belongs to.
    pub owner: String,
    /// It can't be deleted.
    pub protected: bool,
    /// When it was made.
    pub created_at: ChronoDateTimeUtc,
    /// When it changed last.
    pub updated_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
