//! Addresses of ports. An address is there once in a network, which the key sees to.

use sea_orm::entity::prelude::*;

/// Addresses of ports. An address is there once in a network, which the key sees to.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "fixed_ips")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub network_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    pub subnet_id: Uuid,
    pub port_id: Uuid,
    pub place: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::port::Entity", from = "Column::PortId", to = "super::port::Column::Id")]
    Port,
}
impl ActiveModelBehavior for ActiveModel {}
