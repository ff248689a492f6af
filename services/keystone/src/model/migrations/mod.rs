//! How the tables came to be. Forward only.

mod authorization;
mod catalog;
mod credentials;
mod people;

use sea_orm_migration::{prelude::*, sea_orm::DbBackend};

/// Keystone's migrations.
#[derive(Debug)]
pub(crate) struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(FirstRelease)]
    }
}

#[derive(DeriveMigrationName)]
struct FirstRelease;

#[async_trait::async_trait]
impl MigrationTrait for FirstRelease {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        people::up(schema).await?;
        authorization::up(schema).await?;
        catalog::up(schema).await?;
        credentials::up(schema).await
    }
}

/// The row goes with the row that it names.
fn belongs_to(table: &'static str, column: &'static str, owner: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, column).to(owner, "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

/// A time, to the microsecond and beyond 2038: MariaDB's TIMESTAMP is neither.
fn moment(schema: &SchemaManager<'_>, column: &'static str) -> ColumnDef {
    moment_or_none(schema, column).not_null().take()
}

fn moment_or_none(schema: &SchemaManager<'_>, column: &'static str) -> ColumnDef {
    let mut definition = ColumnDef::new(column);
    match schema.get_database_backend() {
        DbBackend::MySql => definition.custom("DATETIME(6)"),
        _ => definition.timestamp_with_time_zone(),
    };
    definition
}

fn index(table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut name = format!("{table}_{}", columns.join("_"));
    // PostgreSQL cuts longer names by itself, MariaDB refuses them.
    name.truncate(63);
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
