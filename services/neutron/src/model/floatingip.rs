//! Floating IPs.

use sea_orm::entity::prelude::*;

/// Floating IPs.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "floatingips")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: String,
    pub network_id: Uuid,
    pub address: String,
    pub floating_port_id: Uuid,
    pub port_id: Option<Uuid>,
    pub fixed_ip_address: Option<String>,
    pub router_id: Option<Uuid>,
    pub status: String,
    pub dns_name: String,
    pub dns_domain: String,
    pub description: String,
    pub created_at: ChronoDateTimeUtc,
    pub updated_at: ChronoDateTimeUtc,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
