//! The tables' history: forward only.

mod m0001_first_tables;
mod m0002_transfers_and_qos;
mod moments;

use sea_orm_migration::prelude::*;

/// All steps, in order.
#[derive(Debug)]
pub struct Migrations;

impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_first_tables::Migration), Box::new(m0002_transfers_and_qos::Migration)]
    }
}
