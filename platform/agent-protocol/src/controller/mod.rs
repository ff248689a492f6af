//! The controller's end: which hosts are connected, and what they may ask for.

mod connection;
mod consoles;
mod content;
mod grants;
mod listener;
mod metadata;
mod session;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use async_trait::async_trait;
use contracts::{
    compute::Metadata,
    hosts::{ConsoleStream, HostError, HostEvent, HostReply, HostRequest, Hosts},
    image::Images,
    machine::HostDescription,
};
use tokio::sync::broadcast;
use uuid::Uuid;

use self::{consoles::Consoles, grants::Grants, session::Session};
use crate::{limits, message::ToAgent};

/// The hosts that are connected to this controller. Clones are the same registry.
#[derive(Clone)]
pub struct HostRegistry {
    inner: Arc<Inner>,
}

struct Inner {
    /// Set once the composition has them, which is after those who need the hosts have been made.
    services: OnceLock<Services>,
    sessions: Mutex<HashMap<String, Arc<Session>>>,
    grants: Arc<Grants>,
    consoles: Arc<Consoles>,
    events: broadcast::Sender<HostEvent>,
}

struct Services {
    images: Arc<dyn Images>,
    metadata: Arc<dyn Metadata>,
}

impl Default for HostRegistry {
    fn default() -> Self {
        Self::new()
    }
}

impl HostRegistry {
    /// A registry without hosts.
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                services: OnceLock::new(),
                sessions: Mutex::default(),
                grants: Arc::default(),
                consoles: Arc::default(),
                events: broadcast::channel(limits::EVENTS).0,
            }),
        }
    }

    /// Gives the registry the services that answer hosts. Until then hosts are told to ask again. Only the first time
    /// counts.
    pub fn provide(&self, images: Arc<dyn Images>, metadata: Arc<dyn Metadata>) {
        if self.inner.services.set(Services { images, metadata }).is_err() {
            tracing::error!("the host registry was given its services twice; the first ones stay");
        }
    }

    fn services(&self) -> Option<&Services> {
        self.inner.services.get()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, Arc<Session>>> {
        // Nothing panics while it holds the lock, and the map would be whole even so.
        self.inner.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session(&self, host: &str) -> Result<Arc<Session>, HostError> {
        self.sessions().get(host).cloned().ok_or_else(|| HostError::Away { host: host.to_owned() })
    }

    /// Takes a host's new session in place of an earlier one, whose connection ends. Events are sent under the lock, so
    /// that they come in the order in which things happened.
    fn enter(&self, session: &Arc<Session>, connected: HostEvent) {
        let mut sessions = self.sessions();
        let earlier = sessions.insert(session.host.clone(), session.clone());
        let _ = self.inner.events.send(connected);
        drop(sessions);
        if let Some(earlier) = earlier {
            tracing::warn!(host = session.host, "the host connected again; its earlier connection is closed");
            earlier.close();
        } else {
            tracing::info!(host = session.host, "the host has connected");
        }
    }

    /// Forgets a session that has ended, unless the host has a newer one.
    fn leave(&self, session: &Arc<Session>) {
        session.close();
        let mut sessions = self.sessions();
        if sessions.get(&session.host).is_some_and(|current| Arc::ptr_eq(current, session)) {
            sessions.remove(&session.host);
            let _ = self.inner.events.send(HostEvent::Disconnected { host: session.host.clone() });
            tracing::warn!(host = session.host, "the host is no longer connected");
        }
    }

    /// Sends an event of a session's, unless the host has a newer one.
    fn announce(&self, session: &Arc<Session>, event: HostEvent) {
        let sessions = self.sessions();
        if sessions.get(&session.host).is_some_and(|current| Arc::ptr_eq(current, session)) {
            let _ = self.inner.events.send(event);
        }
    }
}

#[async_trait]
impl Hosts for HostRegistry {
    fn connected(&self) -> Vec<HostDescription> {
        self.sessions().values().map(|session| session.description()).collect()
    }

    async fn ask(&self, host: &str, request: HostRequest) -> Result<HostReply, HostError> {
        let session = self.session(host)?;
        // While it is under way, the host may fetch and store what the request names.
        let _grant = self.inner.grants.grant(host, &request);
        session.ask(|number| ToAgent::Request { number, request }).await
    }

    async fn console(&self, host: &str, id: Uuid) -> Result<Box<dyn ConsoleStream>, HostError> {
        let session = self.session(host)?;
        let expected = self.inner.consoles.expect(host)?;
        let token = expected.token;
        let asked = session.ask(|number| ToAgent::Console { number, token, machine: id });
        // The agent brings the stream first and then says so.
        let brought = tokio::time::timeout(limits::CONSOLE_DEADLINE, async {
            asked.await?;
            expected
                .stream
                .await
                .map_err(|_| HostError::Failed { reason: "the host brought no console".into() })
        });
        match brought.await {
            Ok(Ok(stream)) => Ok(Box::new(stream)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(HostError::Failed { reason: format!("host {host} brought no console in time") }),
        }
    }

    fn events(&self) -> broadcast::Receiver<HostEvent> {
        self.inner.events.subscribe()
    }
}
