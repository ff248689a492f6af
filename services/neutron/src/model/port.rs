//! Ports.

use sea_orm::entity::prelude::*;

use super::json::{DhcpOpts, Pairs};

/// Ports.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "ports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub network_id: Uuid,
    pub project_id: String,
    pub name: String,
    pub admin_state_up: bool,
    pub status: String,
    pub mac: String,
    pub device_id: String,
    pub device_owner: String,
    pub port_security_enabled: bool,
    pub host: String,
    pub vnic_type: String,
    pub profile: Json,
    pub dns_name: String,
    #[sea_orm(column_type = "Json")]
    pub pairs: Pairs,
    #[sea_orm(column_type = "Json")]
    pub dhcp_opts: DhcpOpts,
    pub description: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
