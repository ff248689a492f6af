//! Graphical consoles that hosts were asked to bring.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use contracts::hosts::HostError;
use http::{Response, StatusCode};
use hyper::body::Incoming;
use tokio::{io::DuplexStream, sync::oneshot};
use uuid::Uuid;

use crate::{
    body::{self, Body},
    identity::HostIdentity,
    limits,
    tunnel::Tunnel,
};

struct Wanted {
    host: String,
    stream: oneshot::Sender<DuplexStream>,
}

#[derive(Default)]
pub(super) struct Consoles {
    wanted: Mutex<HashMap<Uuid, Wanted>>,
}

/// A console that is to be brought under a token; forgotten when dropped.
pub(super) struct Expected {
    pub(super) token: Uuid,
    pub(super) stream: oneshot::Receiver<DuplexStream>,
    _forget: Forget,
}

struct Forget {
    consoles: Arc<Consoles>,
    token: Uuid,
}

impl Drop for Forget {
    fn drop(&mut self) {
        self.consoles.wanted().remove(&self.token);
    }
}

impl Consoles {
    fn wanted(&self) -> MutexGuard<'_, HashMap<Uuid, Wanted>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Expects a console from a host, under a new token.
    pub(super) fn expect(self: &Arc<Self>, host: &str) -> Result<Expected, HostError> {
        let mut wanted = self.wanted();
        if wanted.values().filter(|wanted| wanted.host == host).count() >= limits::MAX_CONSOLES {
            return Err(HostError::Failed { reason: format!("host {host} is opening too many consoles") });
        }
        let token = Uuid::new_v4();
        let (stream, brought) = oneshot::channel();
        wanted.insert(token, Wanted { host: host.to_owned(), stream });
        Ok(Expected { token, stream: brought, _forget: Forget { consoles: self.clone(), token } })
    }

    /// Takes the console that a host brings. A token is good once, and only for the host that was given it.
    pub(super) fn take(&self, peer: &HostIdentity, token: Uuid, incoming: Incoming) -> Response<Body> {
        let mut wanted = self.wanted();
        let expected = match wanted.get(&token) {
            Some(expected) if expected.host == peer.0 => wanted.remove(&token),
            _ => None,
        };
        drop(wanted);
        let tunnel = Tunnel::new();
        match expected.map(|expected| expected.stream.send(tunnel.stream)) {
            Some(Ok(())) => {
                tokio::spawn(tunnel.incoming.carry(incoming));
                body::answer(StatusCode::OK, tunnel.outgoing)
            }
            Some(Err(_)) | None => body::problem(StatusCode::NOT_FOUND, "nobody waits for that console"),
        }
    }
}
