//! Which security groups a port is in.

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
