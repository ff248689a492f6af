//! Opening a service's database, and bringing its tables to this release.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database as Connect, DatabaseConnection, DbBackend, DbErr, Statement,
};
use sea_orm_migration::MigratorTrait;
use serde::{Deserialize, Serialize};

use super::Database;
use crate::{Options, events};

/// Where state is kept.
#[derive(Debug, Clone, Serialize, Deserialize, Options)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `sqlite` (files under the state directory), or the URL of a PostgreSQL or MariaDB server with `{service}` where the name of each service's database goes: `postgres://USER:PASSWORD@HOST/pileus_{service}`, `mysql://...`.
    pub url: String,
    /// Connections to a database server, for each service, at the most.
    pub connections: u32,
    /// How sure a commit is on SQLite: `full` survives a power failure, `normal` a crash of the program only.
    pub synchronous: Synchronous,
}

/// See [`DatabaseConfig::synchronous`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Synchronous {
    /// Every commit is on the disk before it is acknowledged.
    Full,
    /// The operating system may still hold it.
    Normal,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: "sqlite".into(), connections: 10, synchronous: Synchronous::Full }
    }
}

/// Why a database can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder of SQLite's files can't be made.
    #[error("{0}: {1}")]
    Folder(String, std::io::Error),
    /// The server refuses, or the tables can't be brought to this release.
    #[error("database of {service}: {error}")]
    Database {
        /// Whose.
        service: &'static str,
        /// Why.
        error: DbErr,
    },
}

impl Database {
    /// Opens the database of a service and migrates it. SQLite's file is `FOLDER/SERVICE.db`.
    pub async fn open<M: MigratorTrait>(
        config: &DatabaseConfig,
        folder: &Path,
        service: &'static str,
        bus: events::Bus,
    ) -> Result<Self, OpenError> {
        let failed = |error| OpenError::Database { service, error };
        let (reader, writer) = if config.url == "sqlite" {
            std::fs::create_dir_all(folder)
                .map_err(|error| OpenError::Folder(folder.display().to_string(), error))?;
            let file = folder.join(format!("{service}.db"));
            let writer = sqlite(&file, 1, config.synchronous).await.map_err(failed)?;
            (sqlite(&file, 8, config.synchronous).await.map_err(failed)?, writer)
        } else {
            let connection = server(config, service).await.map_err(failed)?;
            (connection.clone(), connection)
        };
        events::Migrations::up(&writer, None).await.map_err(failed)?;
        M::up(&writer, None).await.map_err(failed)?;
        precise_times(&writer).await.map_err(failed)?;
        Ok(Self { reader, writer, bus, service, _folder: None })
    }

    /// A database of its own for a test: SQLite in a folder that goes with it, unless `PILEUS_TEST_DATABASE` names a
    /// server (`postgres://.../{service}`), where it gets a name of its own.
    pub async fn temporary<M: MigratorTrait>(service: &'static str) -> Result<Self, OpenError> {
        let folder =
            tempfile::tempdir().map_err(|error| OpenError::Folder("a temporary folder".into(), error))?;
        let mut config = DatabaseConfig { synchronous: Synchronous::Normal, ..Default::default() };
        if let Ok(url) = std::env::var("PILEUS_TEST_DATABASE") {
            let own = format!("{service}_{}", uuid::Uuid::new_v4().simple());
            config = DatabaseConfig { url: url.replace("{service}", &own), connections: 4, ..config };
        }
        let mut database = Self::open::<M>(&config, folder.path(), service, events::Bus::default()).await?;
        database._folder = Some(Arc::new(folder));
        Ok(database)
    }
}

async fn sqlite(
    file: &Path,
    connections: u32,
    synchronous: Synchronous,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(60))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |options| {
            let level = match synchronous {
                Synchronous::Full => "FULL",
                Synchronous::Normal => "NORMAL",
            };
            options
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", level)
                .pragma("foreign_keys", "ON")
                .pragma("temp_store", "MEMORY")
                .busy_timeout(Duration::from_secs(30))
        });
    Connect::connect(options).await
}

async fn server(config: &DatabaseConfig, service: &str) -> Result<DatabaseConnection, DbErr> {
    let url = config.url.replace("{service}", service);
    let mut options = ConnectOptions::new(url.clone());
    options
        .max_connections(config.connections)
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(30))
        .sqlx_logging(false);
    match Connect::connect(options.clone()).await {
        Ok(connection) => Ok(connection),
        Err(first) => {
            create_database(&url).await.map_err(|_| first)?;
            Connect::connect(options).await
        }
    }
}

/// What MariaDB calls a timestamp ends in 2038 and keeps whole seconds: its times are made as far and as precise as those of
/// the others. (Connections speak UTC.)
async fn precise_times(connection: &DatabaseConnection) -> Result<(), DbErr> {
    if connection.get_database_backend() != DbBackend::MySql {
        return Ok(());
    }
    let coarse = "SELECT CAST(TABLE_NAME AS CHAR) AS name, CAST(COLUMN_NAME AS CHAR) AS field, IS_NULLABLE = 'YES' AS empty, \
                  COLUMN_DEFAULT LIKE 'current_timestamp%' AS now FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() \
                  AND (DATA_TYPE = 'timestamp' OR DATA_TYPE = 'datetime' AND DATETIME_PRECISION = 0)";
    let mut changes = BTreeMap::<String, Vec<String>>::new();
    for row in connection.query_all_raw(Statement::from_string(DbBackend::MySql, coarse)).await? {
        let text = |column| row.try_get::<String>("", column);
        let flag = |column| row.try_get::<Option<i64>>("", column).map(|flag| flag == Some(1));
        let field = text("field")?;
        let empty = if flag("empty")? { "NULL" } else { "NOT NULL" };
        let default = match (flag("now")?, flag("empty")?) {
            (true, _) => " DEFAULT current_timestamp(6)",
            (false, true) => " DEFAULT NULL",
            (false, false) => "",
        };
        changes
            .entry(text("name")?)
            .or_default()
            .push(format!("MODIFY `{field}` DATETIME(6) {empty}{default}"));
    }
    for (table, changes) in changes {
        connection.execute_unprepared(&format!("ALTER TABLE `{table}` {}", changes.join(", "))).await?;
    }
    Ok(())
}

/// Makes the database that a URL names, where the account may.
async fn create_database(url: &str) -> Result<(), DbErr> {
    let Some((server, name)) = url.rsplit_once('/') else { return Ok(()) };
    let name = name.split('?').next().unwrap_or(name);
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(DbErr::Custom(format!("{name:?} can't be the name of a database")));
    }
    let maintenance = if url.starts_with("postgres") { "postgres" } else { "mysql" };
    let connection = Connect::connect(format!("{server}/{maintenance}")).await?;
    connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
    connection.close().await
}
