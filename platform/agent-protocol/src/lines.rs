//! Lines of JSON in an HTTP body.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::{Serialize, de::DeserializeOwned};

use crate::limits::MAX_LINE;

/// Why no line came.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LineError {
    /// The body broke off.
    #[error("the stream broke: {0}")]
    Broken(#[from] hyper::Error),
    /// The line was longer than any message is.
    #[error("a message of more than {MAX_LINE} bytes")]
    TooLong,
    /// The line was not a message.
    #[error("not a message: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// A message as a line.
pub(crate) fn line(message: &impl Serialize) -> Result<Bytes, LineError> {
    let mut text = serde_json::to_vec(message)?;
    text.push(b'\n');
    if text.len() > MAX_LINE { Err(LineError::TooLong) } else { Ok(text.into()) }
}

/// The messages of a body.
pub(crate) struct Lines {
    body: Incoming,
    buffer: BytesMut,
    /// The start of the buffer that has no newline.
    searched: usize,
}

impl Lines {
    pub(crate) fn new(body: Incoming) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0 }
    }

    /// The next message, or `None` at the end. Can be dropped while it waits without losing anything.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LineError> {
        loop {
            if let Some(at) = self.buffer[self.searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + at + 1);
                self.searched = 0;
                return Ok(Some(serde_json::from_slice(&line)?));
            }
            self.searched = self.buffer.len();
            if self.searched > MAX_LINE {
                return Err(LineError::TooLong);
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(frame) => {
                    if let Ok(data) = frame?.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }
}
