//! What an agent asks of its controller: content of images, and answers for guests.

use std::io;

use bytes::Bytes;
use contracts::compute::{MetadataAnswer, MetadataRequest};
use futures::{Stream, stream::BoxStream};
use http::{Method, Request, Response, StatusCode, header::CONTENT_LENGTH};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;
use uuid::Uuid;

use super::{AgentLink, link::Live};
use crate::{
    body::{self, Body, Problem},
    limits,
};

/// Why a call to the controller failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no connection to a controller.
    #[error("not connected to the controller")]
    Away,
    /// The controller refused, and would again.
    #[error("{reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        reason: String,
    },
    /// It did not work this time.
    #[error("{0}")]
    Failed(String),
}

/// The content of an image on its way.
pub struct ImageContent {
    /// Its length, if the controller knows it.
    pub length: Option<u64>,
    /// Its pieces. The end without an error is the end of the content.
    pub pieces: BoxStream<'static, io::Result<Bytes>>,
}

impl AgentLink {
    /// Fetches the content of an image that a request under way names.
    pub async fn image(&self, id: Uuid) -> Result<ImageContent, LinkError> {
        let live = self.live()?;
        let path = format!("images/{id}");
        let response = succeeded(timely(request(&live, Method::GET, &path, body::empty())).await?).await?;
        let length =
            response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(ImageContent {
            length: length.or_else(|| response.body().size_hint().exact()),
            pieces: body::pieces(response.into_body(), limits::CONTENT_IDLE),
        })
    }

    /// Hands over the content of an image that a snapshot request under way names. An error in `pieces` breaks it off.
    pub async fn store_image(
        &self,
        id: Uuid,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(), LinkError> {
        let live = self.live()?;
        // As long as it takes: the connection's heartbeats tell whether anyone is there.
        let response = request(&live, Method::PUT, &format!("images/{id}"), body::streamed(pieces)).await?;
        succeeded(response).await.map(drop)
    }

    /// Asks the metadata service for a guest, known by its network and the address that its packets came from.
    pub async fn metadata(&self, question: &MetadataRequest) -> Result<MetadataAnswer, LinkError> {
        let live = self.live()?;
        let question = serde_json::to_vec(question).map_err(|error| LinkError::Failed(error.to_string()))?;
        timely(async {
            let response = request(&live, Method::POST, "metadata", body::full(question)).await?;
            let body = succeeded(response).await?.into_body();
            body::read_json(body, limits::MAX_METADATA).await.map_err(LinkError::Failed)
        })
        .await
    }
}

async fn timely<T>(call: impl Future<Output = Result<T, LinkError>>) -> Result<T, LinkError> {
    let late = || LinkError::Failed("the controller did not answer in time".into());
    timeout(limits::CALL_DEADLINE, call).await.map_err(|_| late())?
}

/// Sends a request on the connection.
pub(super) async fn request(
    live: &Live,
    method: Method,
    path: &str,
    body: Body,
) -> Result<Response<Incoming>, LinkError> {
    let mut http = live.http.clone();
    let request = Request::builder()
        .method(method)
        .uri(format!("http://controller/agent/v1/{path}"))
        .body(body)
        .map_err(|error| LinkError::Failed(error.to_string()))?;
    http.ready().await.map_err(|_| LinkError::Away)?;
    http.send_request(request).await.map_err(|error| {
        if live.closed.is_cancelled() || error.is_closed() || error.is_canceled() {
            LinkError::Away
        } else {
            LinkError::Failed(error.to_string())
        }
    })
}

async fn succeeded(response: Response<Incoming>) -> Result<Response<Incoming>, LinkError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let reason = said(response).await;
    let passing = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
    Err(if passing {
        LinkError::Failed(reason)
    } else {
        LinkError::Refused { status: status.as_u16(), reason }
    })
}

/// What an answer that is not a success says.
pub(super) async fn said(response: Response<Incoming>) -> String {
    let status = response.status();
    let problem = body::read_json::<Problem>(response.into_body(), limits::MAX_CALL_BODY);
    match timeout(limits::CALL_DEADLINE, problem).await {
        Ok(Ok(problem)) => problem.error,
        _ => format!("the controller answered {status}"),
    }
}
