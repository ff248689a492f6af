//! Server groups.

use platform::db::list::{Kind, ListSpec};
use sea_orm::{Order, entity::prelude::*};

/// A server group. Its members are the servers whose `group_id` it is.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "server_groups")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose.
    pub project_id: String,
    /// Who made it.
    pub user_id: String,
    /// The name.
    pub name: String,
    /// `affinity`, `anti-affinity`, `soft-affinity`, `soft-anti-affinity`.
    pub policy: String,
    /// `max_server_per_host`.
    pub rules: Json,
    /// When.
    pub created_at: ChronoDateTimeUtc,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// How groups are listed.
pub static LIST: ListSpec<Entity> = ListSpec {
    id: Column::Id,
    id_kind: Kind::Uuid,
    filters: &[],
    sorts: &[("created_at", Column::CreatedAt)],
    default_sort: &[("created_at", Order::Asc)],
    max_limit: Some(1000),
};
