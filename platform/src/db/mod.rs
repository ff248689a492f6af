//! The database of one service: SQLite, PostgreSQL or MariaDB.
//!
//! * Reads go to [`Database::read`].
//! * Writes go through [`Database::write`] and nothing else: the transaction takes the write lock at once, carries the
//!   events of what it changes, and wakes the reconcilers when it is committed.

pub mod list;
mod open;
pub mod opened;
pub mod owned;

use std::{ops::Deref, sync::Arc};

use sea_orm::{
    ActiveValue::Set, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

use crate::events::{self, Bus, Event};

pub use open::{DatabaseConfig, OpenError, Synchronous};

/// The database of one service.
#[derive(Debug, Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    bus: Bus,
    service: &'static str,
    /// Keeps the folder of a temporary database while anybody uses it.
    _folder: Option<Arc<tempfile::TempDir>>,
}

impl Database {
    /// For queries that change nothing.
    pub fn read(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// Begins a transaction that will change something.
    pub async fn write(&self) -> Result<WriteTx, DbErr> {
        // MariaDB would go on reading what was there at the first read, whatever rows were locked and changed since:
        // what is counted under a lock must be what is there now, as it is on PostgreSQL.
        let mysql = self.writer.get_database_backend() == DbBackend::MySql;
        let options = TransactionOptions {
            isolation_level: mysql.then_some(IsolationLevel::ReadCommitted),
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        Ok(WriteTx { transaction, events: Vec::new(), bus: self.bus.clone(), service: self.service })
    }

    /// The stream on which committed events are announced.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }
}

/// A transaction that changes something. Dropped without [`WriteTx::commit`], it changes nothing.
#[derive(Debug)]
pub struct WriteTx {
    transaction: DatabaseTransaction,
    events: Vec<Event>,
    bus: Bus,
    service: &'static str,
}

impl WriteTx {
    /// Records what happens, to be committed with it.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Commits changes and events together, and announces the events.
    pub async fn commit(self) -> Result<(), DbErr> {
        let Self { transaction, events, bus, service } = self;
        if !events.is_empty() {
            let rows = events.iter().map(|event| events::outbox::ActiveModel {
                service: Set(service.to_owned()),
                at: Set(event.at),
                kind: Set(event.kind.to_owned()),
                resource: Set(event.resource.clone()),
                project: Set(event.project.clone()),
                request: Set(event.request.clone()),
                payload: Set(event.payload.clone()),
                ..Default::default()
            });
            events::outbox::Entity::insert_many(rows).exec(&transaction).await?;
        }
        transaction.commit().await?;
        for event in events {
            bus.announce(event);
        }
        Ok(())
    }
}

impl Deref for WriteTx {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.transaction
    }
}

/// Whether the error says that a unique key is taken (a race lost to another writer).
pub fn is_duplicate(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_)))
}

/// The sum of a column of whole numbers, as a whole number on every database (`None` of no rows).
pub fn sum(
    db: &impl sea_orm::ConnectionTrait,
    column: impl sea_orm::ColumnTrait,
) -> sea_orm::sea_query::SimpleExpr {
    use sea_orm::sea_query::{Expr, ExprTrait, Func};
    let whole = if db.get_database_backend() == sea_orm::DbBackend::MySql { "signed" } else { "bigint" };
    Expr::expr(Func::sum(Expr::col(column.as_column_ref()))).cast_as(whole)
}
