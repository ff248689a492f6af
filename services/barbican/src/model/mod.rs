//! The tables: each file has a table with its queries and the migration that makes it.

pub(crate) mod consumer;
pub(crate) mod metadatum;
pub(crate) mod payload;
pub(crate) mod quota_lock;
pub(crate) mod secret;

use sea_orm_migration::prelude::*;

/// All steps, in order.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(secret::Migration),
            Box::new(payload::Migration),
            Box::new(metadatum::Migration),
            Box::new(quota_lock::Migration),
            Box::new(consumer::Migration),
        ]
    }
}

/// Makes a table and its indexes.
async fn create(
    schema: &SchemaManager<'_>,
    name: &'static str,
    table: &mut TableCreateStatement,
    indexes: &[&[&'static str]],
) -> Result<(), DbErr> {
    schema.create_table(table.table(name).to_owned()).await?;
    for columns in indexes {
        let mut index = Index::create();
        index.name(format!("{name}_{}", columns.join("_"))).table(name);
        for column in *columns {
            index.col(*column);
        }
        schema.create_index(index.to_owned()).await?;
    }
    Ok(())
}
