//! Which security groups a port is in.

use sea_orm::entity::prelude::*;

use super::{group, port};
use crate::change::Change;

mod row {
    use sea_orm::entity::prelude::*;

    /// Which security groups a port is in.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "port_security_groups")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub port_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub group_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use row::Model;
pub(super) use row::{Column, Entity};

/// Whether ports are in the group.
pub(crate) async fn has_ports(db: &impl ConnectionTrait, group: &group::Model) -> Result<bool, DbErr> {
    Ok(Entity::find().filter(Column::GroupId.eq(group.id)).one(db).await?.is_some())
}

/// Puts a port into these groups and no others.
pub(crate) async fn replace(change: &Change<'_>, port: &port::Model, groups: &[Uuid]) -> Result<(), DbErr> {
    delete_of(change, port).await?;
    insert(change, port, groups).await
}

/// Puts a new port into groups.
pub(crate) async fn insert(change: &Change<'_>, port: &port::Model, groups: &[Uuid]) -> Result<(), DbErr> {
    let rows: Vec<Model> =
        groups.iter().map(|group_id| Model { port_id: port.id, group_id: *group_id }).collect();
    change.insert_all(&rows).await
}

/// Takes a port out of all groups.
pub(crate) async fn delete_of(change: &Change<'_>, port: &port::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::PortId.eq(port.id)).exec(&**change).await?;
    Ok(())
}
