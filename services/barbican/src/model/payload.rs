//! Payloads, sealed: in a table of their own, so that no list reads them.

use platform::db::{WriteTx, is_duplicate};
use sea_orm::{ActiveValue::Set, entity::prelude::*};
use sea_orm_migration::{prelude::*, schema::*};

use crate::{error::Error, model::secret};

/// A sealed payload.
#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "payloads")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret_id: Uuid,
    /// What the vault made of it.
    #[sea_orm(column_type = "Blob")]
    pub sealed: Vec<u8>,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "payload of {}", self.secret_id)
    }
}

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0002_payloads"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.col(uuid("secret_id").primary_key()).col(blob("sealed"));
        super::create(schema, "payloads", &mut table, &[]).await
    }
}

/// A secret's payload, sealed.
pub(crate) async fn of(db: &impl ConnectionTrait, secret: &secret::Model) -> Result<Option<Vec<u8>>, DbErr> {
    Ok(Entity::find_by_id(secret.id).one(db).await?.map(|row| row.sealed))
}

/// Keeps the payload of a secret that has none: of two who try, one does.
pub(crate) async fn add(tx: &WriteTx, secret: &secret::Model, sealed: Vec<u8>) -> Result<(), Error> {
    let row = ActiveModel { secret_id: Set(secret.id), sealed: Set(sealed) };
    match Entity::insert(row).exec_without_returning(&**tx).await {
        Err(error) if is_duplicate(&error) => {
            Err(Error::Conflict("Secret already has data, cannot modify it."))
        }
        other => Ok(other.map(|_| ())?),
    }
}

pub(super) async fn delete(tx: &WriteTx, secret: &secret::Model) -> Result<(), DbErr> {
    Entity::delete_by_id(secret.id).exec(&**tx).await.map(|_| ())
}
