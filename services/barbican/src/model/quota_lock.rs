//! A row to lock while what a project has is counted, where the database has no single writer.

use sea_orm::entity::prelude::*;
use sea_orm_migration::{prelude::*, schema::*};

/// A lock.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quota_locks")]
pub struct Model {
    /// The project.
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: String,
}

/// Nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0004_quota_locks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.col(string_len("project_id", 64).primary_key());
        super::create(schema, "quota_locks", &mut table, &[]).await
    }
}
