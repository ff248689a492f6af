//! Networks.

use sea_orm::entity::prelude::*;

use super::json::Texts;

/// Networks.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "networks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: String,
    pub name: String,
    pub admin_state_up: bool,
    pub status: String,
    pub external: bool,
    pub mtu: i32,
    pub network_type: String,
    pub physical_network: Option<String>,
    pub segmentation_id: Option<i64>,
    pub port_security_enabled: bool,
    pub dns_domain: String,
    #[sea_orm(column_type = "Json")]
    pub zone_hints: Texts,
    pub description: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
