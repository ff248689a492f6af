//! The websocket, checked and piped.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, WebSocket},
    },
    response::{IntoResponse, Response},
};
use contracts::hosts::ConsoleStream;
use futures::{SinkExt, StreamExt, stream::SplitSink};
use http::{HeaderMap, StatusCode, header};
use platform::http::{Query, Service};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::token;
use crate::Nova;

/// Opens a console. A page of somebody else's can't (its Origin is another host), and a token that does not hold is told
/// by closing: a browser that shows the difference would tell an attacker as well.
pub async fn open(
    State(nova): State<Arc<Nova>>,
    headers: HeaderMap,
    query: Query,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !origin_is_own(&headers, &nova.base().endpoint, &nova.config.console_allowed_origins) {
        tracing::warn!("a console was asked for from a page of another origin");
        return (StatusCode::FORBIDDEN, "Origin header does not match this host.").into_response();
    }
    let given = query.get("token").map(str::to_owned).or_else(|| cookie(&headers));
    upgrade.protocols(["binary"]).on_upgrade(move |socket| async move {
        let mut socket = socket;
        let Some(place) = redeem(&nova, given).await else {
            let _ = socket.close().await;
            return;
        };
        let (server, host) = place;
        match nova.hosts.console(&host, server).await {
            Ok(stream) => pipe(socket, stream).await,
            Err(error) => {
                tracing::warn!(%server, host, %error, "a console could not be opened");
                let _ = socket.close().await;
            }
        }
    })
}

async fn redeem(nova: &Nova, given: Option<String>) -> Option<(uuid::Uuid, String)> {
    match token::redeem(nova, &given?).await {
        Ok(place) => place,
        Err(error) => {
            tracing::error!(%error, "a console's token could not be looked up");
            None
        }
    }
}

/// noVNC may keep the token in a cookie.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let of = |part: &str| part.trim().strip_prefix("token=").map(|token| token.trim_matches('"').to_owned());
    cookies.split(';').find_map(of)
}

/// The host of a page or address, without port.
fn host_of(text: &str) -> &str {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split('/').next().unwrap_or(text);
    match text.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(six),
        None => text.rsplit_once(':').map_or(text, |(host, _)| host),
    }
}

/// Whether the page that asks is of this cloud: its host must be the one by which the cloud is known, or one that the
/// operator allows. The Host header does not count: a page whose name leads here (DNS rebinding) sends its own
/// (OSSN-0101). What has no Origin is no browser, and is judged by its token alone.
fn origin_is_own(headers: &HeaderMap, endpoint: &str, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if !origin.starts_with("http://") && !origin.starts_with("https://") {
        return false;
    }
    let origin = host_of(origin);
    !origin.is_empty() && (origin == host_of(endpoint) || allowed.iter().any(|host| host == origin))
}

type Sink = SplitSink<WebSocket, Message>;

async fn pipe(socket: WebSocket, stream: Box<dyn ConsoleStream>) {
    let (mut to_browser, mut from_browser) = socket.split();
    let (mut from_host, mut to_host) = tokio::io::split(stream);
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from_host.read(&mut buffer).await {
            if to_browser.send(Message::Binary(Bytes::copy_from_slice(&buffer[..length]))).await.is_err() {
                break;
            }
        }
        close(&mut to_browser).await;
    };
    let up = async {
        while let Some(Ok(message)) = from_browser.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Text(text) => Bytes::copy_from_slice(text.as_bytes()),
                Message::Close(_) => break,
                Message::Ping(_) | Message::Pong(_) => continue,
            };
            if to_host.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = down => {}
        () = up => {}
    }
}

async fn close(sink: &mut Sink) {
    let _ = sink.close().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origin: &str, host: &str) -> bool {
        let headers = HeaderMap::from_iter([
            (header::ORIGIN, origin.parse().unwrap()),
            (header::HOST, host.parse().unwrap()),
        ]);
        origin_is_own(&headers, "http://cloud.example:8780/compute", &["portal.example".into()])
    }

    #[test]
    fn ossa_2015_005_a_page_of_another_origin_can_not_open_a_console() {
        assert!(own("http://cloud.example:8780", "cloud.example:8780"));
        assert!(own("https://portal.example", "cloud.example:8780"));
        assert!(!own("http://evil.example", "cloud.example:8780"));
        assert!(!own("null", "cloud.example:8780"));
        assert!(!own("file://cloud.example", "cloud.example:8780"));
        assert!(!own("http://cloud.example.evil.example", "cloud.example:8780"));
    }

    #[test]
    fn ossn_0101_a_forged_host_header_does_not_help() {
        assert!(!own("http://evil.example", "evil.example"));
    }
}
