//! Routers.

use sea_orm::entity::prelude::*;

use super::json::{Routes, Texts};

/// Routers.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "routers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: String,
    pub name: String,
    pub admin_state_up: bool,
    pub status: String,
    pub gateway_network_id: Option<Uuid>,
    pub gateway_port_id: Option<Uuid>,
    pub enable_snat: bool,
    #[sea_orm(column_type = "Json")]
    pub routes: Routes,
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
