//! Keeping the connection.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use contracts::{
    hosts::{ConsoleStream, HostError, HostReply, HostRequest},
    machine::{HostDescription, MachineStatus, Power},
};
use hyper::client::conn::http2::SendRequest;
use rand::Rng;
use tokio::{
    sync::{Semaphore, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Dialer, LinkError, session};
use crate::{body::Body, limits, lines::line, message::ToController};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A session that held for so long was a good one: the next failure begins with a short pause again.
const GOOD_SESSION: Duration = Duration::from_secs(20);

/// Does what the controller asks.
#[async_trait]
pub trait Handler: Send + Sync {
    /// What the host is and has, as a session begins with it.
    async fn inventory(&self) -> Result<(HostDescription, Vec<MachineStatus>), HostError>;

    /// Carries a request out. Runs on when the connection breaks: the controller will ask again.
    async fn handle(&self, request: HostRequest) -> Result<HostReply, HostError>;

    /// Opens the graphical console of a machine.
    async fn console(&self, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError>;
}

/// The agent's connection to a controller. Clones are the same link.
#[derive(Clone)]
pub struct AgentLink {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    dialer: Arc<dyn Dialer>,
    current: Mutex<Option<Live>>,
    /// Requests under way, of this session and of earlier ones.
    pub(super) slots: Arc<Semaphore>,
    pub(super) consoles: Arc<Semaphore>,
}

/// A connection that holds.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) http: SendRequest<Body>,
    pub(super) outgoing: mpsc::Sender<Bytes>,
    pub(super) closed: CancellationToken,
}

impl AgentLink {
    /// A link that is not connected until it is [`run`](Self::run).
    pub fn new(dialer: Arc<dyn Dialer>) -> Self {
        Self {
            shared: Arc::new(Shared {
                dialer,
                current: Mutex::new(None),
                slots: Arc::new(Semaphore::new(limits::MAX_UNDER_WAY)),
                consoles: Arc::new(Semaphore::new(limits::MAX_CONSOLES)),
            }),
        }
    }

    /// Connects, and connects again whenever the connection has gone, until cancelled.
    pub async fn run(&self, handler: Arc<dyn Handler>, cancel: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !cancel.is_cancelled() {
            let began = Instant::now();
            let reason = tokio::select! {
                () = cancel.cancelled() => break,
                ended = session::hold(self, &handler) => ended,
            };
            self.set_current(None);
            if began.elapsed() >= GOOD_SESSION {
                pause = FIRST_PAUSE;
            }
            // Many agents lose the same controller at the same moment: they come back spread out.
            let spread = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            tracing::warn!(
                reason,
                again_in_ms = spread.as_millis() as u64,
                "not connected to the controller"
            );
            tokio::select! {
                () = cancel.cancelled() => break,
                () = tokio::time::sleep(spread) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        self.set_current(None);
    }

    /// Whether there is a connection now.
    pub fn is_connected(&self) -> bool {
        self.live().is_ok()
    }

    /// Says that a machine changed by itself. Nothing is lost when there is no connection: the next begins with all.
    pub async fn report(&self, id: Uuid, power: Power) {
        self.say(&ToController::Machine { id, power }).await;
    }

    /// Says again what the host is and has, when single changes were missed.
    pub async fn report_all(&self, description: HostDescription, machines: Vec<MachineStatus>) {
        self.say(&ToController::Inventory { description, machines }).await;
    }

    async fn say(&self, message: &ToController) {
        let Ok(live) = self.live() else { return };
        match line(message) {
            Ok(line) => live.say(line).await,
            Err(error) => tracing::error!(%error, "a message to the controller can't be sent"),
        }
    }

    pub(super) fn live(&self) -> Result<Live, LinkError> {
        let current = self.shared.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|live| !live.closed.is_cancelled()).cloned().ok_or(LinkError::Away)
    }

    pub(super) fn set_current(&self, live: Option<Live>) {
        *self.shared.current.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }

    pub(super) fn dialer(&self) -> &dyn Dialer {
        &*self.shared.dialer
    }
}

impl Live {
    /// Puts a line into the session. A controller that takes nothing is as good as dead.
    pub(super) async fn say(&self, line: Bytes) {
        tokio::select! {
            () = self.closed.cancelled() => {}
            sent = self.outgoing.send_timeout(line, limits::DEAD_AFTER) => if sent.is_err() {
                self.closed.cancel();
            },
        }
    }
}
