//! Sums of content, each counted on a thread of its own while the content comes.

use bytes::Bytes;
use md5::Md5;
use sha2::{Digest, Sha512};
use tokio::{
    sync::mpsc::{Sender, channel},
    task::JoinHandle,
};

/// How many pieces may wait.
const AHEAD: usize = 32;

/// A sum in the making.
pub struct Summing {
    /// Pieces go here, in their order.
    pub pieces: Sender<Bytes>,
    /// The sum in hexadecimal, once `pieces` is dropped.
    pub sum: JoinHandle<String>,
}

/// Begins to count MD5.
pub fn md5() -> Summing {
    begin::<Md5>()
}

/// Begins to count SHA-512.
pub fn sha512() -> Summing {
    begin::<Sha512>()
}

fn begin<D: Digest + Send + 'static>() -> Summing {
    let (pieces, mut received) = channel::<Bytes>(AHEAD);
    let sum = tokio::task::spawn_blocking(move || {
        let mut digest = D::new();
        while let Some(piece) = received.blocking_recv() {
            digest.update(&piece);
        }
        hexadecimal(&digest.finalize())
    });
    Summing { pieces, sum }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
