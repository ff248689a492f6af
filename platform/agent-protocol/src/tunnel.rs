//! A stream of bytes both ways in the two bodies of one HTTP/2 stream.

use bytes::Bytes;
use futures::StreamExt;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf};
use tokio_util::io::ReaderStream;

use crate::{
    body::{self, Body},
    limits::PIPE,
};

/// The near end of a tunnel, and what the two bodies have to do with it.
pub(crate) struct Tunnel {
    /// What the near end's user reads and writes.
    pub(crate) stream: DuplexStream,
    /// Sends what the user writes.
    pub(crate) outgoing: Body,
    /// Takes what the user reads.
    pub(crate) incoming: Incomplete,
}

/// The way in of a tunnel whose body has not come yet.
pub(crate) struct Incomplete(WriteHalf<DuplexStream>);

impl Tunnel {
    pub(crate) fn new() -> Self {
        let (stream, far) = tokio::io::duplex(PIPE);
        let (read, write): (ReadHalf<DuplexStream>, _) = tokio::io::split(far);
        Self { stream, outgoing: outgoing(read), incoming: Incomplete(write) }
    }
}

impl Incomplete {
    /// Carries the body's bytes to the user until either ends.
    pub(crate) async fn carry(mut self, mut body: Incoming) {
        loop {
            let piece: Option<Bytes> = match http_body_util::BodyExt::frame(&mut body).await {
                Some(Ok(frame)) => frame.into_data().ok(),
                Some(Err(_)) | None => break,
            };
            if let Some(piece) = piece
                && self.0.write_all(&piece).await.is_err()
            {
                return;
            }
        }
        // The user learns of the end by reading it; an error here means that it has gone already.
        let _ = self.0.shutdown().await;
    }
}

fn outgoing(read: impl AsyncRead + Send + 'static) -> Body {
    body::streamed(ReaderStream::with_capacity(read, 16 << 10).boxed())
}
