//! Tags of servers.

use platform::db::{WriteTx, opened};
use sea_orm::{QueryOrder, QuerySelect, QueryTrait, entity::prelude::*, sea_query::SelectStatement};

use super::server;

mod row {
    use sea_orm::entity::prelude::*;

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
}

pub use row::Model;
use row::{Column, Entity};

/// The tags of several servers.
pub async fn of_each(db: &impl ConnectionTrait, servers: &[&server::Model]) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ServerId.is_in(servers.iter().map(|server| server.id)))
        .order_by_asc(Column::Tag)
        .all(db)
        .await
}

/// The tags of a server.
pub async fn of(db: &impl ConnectionTrait, server: &server::Model) -> Result<Vec<String>, DbErr> {
    Ok(of_each(db, &[server]).await?.into_iter().map(|row| row.tag).collect())
}

/// The ids of servers that have one of these tags.
pub(super) fn having(tags: Vec<&str>) -> SelectStatement {
    let those = Entity::find().select_only().column(Column::ServerId);
    those.filter(Column::Tag.is_in(tags)).into_query()
}

/// Gives a server tags that it does not have.
pub async fn add(tx: &WriteTx, server: &server::Model, tags: &[String]) -> Result<(), DbErr> {
    let rows: Vec<Model> = tags.iter().map(|tag| Model { server_id: server.id, tag: tag.clone() }).collect();
    opened::insert_all(tx, &rows).await
}

/// Takes a tag from a server; whether it had it.
pub async fn remove(tx: &WriteTx, server: &server::Model, tag: &str) -> Result<bool, DbErr> {
    let gone = Entity::delete_by_id((server.id, tag.to_owned())).exec(&**tx).await?;
    Ok(gone.rows_affected > 0)
}

/// Takes all tags from a server.
pub async fn clear(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ServerId.eq(server.id)).exec(&**tx).await.map(drop)
}
