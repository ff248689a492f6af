//! What happens to machines by itself.
//!
//! libvirt's events are only hints: whenever something happened to a machine, its state is looked up and told. While
//! the driver itself works on a machine (a reboot turns it off and on), nothing is told of it; when the work is done,
//! the state that it left is. Nothing is told twice in a row.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        mpsc::{Receiver, RecvTimeoutError, Sender},
    },
    time::Duration,
};

use contracts::{
    driver::{DriverError, DriverResult, HypervisorEvent},
    machine::Power,
};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{domain, power::power};
use crate::connection::Connection;

/// How often it is looked whether the connection is alive.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// Events that a slow listener may miss before it is told that it lags, and lists.
const BACKLOG: usize = 1024;

pub(super) struct Watch {
    operations: Arc<Operations>,
    events: broadcast::Sender<HypervisorEvent>,
}

/// Machines that the driver works on now.
struct Operations {
    working: Mutex<HashMap<Uuid, Work>>,
    happened: Sender<Uuid>,
}

#[derive(Default)]
struct Work {
    operations: usize,
    noted: bool,
}

/// Work on a machine, under way until this is dropped.
pub(super) struct Operation {
    operations: Arc<Operations>,
    id: Uuid,
}

impl Watch {
    pub(super) fn start(
        connection: &Arc<Connection>,
        sender: Sender<Uuid>,
        happened: Receiver<Uuid>,
    ) -> DriverResult<Self> {
        let operations = Arc::new(Operations { working: Mutex::default(), happened: sender });
        let (events, _) = broadcast::channel(BACKLOG);
        let watch = Self { operations: Arc::clone(&operations), events: events.clone() };
        let connection = Arc::downgrade(connection);
        let operations = Arc::downgrade(&operations);
        let run = move || follow(&connection, &operations, &happened, &events);
        let thread = std::thread::Builder::new().name("libvirt-watch".into()).spawn(run);
        thread.map_err(|error| DriverError::Unavailable(format!("no thread for events: {error}")))?;
        Ok(watch)
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<HypervisorEvent> {
        self.events.subscribe()
    }

    pub(super) fn operation(&self, id: Uuid) -> Operation {
        self.operations.working().entry(id).or_default().operations += 1;
        Operation { operations: Arc::clone(&self.operations), id }
    }
}

impl Operations {
    fn working(&self) -> MutexGuard<'_, HashMap<Uuid, Work>> {
        // Counters only: a panic elsewhere leaves them usable.
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts off what happened to a machine that is worked on; `false` when it is not.
    fn put_off(&self, id: Uuid) -> bool {
        self.working().get_mut(&id).map(|work| work.noted = true).is_some()
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let mut working = self.operations.working();
        if let Some(work) = working.get_mut(&self.id) {
            work.operations -= 1;
            if work.operations == 0 {
                let noted = work.noted;
                working.remove(&self.id);
                if noted {
                    // Nobody listens any more when the driver is being dropped.
                    let _ = self.operations.happened.send(self.id);
                }
            }
        }
    }
}

/// Tells what happens, until the driver is dropped.
fn follow(
    connection: &Weak<Connection>,
    operations: &Weak<Operations>,
    happened: &Receiver<Uuid>,
    events: &broadcast::Sender<HypervisorEvent>,
) {
    let mut told: HashMap<Uuid, Power> = HashMap::new();
    let mut reachable = true;
    loop {
        let next = happened.recv_timeout(HEARTBEAT);
        let (Some(connection), Some(operations)) = (connection.upgrade(), operations.upgrade()) else {
            return;
        };
        let connect = connection.open(Duration::ZERO);
        if connect.is_ok() != reachable {
            reachable = connect.is_ok();
            if let Err(error) = &connect {
                tracing::error!(%error, "libvirt does not answer; machines go on");
            }
        }
        let id = match next {
            Ok(id) if !operations.put_off(id) => id,
            Ok(_) | Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        // Without a connection it stays untold: the agent lists when libvirt is back.
        let Ok(connect) = connect else { continue };
        match domain(&connect, id).and_then(|domain| power(&domain)) {
            Ok(power) if told.insert(id, power) != Some(power) => {
                // No receiver is no failure.
                let _ = events.send(HypervisorEvent { id, power });
            }
            Ok(_) => {}
            Err(_) => {
                told.remove(&id);
            }
        }
    }
}
