//! Glance's tables over time. Forward only.

mod m0001_first;
mod m0002_metadefs;

use sea_orm_migration::prelude::*;

/// All of them, in order.
#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_first::Migration), Box::new(m0002_metadefs::Migration)]
    }
}
