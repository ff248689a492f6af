//! Intentions that were carried out go, many in one transaction.
//!
//! A step does not wait for it: what is lost here with the process is carried out once more after the next start, which
//! changes nothing.

use std::{sync::Mutex, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{Neutron, change::Kind, error::Error, model::intention};

/// An intention that was carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) kind: Kind,
    pub(crate) id: Uuid,
    pub(crate) generation: i64,
}

/// Those that wait for their transaction.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    waiting: Mutex<Vec<Done>>,
    news: Notify,
}

/// How long is waited for more.
const GATHER: Duration = Duration::from_millis(20);

impl Settled {
    pub(crate) fn add(&self, done: Done) {
        if let Ok(mut waiting) = self.waiting.lock() {
            waiting.push(done);
        }
        self.news.notify_one();
    }
}

impl Neutron {
    /// Lets them go. One that was renewed while the engine was told stays, and its reconciler looks again.
    pub(crate) async fn settle(&self) -> Result<(), Error> {
        let done = match self.settled.waiting.lock() {
            Ok(mut waiting) => std::mem::take(&mut *waiting),
            Err(_) => return Ok(()),
        };
        if done.is_empty() {
            return Ok(());
        }
        let tx = self.db.write().await?;
        let mut renewed = Vec::new();
        for one in &done {
            let gone = intention::Entity::delete_many()
                .filter(intention::Column::Kind.eq(one.kind.name()))
                .filter(intention::Column::Id.eq(one.id))
                .filter(intention::Column::Generation.eq(one.generation))
                .exec(&*tx)
                .await?;
            if gone.rows_affected == 0 {
                renewed.push(*one);
            }
        }
        tx.commit().await?;
        renewed.into_iter().for_each(|one| self.wake(one.kind, one.id));
        Ok(())
    }

    /// Settles as long as it runs.
    pub(crate) async fn keep_settling(&self, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.settled.news.notified() => tokio::time::sleep(GATHER).await,
            }
            if let Err(error) = self.settle().await {
                // They are still there: the next look at what is pending carries them out once more.
                tracing::warn!(%error, "could not record what the network engine was told");
            }
        }
    }
}
