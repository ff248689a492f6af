//! Subnets.

use sea_orm::entity::prelude::*;

use super::json::{Addresses, Pools, Routes, Texts};

/// Subnets.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "subnets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub network_id: Uuid,
    pub project_id: String,
    pub name: String,
    pub ip_version: i32,
    pub cidr: String,
    pub gateway_ip: Option<String>,
    pub enable_dhcp: bool,
    pub ipv6_ra_mode: Option<String>,
    pub ipv6_address_mode: Option<String>,
    pub subnetpool_id: Option<Uuid>,
    #[sea_orm(column_type = "Json")]
    pub pools: Pools,
    #[sea_orm(column_type = "Json")]
    pub dns: Addresses,
    #[sea_orm(column_type = "Json")]
    pub routes: Routes,
    #[sea_orm(column_type = "Json")]
    pub service_types: Texts,
    pub dns_publish_fixed_ip: bool,
    pub description: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
