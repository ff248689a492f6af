//! What guests said of their passwords (encrypted by them with the owner's key).

use platform::db::{Database, WriteTx, opened};
use sea_orm::entity::prelude::*;

use super::server;

/// The longest that is kept, in bytes.
pub const LONGEST: usize = 4 * 255;

mod row {
    use sea_orm::entity::prelude::*;

    /// What a server's guest said.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "server_passwords")]
    pub struct Model {
        /// The server.
        #[sea_orm(primary_key, auto_increment = false)]
        pub server_id: Uuid,
        /// What its guest said.
        pub told: String,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

use row::Entity;
pub use row::Model;

/// What a server's guest said; empty for nothing.
pub async fn of(db: &impl ConnectionTrait, server: &server::Model) -> Result<String, DbErr> {
    Ok(Entity::find_by_id(server.id).one(db).await?.map(|row| row.told).unwrap_or_default())
}

/// Keeps what a server's guest says, unless it said something before; whether it was kept.
pub async fn tell(db: &Database, server: &server::Model, told: &str) -> Result<bool, DbErr> {
    let tx = db.write().await?;
    if Entity::find_by_id(server.id).one(&*tx).await?.is_some() {
        return Ok(false);
    }
    opened::insert(&tx, &Model { server_id: server.id, told: told.to_owned() }).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets what a server's guest said.
pub async fn clear(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_by_id(server.id).exec(&**tx).await.map(drop)
}
