//! Times to the microsecond: MariaDB keeps whole seconds unless it is told.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Makes these columns (table, column, whether it may be empty) as precise on MariaDB as they are elsewhere.
pub(super) async fn make_precise(
    schema: &SchemaManager<'_>,
    columns: &[(&str, &str, bool)],
) -> Result<(), DbErr> {
    if schema.get_database_backend() != DbBackend::MySql {
        return Ok(());
    }
    for (table, column, empty) in columns {
        let empty = if *empty { "NULL DEFAULT NULL" } else { "NOT NULL" };
        let change = format!("ALTER TABLE `{table}` MODIFY `{column}` TIMESTAMP(6) {empty}");
        schema.get_connection().execute_unprepared(&change).await?;
    }
    Ok(())
}
