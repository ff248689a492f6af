//! Limits that an administrator set for classes of projects; only `default` has effect.

use platform::db::{WriteTx, opened};
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

/// The limits that were set for a class.
pub async fn of(db: &impl ConnectionTrait, class: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find().filter(Column::Class.eq(class)).all(db).await
}

/// Sets limits in place of those that were set.
pub async fn replace(tx: &WriteTx, class: &str, limits: &[(&'static str, i64)]) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::Class.eq(class))
        .filter(Column::Resource.is_in(limits.iter().map(|(name, _)| *name)))
        .exec(&**tx)
        .await?;
    let new: Vec<Model> = limits
        .iter()
        .map(|(name, limit)| Model {
            class: class.to_owned(),
            resource: (*name).to_owned(),
            hard_limit: *limit,
        })
        .collect();
    opened::insert_all(tx, &new).await
}
