//! What guests said of their passwords (encrypted by them with the owner's key).

use platform::db::Database;
use sea_orm::{ActiveValue::Set, ConnectionTrait, entity::prelude::*};

/// The longest that is kept, in bytes.
pub const LONGEST: usize = 4 * 255;

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

/// What the guest said; empty for nothing.
pub async fn of(db: &impl ConnectionTrait, server: Uuid) -> Result<String, DbErr> {
    Ok(Entity::find_by_id(server).one(db).await?.map(|row| row.told).unwrap_or_default())
}

/// Keeps what the guest says, unless it said something before; whether it was kept.
pub async fn tell(db: &Database, server: Uuid, told: &str) -> Result<bool, DbErr> {
    let tx = db.write().await?;
    if Entity::find_by_id(server).one(&*tx).await?.is_some() {
        return Ok(false);
    }
    let row = ActiveModel { server_id: Set(server), told: Set(told.to_owned()) };
    Entity::insert(row).exec_without_returning(&*tx).await?;
    tx.commit().await?;
    Ok(true)
}

/// Forgets what the guest said.
pub async fn clear(db: &impl ConnectionTrait, server: Uuid) -> Result<(), DbErr> {
    Entity::delete_by_id(server).exec(db).await.map(drop)
}
