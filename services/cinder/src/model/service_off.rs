//! Services that an administrator switched off: no new volumes go there.

use sea_orm::entity::prelude::*;

/// A service that is off.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "services_off")]
pub struct Model {
    /// `pileus@file`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub host: String,
    /// `cinder-volume`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub binary: String,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
