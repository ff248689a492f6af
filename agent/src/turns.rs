//! One request at a time for each machine.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::{Notify, OwnedMutexGuard};
use uuid::Uuid;

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
    hurry: Notify,
}

/// A machine's turn, until dropped.
pub(crate) struct Turn {
    queue: Arc<Queue>,
    _held: OwnedMutexGuard<()>,
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

    /// Waits for the machine's turn, and tells who has it not to be patient with the guest any longer.
    pub(crate) async fn take_at_once(&self, id: Uuid) -> Turn {
        self.queue(id).hurry.notify_waiters();
        self.take(id).await
    }
}

impl Turn {
    /// Returns when another request can't wait for the guest's patience.
    pub(crate) async fn hurried(&self) {
        self.queue.hurry.notified().await;
    }
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
    async fn many_machines_leave_nothing_behind() {
        let turns = Turns::default();
        for _ in 0..5000 {
            turns.take(Uuid::new_v4()).await;
        }
        assert!(turns.queues().len() <= FORGET_ABOVE);
    }
}
