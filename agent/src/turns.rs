//! One request at a time for each machine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use contracts::hosts::HostError;
use tokio::sync::{OwnedMutexGuard, watch};
use uuid::Uuid;

use crate::fault::failed;

/// So many turns are remembered before those that nobody holds are forgotten.
const FORGET_ABOVE: usize = 1024;

/// Whose turn it is, for every machine.
#[derive(Default)]
pub(crate) struct Turns {
    queues: Mutex<HashMap<Uuid, Weak<Queue>>>,
}

#[derive(Default)]
struct Queue {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// Requests in the queue that can't wait for a guest's patience.
    hurried: watch::Sender<usize>,
    /// Requests in the queue after which the machine will be no more.
    doomed: watch::Sender<usize>,
}

/// A machine's turn, until dropped.
pub(crate) struct Turn {
    queue: Arc<Queue>,
    _held: OwnedMutexGuard<()>,
}

/// One more in a count, as long as it waits.
struct Counted<'a>(&'a watch::Sender<usize>);

impl<'a> Counted<'a> {
    fn new(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Turns {
    fn queues(&self) -> MutexGuard<'_, HashMap<Uuid, Weak<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, id: Uuid) -> Arc<Queue> {
        let mut queues = self.queues();
        if let Some(queue) = queues.get(&id).and_then(Weak::upgrade) {
            return queue;
        }
        if queues.len() >= FORGET_ABOVE {
            queues.retain(|_, queue| queue.strong_count() > 0);
        }
        let queue = Arc::new(Queue::default());
        queues.insert(id, Arc::downgrade(&queue));
        queue
    }

    /// Waits for the machine's turn.
    pub(crate) async fn take(&self, id: Uuid) -> Turn {
        let queue = self.queue(id);
        let held = queue.lock.clone().lock_owned().await;
        Turn { queue, _held: held }
    }

    /// Waits for the machine's turn, and has those before it not be patient with the guest any longer.
    pub(crate) async fn take_at_once(&self, id: Uuid) -> Turn {
        let queue = self.queue(id);
        let _hurried = Counted::new(&queue.hurried);
        self.take(id).await
    }

    /// Waits for the machine's last turn, and has those before it give up what takes long.
    pub(crate) async fn take_the_last(&self, id: Uuid) -> Turn {
        let queue = self.queue(id);
        let _doomed = Counted::new(&queue.doomed);
        self.take_at_once(id).await
    }
}

impl Turn {
    /// Returns when another request waits that can't wait for the guest's patience.
    pub(crate) async fn hurried(&self) {
        reached(&self.queue.hurried).await;
    }

    /// Does what takes long, unless the machine is to be removed.
    pub(crate) async fn unless_doomed<T>(
        &self,
        work: impl Future<Output = Result<T, HostError>>,
    ) -> Result<T, HostError> {
        tokio::select! {
            outcome = work => outcome,
            () = reached(&self.queue.doomed) => Err(failed("given up", "the machine is to be removed")),
        }
    }
}

async fn reached(count: &watch::Sender<usize>) {
    // The sender is borrowed, so that the channel can't close.
    let _ = count.subscribe().wait_for(|count| *count > 0).await;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_machine_has_one_turn_and_others_have_theirs() {
        let turns = Turns::default();
        let (a, b) = (Uuid::new_v4(), Uuid::new_v4());
        let held = turns.take(a).await;
        turns.take(b).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), turns.take(a)).await.is_err());
        drop(held);
        turns.take(a).await;
    }

    #[tokio::test]
    async fn who_comes_to_its_turn_before_one_that_hurries_knows_it() {
        let turns = Arc::new(Turns::default());
        let id = Uuid::new_v4();
        let first = turns.take(id).await;
        assert!(tokio::time::timeout(Duration::from_millis(20), first.hurried()).await.is_err());
        let (patient, last) = (turns.clone(), turns.clone());
        let patient = tokio::spawn(async move {
            let turn = patient.take(id).await;
            turn.hurried().await;
            turn.unless_doomed(std::future::pending::<Result<(), HostError>>()).await
        });
        tokio::task::yield_now().await;
        let last = tokio::spawn(async move { last.take_the_last(id).await });
        tokio::task::yield_now().await;
        drop(first);
        assert!(patient.await.unwrap().is_err());
        let last = last.await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(20), last.hurried()).await.is_err());
    }

    #[tokio::test]
    async fn many_machines_leave_nothing_behind() {
        let turns = Turns::default();
        for _ in 0..5000 {
            turns.take(Uuid::new_v4()).await;
        }
        assert!(turns.queues().len() <= FORGET_ABOVE);
    }
}
