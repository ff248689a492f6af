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

    /// Commits it, and then lets it be seen.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let committed = self.tx.commit().await;
        // An error may come after the commit: forgetting too much costs a query, forgetting too little is a hole.
        self.authority.directory.memory.forget();
        committed
    }
}
