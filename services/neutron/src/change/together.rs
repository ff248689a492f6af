//! Changes that are asked for at the same time are committed together.
//!
//! A commit waits for the disk, and while it does others gather: whoever comes next carries out all that have gathered, in
//! one transaction. Each is behind a savepoint of its own, so that one that is refused undoes nothing of the others. Nobody
//! is answered before the commit.

use std::sync::Mutex;

use futures::future::BoxFuture;
use sea_orm::ConnectionTrait;
use tokio::sync::oneshot;

use super::Change;
use crate::{Neutron, error::Error};

/// What is answered once it is known whether the transaction was committed.
type Finish = Box<dyn FnOnce(bool) + Send>;
type Work = Box<dyn for<'c, 'n> FnOnce(&'c mut Change<'n>) -> BoxFuture<'c, Option<Finish>> + Send>;

/// Work that waits for its transaction.
#[derive(Default)]
pub(crate) struct Gathered {
    waiting: Mutex<Vec<Work>>,
    /// Held by who carries out.
    turn: tokio::sync::Mutex<()>,
}

/// The most that one transaction carries.
const MOST: usize = 64;

impl Gathered {
    fn add(&self, work: Work) {
        if let Ok(mut waiting) = self.waiting.lock() {
            waiting.push(work);
        }
    }

    fn take(&self) -> Vec<Work> {
        match self.waiting.lock() {
            Ok(mut waiting) => {
                let most = waiting.len().min(MOST);
                waiting.drain(..most).collect()
            }
            Err(_) => Vec::new(),
        }
    }
}

impl Neutron {
    /// Carries out the work in a transaction, together with what others want at the same time.
    pub(crate) async fn together<T, W>(&self, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: for<'c, 'n> FnOnce(&'c mut Change<'n>) -> BoxFuture<'c, Result<T, Error>> + Send + 'static,
    {
        let (sender, mut receiver) = oneshot::channel::<Result<T, Error>>();
        self.gathered.add(Box::new(move |change| {
            let doing = work(change);
            Box::pin(async move {
                match doing.await {
                    Ok(done) => Some(Box::new(move |committed| {
                        let _ = sender.send(if committed { Ok(done) } else { Err(lost()) });
                    }) as Finish),
                    Err(error) => {
                        let _ = sender.send(Err(error));
                        None
                    }
                }
            })
        }));
        loop {
            let turn = self.gathered.turn.lock().await;
            match receiver.try_recv() {
                Ok(outcome) => return outcome,
                Err(oneshot::error::TryRecvError::Closed) => return Err(lost()),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let (Some(neutron), batch) = (self.me.upgrade(), self.gathered.take()) else {
                return Err(lost());
            };
            if batch.is_empty() {
                // Another has taken it, and is not done yet.
                drop(turn);
                return receiver.await.unwrap_or_else(|_| Err(lost()));
            }
            // On a task of its own: that this request's client hangs up is no reason to forsake the others.
            let _ = tokio::spawn(async move { neutron.carry_out(batch).await }).await;
        }
    }

    async fn carry_out(&self, batch: Vec<Work>) {
        let mut finishing: Vec<Finish> = Vec::new();
        let committed = match self.carry_out_in_one(batch, &mut finishing).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "changes could not be committed");
                false
            }
        };
        finishing.into_iter().for_each(|finish| finish(committed));
    }

    async fn carry_out_in_one(&self, batch: Vec<Work>, finishing: &mut Vec<Finish>) -> Result<(), Error> {
        let mut change = self.change().await?;
        for work in batch {
            let mark = change.mark();
            change.execute_unprepared("SAVEPOINT one").await?;
            match work(&mut change).await {
                Some(finish) => finishing.push(finish),
                None => {
                    change.execute_unprepared("ROLLBACK TO SAVEPOINT one").await?;
                    change.rewind(mark);
                }
            }
            change.execute_unprepared("RELEASE SAVEPOINT one").await?;
        }
        if finishing.is_empty() { Ok(()) } else { change.commit().await }
    }
}

/// The database did not take it; what is wrong is in the log.
fn lost() -> Error {
    Error::Fault(platform::http::Fault::internal("a change was not committed"))
}
