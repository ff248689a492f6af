//! One session: from dialling to the end of the connection.

use std::sync::Arc;

use bytes::Bytes;
use contracts::hosts::{HostError, HostReply};
use http::{Method, StatusCode};
use hyper::client::conn::http2;
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::copy_bidirectional,
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    AgentLink, Connection, Handler,
    calls::{request, said},
    link::Live,
};
use crate::{
    body::{self, Body},
    limits,
    lines::{Lines, line},
    message::{ToAgent, ToController},
    tunnel::Tunnel,
};

/// Runs the tasks of a connection until it is closed. They would otherwise keep it open as long as anything holds an end
/// of one of its streams, as a request under way does.
#[derive(Clone)]
struct Until(CancellationToken);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Until {
    fn execute(&self, task: F) {
        tokio::spawn(self.0.clone().run_until_cancelled_owned(task));
    }
}

/// Connects and serves until the connection has gone. Returns why.
pub(super) async fn hold(link: &AgentLink, handler: &Arc<dyn Handler>) -> String {
    match timeout(limits::DIAL_DEADLINE, link.dialer().dial()).await {
        Ok(Ok(io)) => {
            connected(link, handler, io).await.err().unwrap_or_else(|| "the controller closed".into())
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => "the controller can't be reached in time".into(),
    }
}

async fn connected(
    link: &AgentLink,
    handler: &Arc<dyn Handler>,
    io: Box<dyn Connection>,
) -> Result<(), String> {
    let closed = CancellationToken::new();
    let _close_with_this = closed.clone().drop_guard();
    let mut builder = http2::Builder::new(Until(closed.clone()));
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(limits::STREAM_WINDOW)
        .initial_connection_window_size(limits::CONNECTION_WINDOW);
    let (http, connection) = timeout(limits::DIAL_DEADLINE, builder.handshake::<_, Body>(TokioIo::new(io)))
        .await
        .map_err(|_| "no HTTP/2 in time")?
        .map_err(|error| error.to_string())?;
    let close = closed.clone();
    tokio::spawn(async move {
        tokio::select! {
            ended = connection => if let Err(error) = ended {
                tracing::debug!(%error, "the connection to the controller broke");
            },
            () = close.cancelled() => {}
        }
        close.cancel();
    });
    let (outgoing, messages) = mpsc::channel(limits::OUTGOING);
    let live = Live { http, outgoing, closed };
    tokio::select! {
        ended = converse(link, handler, &live, messages) => ended,
        () = live.closed.cancelled() => Err("the connection broke".into()),
    }
}

async fn converse(
    link: &AgentLink,
    handler: &Arc<dyn Handler>,
    live: &Live,
    messages: mpsc::Receiver<Bytes>,
) -> Result<(), String> {
    // From here on changes go into the session, behind an inventory that may or may not have them already.
    link.set_current(Some(live.clone()));
    let (description, machines) = handler.inventory().await.map_err(|error| error.to_string())?;
    let host = description.host.clone();
    let inventory =
        line(&ToController::Inventory { description, machines }).map_err(|error| error.to_string())?;
    let body = body::from_channel(Some(inventory), messages);
    let opening = request(live, Method::POST, "session", body);
    let response = timeout(limits::SESSION_DEADLINE, opening)
        .await
        .map_err(|_| "no session in time")?
        .map_err(|error| error.to_string())?;
    if response.status() != StatusCode::OK {
        return Err(said(response).await);
    }
    tracing::info!(host, "connected to the controller");
    let mut lines = Lines::new(response.into_body());
    let mut beat = interval(limits::HEARTBEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let heartbeat = line(&ToController::Heartbeat).map_err(|error| error.to_string())?;
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            () = sleep_until(heard + limits::DEAD_AFTER) => return Err("the controller fell silent".into()),
            // A full queue carries other messages, which are as good a sign of life.
            _ = beat.tick() => drop(live.outgoing.try_send(heartbeat.clone())),
            message = lines.next() => {
                heard = Instant::now();
                match message.map_err(|error| error.to_string())? {
                    None => return Ok(()),
                    Some(message) => take(link, handler, live, message),
                }
            }
        }
    }
}

/// Begins what the controller asks for.
fn take(link: &AgentLink, handler: &Arc<dyn Handler>, live: &Live, message: ToAgent) {
    let (link, handler, live) = (link.clone(), handler.clone(), live.clone());
    match message {
        ToAgent::Heartbeat => {}
        ToAgent::Request { number, request } => match link.shared.slots.clone().try_acquire_owned() {
            Err(_) => busy(live, number),
            Ok(slot) => drop(tokio::spawn(async move {
                let outcome = handler.handle(request).await;
                drop(slot);
                reply(&live, number, outcome).await;
            })),
        },
        ToAgent::Console { number, token, machine } => match link.shared.consoles.clone().try_acquire_owned()
        {
            Err(_) => busy(live, number),
            Ok(slot) => drop(tokio::spawn(async move {
                console(&*handler, &live, number, token, machine).await;
                drop(slot);
            })),
        },
    }
}

async fn reply(live: &Live, number: u64, outcome: Result<HostReply, HostError>) {
    let message = ToController::Reply { number, outcome: outcome.into() };
    let unsendable = |error| {
        tracing::error!(%error, "a reply can't be sent");
        let reason = format!("the host's reply can't be sent: {error}");
        line(&ToController::Reply { number, outcome: Err(HostError::Failed { reason }).into() })
    };
    match line(&message).or_else(unsendable) {
        Ok(line) => live.say(line).await,
        Err(_) => live.closed.cancel(),
    }
}

/// More than a controller asks for at once: it must be told, and must not be waited for.
fn busy(live: Live, number: u64) {
    let outcome = Err(HostError::Failed { reason: "the host has too much to do".into() }).into();
    let said =
        line(&ToController::Reply { number, outcome }).map(|line| live.outgoing.try_send(line).is_ok());
    if !matches!(said, Ok(true)) {
        live.closed.cancel();
    }
}

/// Brings a console, says so, and carries its bytes until either end goes.
async fn console(handler: &dyn Handler, live: &Live, number: u64, token: Uuid, machine: Uuid) {
    let opened = async {
        let screen = handler.console(machine).await?;
        let tunnel = Tunnel::new();
        let failed = |reason: String| HostError::Failed { reason };
        let response = request(live, Method::POST, &format!("consoles/{token}"), tunnel.outgoing)
            .await
            .map_err(|error| failed(error.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(failed(said(response).await));
        }
        tokio::spawn(tunnel.incoming.carry(response.into_body()));
        Ok((screen, tunnel.stream))
    };
    match timeout(limits::CONSOLE_DEADLINE, opened).await {
        Ok(Ok((mut screen, mut stream))) => {
            reply(live, number, Ok(HostReply::Done)).await;
            tokio::select! {
                // An error is the end of one side, which is all there is to know.
                _ = copy_bidirectional(&mut screen, &mut stream) => {}
                () = live.closed.cancelled() => {}
            }
        }
        Ok(Err(error)) => reply(live, number, Err(error)).await,
        Err(_) => reply(live, number, Err(HostError::Failed { reason: "no console in time".into() })).await,
    }
}
