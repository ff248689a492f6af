//! Work on pieces of content that must be done in their order, beside other work on the same pieces: writing, summing.
//!
//! A thread is taken for one batch at a time and never waits for a client: so however many clients are slow, there are
//! threads for the others.

use std::{fs::File, io, io::Write, sync::Arc};

use bytes::Bytes;
use sha2::Digest;
use tokio::task::{JoinHandle, spawn_blocking};

/// What takes pieces one after another.
pub trait Take: Send + 'static {
    /// The next piece.
    fn take(&mut self, piece: &[u8]) -> io::Result<()>;
}

impl Take for File {
    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.write_all(piece)
    }
}

/// A sum in the making.
#[derive(Default)]
pub struct Sum<D>(D);

impl<D: Digest + Send + 'static> Take for Sum<D> {
    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        self.0.update(piece);
        Ok(())
    }
}

impl<D: Digest> Sum<D> {
    /// In hexadecimal.
    pub fn text(self) -> String {
        use std::fmt::Write;
        self.0.finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing to a string can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// One kind of work, at most one batch behind.
pub struct Lane<T>(JoinHandle<io::Result<T>>);

impl<T: Take> Lane<T> {
    /// With what takes the pieces.
    pub fn new(taker: T) -> Self {
        Self(tokio::spawn(async { Ok(taker) }))
    }

    /// Begins the next batch as soon as the one before is done.
    pub async fn begin(&mut self, batch: Arc<Vec<Bytes>>) -> io::Result<()> {
        let mut taker = (&mut self.0).await.map_err(io::Error::other)??;
        self.0 = spawn_blocking(move || {
            for piece in batch.iter() {
                taker.take(piece)?;
            }
            Ok(taker)
        });
        Ok(())
    }

    /// Waits for the last batch.
    pub async fn end(self) -> io::Result<T> {
        self.0.await.map_err(io::Error::other)?
    }
}
