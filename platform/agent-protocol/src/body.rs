//! Bodies of requests and answers.

use std::{io, time::Duration};

use bytes::Bytes;
use contracts::CallError;
use futures::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::sync::mpsc;

/// Any body that is sent.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// What an answer that is not a success says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    pub(crate) error: String,
}

pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Pieces as they come.
pub(crate) fn streamed(pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Body {
    StreamBody::new(pieces.map_ok(Frame::data)).boxed_unsync()
}

/// Pieces as they are sent into a channel, until it is closed.
pub(crate) fn from_channel(first: Option<Bytes>, mut pieces: mpsc::Receiver<Bytes>) -> Body {
    let rest = futures::stream::poll_fn(move |context| pieces.poll_recv(context));
    streamed(futures::stream::iter(first).chain(rest).map(Ok))
}

/// The pieces of a body that is received. Each must come within `idle`.
pub(crate) fn pieces(body: Incoming, idle: Duration) -> BoxStream<'static, io::Result<Bytes>> {
    futures::stream::try_unfold(body, move |mut body| async move {
        loop {
            let frame = match tokio::time::timeout(idle, body.frame()).await {
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "the content stands still")),
                Ok(None) => return Ok(None),
                Ok(Some(frame)) => frame.map_err(io::Error::other)?,
            };
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                return Ok(Some((data, body)));
            }
        }
    })
    .boxed()
}

/// Reads a whole body of JSON.
pub(crate) async fn read_json<T: DeserializeOwned>(body: Incoming, limit: usize) -> Result<T, String> {
    let bytes = Limited::new(body, limit).collect().await.map_err(|error| error.to_string())?.to_bytes();
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

pub(crate) fn answer(status: StatusCode, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(text) => answer(status, full(text)),
        Err(error) => {
            tracing::error!(%error, "an answer to an agent can't be written as JSON");
            answer(StatusCode::INTERNAL_SERVER_ERROR, empty())
        }
    }
}

/// An answer that says why not.
pub(crate) fn problem(status: StatusCode, error: impl Into<String>) -> Response<Body> {
    json(status, &Problem { error: error.into() })
}

/// What a service's error is to an agent.
pub(crate) fn call_problem(error: &CallError) -> Response<Body> {
    let status = match error {
        CallError::NotFound(_) => StatusCode::NOT_FOUND,
        CallError::Forbidden(_) => StatusCode::FORBIDDEN,
        CallError::Invalid(_) => StatusCode::BAD_REQUEST,
        CallError::Conflict(_) => StatusCode::CONFLICT,
        CallError::OverQuota(_) => StatusCode::PAYLOAD_TOO_LARGE,
        CallError::Unavailable { service, detail } => {
            tracing::warn!(service, detail, "a service could not answer an agent");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    problem(status, error.to_string())
}
