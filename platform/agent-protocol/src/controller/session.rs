//! One host's session: requests down, replies and events up, heartbeats both ways.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use contracts::{
    hosts::{HostError, HostEvent, HostReply},
    machine::HostDescription,
};
use http::{Response, StatusCode};
use hyper::body::Incoming;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use super::HostRegistry;
use crate::{
    body::{self, Body},
    identity::HostIdentity,
    limits,
    lines::{LineError, Lines, line},
    message::{Outcome, ToAgent, ToController},
};

type Waiting = HashMap<u64, oneshot::Sender<Result<HostReply, HostError>>>;

pub(super) struct Session {
    pub(super) host: String,
    description: RwLock<HostDescription>,
    outgoing: mpsc::Sender<Bytes>,
    waiting: Mutex<Waiting>,
    number: AtomicU64,
    slots: Semaphore,
    /// Cancelled when the session or its connection ends; ends both.
    closed: CancellationToken,
}

/// Takes a request out of those that wait, however its asker ends.
struct Asked<'a> {
    session: &'a Session,
    number: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.session.waiting().remove(&self.number);
    }
}

impl Session {
    pub(super) fn description(&self) -> HostDescription {
        self.description.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn close(&self) {
        self.closed.cancel();
    }

    fn describe(&self, description: HostDescription) {
        *self.description.write().unwrap_or_else(PoisonError::into_inner) = description;
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self) -> HostError {
        HostError::Away { host: self.host.clone() }
    }

    /// Sends a message that is answered, and waits for the answer.
    pub(super) async fn ask(&self, message: impl FnOnce(u64) -> ToAgent) -> Result<HostReply, HostError> {
        let Ok(_slot) = self.slots.try_acquire() else {
            return Err(HostError::Failed { reason: format!("host {} has too much to do", self.host) });
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let message = line(&message(number))
            .map_err(|error| HostError::Refused { reason: format!("the request can't be sent: {error}") })?;
        let (answer, mut answered) = oneshot::channel();
        self.waiting().insert(number, answer);
        let _asked = Asked { session: self, number };
        tokio::select! {
            biased;
            () = self.closed.cancelled() => return Err(self.away()),
            sent = self.outgoing.send_timeout(message, limits::DEAD_AFTER) => if sent.is_err() {
                // It does not read what it is sent: as good as dead, even if it still says that it is alive.
                self.close();
                return Err(self.away());
            },
        }
        tokio::select! {
            biased;
            answer = &mut answered => answer.unwrap_or_else(|_| Err(self.away())),
            () = self.closed.cancelled() => Err(self.away()),
        }
    }

    fn reply(&self, number: u64, outcome: Outcome) {
        // Whoever asked may have given up.
        if let Some(waiting) = self.waiting().remove(&number) {
            let _ = waiting.send(outcome.into());
        }
    }
}

/// Opens the session of a connection. `closed` ends the connection.
pub(super) async fn open(
    registry: &HostRegistry,
    peer: &HostIdentity,
    closed: CancellationToken,
    request: Incoming,
) -> Response<Body> {
    let mut lines = Lines::new(request);
    let (description, machines) = match timeout(limits::SESSION_DEADLINE, lines.next()).await {
        Ok(Ok(Some(ToController::Inventory { description, machines }))) => (description, machines),
        Ok(Ok(_)) => {
            return refuse(StatusCode::BAD_REQUEST, peer, "a session begins with the host's inventory");
        }
        Ok(Err(error)) => return refuse(StatusCode::BAD_REQUEST, peer, &error.to_string()),
        Err(_) => return refuse(StatusCode::REQUEST_TIMEOUT, peer, "no inventory in time"),
    };
    if description.host != peer.0 {
        return refuse(StatusCode::FORBIDDEN, peer, "the host claims a name that is not its own");
    }
    let (outgoing, messages) = mpsc::channel(limits::OUTGOING);
    let session = Arc::new(Session {
        host: peer.0.clone(),
        description: RwLock::new(description.clone()),
        outgoing,
        waiting: Mutex::default(),
        number: AtomicU64::new(1),
        slots: Semaphore::new(limits::MAX_UNDER_WAY),
        closed,
    });
    registry.enter(&session, HostEvent::Connected { description, machines });
    let registry = registry.clone();
    tokio::spawn(async move {
        if let Err(reason) = listen(&registry, &session, lines).await {
            tracing::warn!(host = session.host, reason, "the host's session broke");
        }
        registry.leave(&session);
    });
    body::answer(StatusCode::OK, body::from_channel(None, messages))
}

fn refuse(status: StatusCode, peer: &HostIdentity, reason: &str) -> Response<Body> {
    tracing::warn!(host = peer.0, reason, "the host's session is refused");
    body::problem(status, reason)
}

/// Hears the agent until it ends, breaks or falls silent.
async fn listen(registry: &HostRegistry, session: &Arc<Session>, mut lines: Lines) -> Result<(), String> {
    let mut beat = interval(limits::HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let heartbeat = line(&ToAgent::Heartbeat).map_err(|error| error.to_string())?;
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            () = session.closed.cancelled() => return Ok(()),
            () = sleep_until(heard + limits::DEAD_AFTER) => return Err("it fell silent".into()),
            // A full queue carries other messages, which are as good a sign of life.
            _ = beat.tick() => drop(session.outgoing.try_send(heartbeat.clone())),
            message = lines.next() => {
                heard = Instant::now();
                match message {
                    Ok(Some(message)) => take(registry, session, message)?,
                    Ok(None) => return Ok(()),
                    Err(LineError::Broken(error)) => {
                        tracing::debug!(host = session.host, %error, "the host's connection broke");
                        return Ok(());
                    }
                    Err(error) => return Err(error.to_string()),
                }
            }
        }
    }
}

fn take(registry: &HostRegistry, session: &Arc<Session>, message: ToController) -> Result<(), String> {
    let its_own = |description: &HostDescription| {
        if description.host == session.host {
            Ok(())
        } else {
            Err("it claims a name that is not its own".to_owned())
        }
    };
    match message {
        ToController::Heartbeat => {}
        ToController::Reply { number, outcome } => {
            if let Outcome::Done(HostReply::Description { description }) = &outcome {
                its_own(description)?;
                session.describe(description.clone());
            }
            session.reply(number, outcome);
        }
        ToController::Machine { id, power } => {
            registry.announce(session, HostEvent::Machine { host: session.host.clone(), id, power });
        }
        ToController::Inventory { description, machines } => {
            its_own(&description)?;
            session.describe(description.clone());
            registry.announce(session, HostEvent::Connected { description, machines });
        }
    }
    Ok(())
}
