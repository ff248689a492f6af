//! Tags of servers.

use sea_orm::{QueryOrder, entity::prelude::*};

/// A tag of a server.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "server_tags")]
pub struct Model {
    /// The server.
    #[sea_orm(primary_key, auto_increment = false)]
    pub server_id: Uuid,
    /// The tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tags of several servers.
pub async fn of_servers(db: &impl ConnectionTrait, servers: &[Uuid]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ServerId.is_in(servers.iter().copied()))
        .order_by_asc(Column::Tag)
        .all(db)
        .await
}

/// The tags of a server.
pub async fn of_server(db: &impl ConnectionTrait, server: Uuid) -> Result<Vec<String>, DbErr> {
    Ok(of_servers(db, &[server]).await?.into_iter().map(|row| row.tag).collect())
}
