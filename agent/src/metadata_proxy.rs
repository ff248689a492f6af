//! The metadata service's address on each network that has machines on this host.
//!
//! Who a guest is follows from the network that the socket belongs to and from the address that its packets came from.
//! Nothing that a guest writes into a header has a part in it (OSSN-0074).

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use agent_protocol::{AgentLink, LinkError};
use bytes::Bytes;
use contracts::{compute::MetadataRequest, driver::Wiring, hosts::HostError, network::MetadataPort};
use http::{
    HeaderValue, Request, Response, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    fault::{failed, of_driver},
    journal::Journal,
};

/// Guests of one network that are answered at the same time.
const MOST_CONNECTIONS: usize = 32;
const LONGEST_CONNECTION: Duration = Duration::from_secs(60);
const HEADERS_WITHIN: Duration = Duration::from_secs(5);
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// What a guest sends is read to keep its connection in order, and has no meaning.
const MOST_BODY: usize = 64 << 10;
const MOST_HEADERS: usize = 16 << 10;

/// A network's proxy that is open.
struct Open {
    port: MetadataPort,
    /// Ends the server. `None` when the wiring has no packets.
    _server: Option<DropGuard>,
}

/// One network's proxy, changed by one at a time.
type Place = Arc<tokio::sync::Mutex<Option<Open>>>;

pub(crate) struct MetadataProxies {
    wiring: Arc<dyn Wiring>,
    link: AgentLink,
    places: Mutex<HashMap<Uuid, Place>>,
}

impl MetadataProxies {
    pub(crate) fn new(wiring: Arc<dyn Wiring>, link: AgentLink) -> Self {
        Self { wiring, link, places: Mutex::default() }
    }

    fn places(&self) -> MutexGuard<'_, HashMap<Uuid, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, network: Uuid) -> Place {
        self.places().entry(network).or_default().clone()
    }

    /// Opens the network's proxy unless it is open.
    pub(crate) async fn ensure(&self, port: &MetadataPort) -> Result<(), HostError> {
        let place = self.place(port.network_id);
        let mut place = place.lock().await;
        if place.as_ref().is_some_and(|open| open.port == *port) {
            return Ok(());
        }
        // The port has changed: the earlier server leaves the address first.
        *place = None;
        let listener = self.wiring.open_metadata(port).await.map_err(of_driver)?;
        let server = listener.map(|listener| self.serve(port.network_id, listener)).transpose()?;
        *place = Some(Open { port: port.clone(), _server: server });
        Ok(())
    }

    /// Closes the network's proxy if no machine in the journal needs it any longer. Who begins a machine records it
    /// first and ensures the proxy then, so that neither overlooks the other.
    pub(crate) async fn release(&self, network: Uuid, journal: &Journal) -> Result<(), HostError> {
        let place = self.place(network);
        let mut open = place.lock().await;
        if journal.metadata_networks().contains(&network) {
            return Ok(());
        }
        *open = None;
        self.wiring.close_metadata(network).await.map_err(of_driver)?;
        drop(open);
        let mut places = self.places();
        // Of the map and of this call: nobody else is at it.
        if Arc::strong_count(&place) == 2 {
            places.remove(&network);
        }
        Ok(())
    }

    fn serve(&self, network: Uuid, listener: TcpListener) -> Result<DropGuard, HostError> {
        let listener = listener
            .set_nonblocking(true)
            .and_then(|()| tokio::net::TcpListener::from_std(listener))
            .map_err(|error| failed("the metadata proxy's socket", error))?;
        let until = CancellationToken::new();
        let proxy = Proxy { network, link: self.link.clone() };
        tokio::spawn(until.clone().run_until_cancelled_owned(accept(proxy, listener, until.clone())));
        Ok(until.drop_guard())
    }
}

#[derive(Clone)]
struct Proxy {
    network: Uuid,
    link: AgentLink,
}

async fn accept(proxy: Proxy, listener: tokio::net::TcpListener, until: CancellationToken) {
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    while let Ok(slot) = slots.clone().acquire_owned().await {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(network = %proxy.network, %error, "a guest's connection could not be taken");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let proxy = proxy.clone();
        tokio::spawn(until.clone().run_until_cancelled_owned(async move {
            let service = service_fn(move |request| {
                let proxy = proxy.clone();
                async move { Ok::<_, Infallible>(proxy.answer(from.ip().to_canonical(), request).await) }
            });
            let serving = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS_WITHIN)
                .max_buf_size(MOST_HEADERS)
                .serve_connection(TokioIo::new(stream), service);
            // How a guest ends its connection is its own affair.
            let _ = timeout(LONGEST_CONNECTION, serving).await;
            drop(slot);
        }));
    }
}

impl Proxy {
    async fn answer(&self, source: IpAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = match timeout(BODY_WITHIN, Limited::new(body, MOST_BODY).collect()).await {
            Ok(Ok(body)) => body.to_bytes().to_vec(),
            Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "413 Content Too Large"),
            Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "408 Request Timeout"),
        };
        let question = MetadataRequest {
            network: self.network,
            source,
            method: head.method.as_str().to_owned(),
            path: head.uri.path().to_owned(),
            body,
        };
        match self.link.metadata(&question).await {
            Ok(answer) => {
                let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
                let mut response = plain(status, answer.body);
                if let Ok(kind) = HeaderValue::from_str(&answer.content_type) {
                    response.headers_mut().insert(CONTENT_TYPE, kind);
                }
                response
            }
            Err(LinkError::Refused { status: 400, .. }) => plain(StatusCode::BAD_REQUEST, "400 Bad Request"),
            Err(LinkError::Refused { .. }) => plain(StatusCode::NOT_FOUND, "404 Not Found"),
            Err(error @ (LinkError::Away | LinkError::Failed(_))) => {
                tracing::warn!(network = %self.network, %source, %error, "a guest gets no metadata");
                let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "503 Service Unavailable");
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
                response
            }
        }
    }
}

fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
