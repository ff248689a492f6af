//! The connection to libvirt: opened when needed, opened again when the daemon was restarted, used off the event loop.

mod events;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::{Duration, Instant},
};

use contracts::driver::{DriverError, DriverResult};
use uuid::Uuid;
use virt::connect::Connect;

use crate::error::driver_error;

/// How long a call waits for a daemon that is being restarted.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(50);
/// A daemon that does not answer for this long has hung, and the connection is given up.
const KEEPALIVE_SECONDS: i32 = 5;
const KEEPALIVE_MISSES: u32 = 6;

/// A connection that heals itself.
pub(crate) struct Connection {
    uri: String,
    live: Mutex<Option<Live>>,
    events: mpsc::Sender<Uuid>,
}

struct Live {
    connect: Connect,
    subscription: events::Subscription,
}

impl Connection {
    /// A connection to `uri`, not yet open. The ids of domains to which something happened go to `events`.
    pub(crate) fn new(uri: String, events: mpsc::Sender<Uuid>) -> DriverResult<Arc<Self>> {
        events::start_loop().map_err(DriverError::Unavailable)?;
        Ok(Arc::new(Self { uri, live: Mutex::new(None), events }))
    }

    /// Runs `work` on a thread that may block, for at most `limit`.
    pub(crate) async fn call<T, F>(
        self: &Arc<Self>,
        deed: &'static str,
        limit: Duration,
        work: F,
    ) -> DriverResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connect) -> DriverResult<T> + Send + 'static,
    {
        let connection = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || work(&connection.open(PATIENCE)?));
        match tokio::time::timeout(limit, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(broken)) => Err(DriverError::Unavailable(format!("{deed} broke off: {broken}"))),
            Err(_) => Err(DriverError::Unavailable(format!("{deed} took more than {} s", limit.as_secs()))),
        }
    }

    /// The open connection; opens it, trying for at most `patience`.
    pub(crate) fn open(&self, patience: Duration) -> DriverResult<Connect> {
        let deadline = Instant::now() + patience;
        loop {
            match self.try_open() {
                Ok(connect) => return Ok(connect),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => std::thread::sleep(RETRY),
            }
        }
    }

    fn try_open(&self) -> DriverResult<Connect> {
        let mut live = self.live();
        if let Some(live) = live.as_ref()
            && live.connect.is_alive().unwrap_or(false)
        {
            return Ok(live.connect.clone());
        }
        if let Some(dead) = live.take() {
            tracing::warn!(uri = %self.uri, "the connection to libvirt was lost");
            dead.subscription.cancel(&dead.connect);
        }
        let failed = |error: virt::error::Error| match driver_error("libvirt can't be reached", &error) {
            DriverError::Refused(text) | DriverError::NotFound(text) => DriverError::Unavailable(text),
            unavailable => unavailable,
        };
        let connect = Connect::open(Some(&self.uri)).map_err(failed)?;
        connect.set_keep_alive(KEEPALIVE_SECONDS, KEEPALIVE_MISSES).map_err(failed)?;
        let subscription = events::subscribe(&connect, self.events.clone()).map_err(failed)?;
        tracing::info!(uri = %self.uri, "connected to libvirt");
        *live = Some(Live { connect: connect.clone(), subscription });
        Ok(connect)
    }

    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        // The connection is replaced as a whole, so that a panic can't leave it half changed.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(live) = self.live().take() {
            live.subscription.cancel(&live.connect);
        }
    }
}
