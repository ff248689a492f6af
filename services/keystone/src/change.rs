//! The one way to change something: a transaction after which nothing that was remembered is used any more.

use std::sync::Arc;

use platform::{db::WriteTx, events::Event};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::{Keystone, authority::Authority};

/// A transaction that changes what tokens, roles or lists are made of.
pub(crate) struct Change {
    tx: WriteTx,
    authority: Arc<Authority>,
}

impl Keystone {
    /// Begins a change.
    pub(crate) async fn change(&self) -> Result<Change, DbErr> {
        Ok(Change { tx: self.db.write().await?, authority: self.authority.clone() })
    }
}

impl Change {
    /// For queries within it.
    pub(crate) fn db(&self) -> &DatabaseTransaction {
        &self.tx
    }

    /// Records what happens, to be committed with it.
    pub(crate) fn emit(&mut self, event: Event) {
        self.tx.emit(event);
    }

    /// Commits it, and then lets it be seen. In a task of its own: a client that goes away in this moment must not
    /// leave a change committed and what it concerns remembered.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let Self { tx, authority } = self;
        let task = tokio::spawn(async move {
            let committed = tx.commit().await;
            // An error may come after the commit: forgetting too much costs a query, too little is a hole.
            authority.directory.memory.forget();
            committed
        });
        task.await.unwrap_or_else(|error| Err(DbErr::Custom(error.to_string())))
    }
}
