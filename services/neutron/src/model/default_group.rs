//! The default security group of each project that has one.

use sea_orm::entity::prelude::*;

use super::group;
use crate::change::Change;

mod row {
    use sea_orm::entity::prelude::*;

    /// The default security group of each project that has one.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "default_security_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub project_id: String,
        pub group_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
use row::{Column, Entity};

/// The id of the project's default group, if it has one yet.
pub(crate) async fn id_of(db: &impl ConnectionTrait, project: &str) -> Result<Option<Uuid>, DbErr> {
    Ok(Entity::find_by_id(project.to_owned()).one(db).await?.map(|row| row.group_id))
}

/// Whether the group is a project's default one.
pub(crate) async fn is_default(db: &impl ConnectionTrait, group: &group::Model) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::GroupId.eq(group.id)).one(db).await?.is_some())
}

/// It is no project's default group any more.
pub(crate) async fn forget(change: &Change<'_>, group: &group::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::GroupId.eq(group.id)).exec(&**change).await?;
    Ok(())
}
