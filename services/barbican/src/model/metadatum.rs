//! What users note beside a secret.

use std::collections::BTreeMap;

use platform::db::WriteTx;
use sea_orm::{ActiveValue::Set, entity::prelude::*, sea_query::OnConflict};
use sea_orm_migration::{prelude::*, schema::*};

use crate::model::secret;

/// A pair.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "secret_metadata")]
pub struct Model {
    /// Whose.
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret_id: Uuid,
    /// In small letters.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// Whatever the user likes.
    pub value: String,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0003_metadata"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .col(uuid("secret_id"))
            .col(string_len("key", 255))
            .col(string_len("value", 255))
            .primary_key(Index::create().col("secret_id").col("key"));
        super::create(schema, "secret_metadata", &mut table, &[]).await
    }
}

/// All pairs of a secret.
pub(crate) async fn of(
    db: &impl ConnectionTrait,
    secret: &secret::Model,
) -> Result<BTreeMap<String, String>, DbErr> {
    let rows = Entity::find().filter(Column::SecretId.eq(secret.id)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// One value.
pub(crate) async fn value(
    db: &impl ConnectionTrait,
    secret: &secret::Model,
    key: &str,
) -> Result<Option<String>, DbErr> {
    Ok(Entity::find_by_id((secret.id, key.to_owned())).one(db).await?.map(|row| row.value))
}

/// Sets one.
pub(crate) async fn set(tx: &WriteTx, secret: &secret::Model, key: &str, value: &str) -> Result<(), DbErr> {
    let row =
        ActiveModel { secret_id: Set(secret.id), key: Set(key.to_owned()), value: Set(value.to_owned()) };
    let known = OnConflict::columns([Column::SecretId, Column::Key]).update_column(Column::Value).to_owned();
    Entity::insert(row).on_conflict(known).exec_without_returning(&**tx).await.map(|_| ())
}

/// Takes one away; whether it was there.
pub(crate) async fn remove(tx: &WriteTx, secret: &secret::Model, key: &str) -> Result<bool, DbErr> {
    let gone = Entity::delete_by_id((secret.id, key.to_owned())).exec(&**tx).await?;
    Ok(gone.rows_affected > 0)
}

/// Takes all away.
pub(crate) async fn clear(tx: &WriteTx, secret: &secret::Model) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::SecretId.eq(secret.id)).exec(&**tx).await.map(|_| ())
}
