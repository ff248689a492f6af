//! Tokens that open a console. Only their hash is kept.

use chrono::{DateTime, Utc};
use platform::db::{WriteTx, owned::Inside};
use sea_orm::entity::prelude::*;

use super::server;

mod row {
    use sea_orm::entity::prelude::*;

    /// A token, by its hash.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "console_tokens")]
    pub struct Model {
        /// SHA-256 of the token, in hexadecimal.
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_hash: String,
        /// The server whose console it opens.
        pub server_id: Uuid,
        /// `novnc`.
        pub kind: String,
        /// When it ceases to.
        pub expires_at: ChronoDateTimeUtc,
    }

    /// Nothing.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub use row::Model;
use row::{Column, Entity};

/// The token with that hash: it opens the console to whoever has it.
pub async fn with_hash(db: &impl ConnectionTrait, hash: &str, _: &Inside) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(hash).one(db).await
}

/// Removes those that ended.
pub async fn delete_ended(tx: &WriteTx, now: DateTime<Utc>) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(now)).exec(&**tx).await.map(drop)
}

/// Removes those of a server.
pub async fn delete_of(tx: &WriteTx, server: &server::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::ServerId.eq(server.id)).exec(&**tx).await.map(drop)
}
