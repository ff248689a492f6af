//! One connection of a host's: HTTP/2, and which path leads where.

use std::{convert::Infallible, sync::Arc};

use http::{Method, Request, Response, StatusCode};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{HostRegistry, content, metadata, session};
use crate::{
    body::{self, Body},
    identity::HostIdentity,
    limits,
};

/// What the requests of one connection share.
struct Connection {
    registry: HostRegistry,
    peer: HostIdentity,
    closed: CancellationToken,
    opened: Notify,
}

impl HostRegistry {
    /// Serves a connection from the host of that identity until it ends. Dropping this ends it.
    pub async fn serve_connection<IO>(&self, io: IO, peer: HostIdentity)
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let closed = CancellationToken::new();
        let _close_with_this = closed.clone().drop_guard();
        let connection = Arc::new(Connection {
            registry: self.clone(),
            peer,
            closed: closed.clone(),
            opened: Notify::new(),
        });
        let mut http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        http.timer(TokioTimer::new())
            .max_concurrent_streams(limits::MAX_STREAMS)
            .initial_stream_window_size(limits::STREAM_WINDOW)
            .initial_connection_window_size(limits::CONNECTION_WINDOW);
        let requests = connection.clone();
        let serving = http.serve_connection(
            TokioIo::new(io),
            service_fn(move |request| {
                let connection = requests.clone();
                async move { Ok::<_, Infallible>(connection.answer(request).await) }
            }),
        );
        let host = &connection.peer.0;
        tokio::select! {
            ended = serving => if let Err(error) = ended {
                tracing::debug!(host, %error, "the host's connection broke");
            },
            () = closed.cancelled() => {}
            () = connection.without_session() => {
                tracing::warn!(host, "the host connected and opened no session");
            }
        }
    }
}

impl Connection {
    /// Returns when the connection has had its time without opening a session.
    async fn without_session(&self) {
        if timeout(limits::SESSION_DEADLINE, self.opened.notified()).await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix("/agent/v1/") else {
            return body::problem(
                StatusCode::NOT_FOUND,
                "this controller speaks version 1 of the agent protocol",
            );
        };
        let (kind, id) = path.split_once('/').unwrap_or((path, ""));
        let id = id.parse::<Uuid>().ok();
        let method = request.method().clone();
        let body = request.into_body();
        let (registry, peer) = (&self.registry, &self.peer);
        match (method, kind, id) {
            (Method::POST, "session", None) => {
                self.opened.notify_one();
                session::open(registry, peer, self.closed.clone(), body).await
            }
            (Method::GET, "images", Some(id)) => content::fetch(registry, peer, id).await,
            (Method::PUT, "images", Some(id)) => content::store(registry, peer, id, body).await,
            (Method::POST, "consoles", Some(token)) => registry.inner.consoles.take(peer, token, body),
            (Method::POST, "metadata", None) => metadata::answer(registry, peer, body).await,
            _ => body::problem(StatusCode::NOT_FOUND, "there is no such path in the agent protocol"),
        }
    }
}
