//! Content goes out in large pieces, the next one read while the last one is sent.
//!
//! A thread is taken for one piece at a time and never waits for a client.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use bytes::{Bytes, BytesMut};
use contracts::image::ImageData;
use futures::{StreamExt, stream};
use tokio::task::{JoinHandle, spawn_blocking};

const PIECE: u64 = 1 << 20;

struct Reading {
    file: Arc<File>,
    /// Where the piece after the next one begins.
    at: u64,
    end: u64,
    next: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Reading {
    /// Begins to read the next piece, if there is one.
    fn ahead(&mut self) {
        let length = (self.end - self.at).min(PIECE);
        if length > 0 {
            let (file, at) = (self.file.clone(), self.at);
            self.next = Some(spawn_blocking(move || piece(&file, at, length as usize)));
            self.at += length;
        }
    }
}

/// So many bytes of a file from there, as a stream.
pub fn stream(file: File, offset: u64, length: u64) -> ImageData {
    let mut reading =
        Reading { file: Arc::new(file), at: offset, end: offset.saturating_add(length), next: None };
    reading.ahead();
    stream::unfold(reading, |mut reading| async move {
        let piece = reading.next.take()?.await.map_err(io::Error::other).and_then(|piece| piece);
        // After an error there is nothing more.
        if piece.is_ok() {
            reading.ahead();
        }
        Some((piece, reading))
    })
    .boxed()
}

fn piece(file: &File, at: u64, length: usize) -> io::Result<Bytes> {
    let mut buffer = BytesMut::zeroed(length);
    file.read_exact_at(&mut buffer, at)?;
    Ok(buffer.freeze())
}

/// What a request's `Range` asks of content of that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: nothing was asked, or not in bytes.
    All,
    /// So much from there.
    Part {
        /// From there.
        offset: u64,
        /// So much.
        length: u64,
    },
    /// What is not there.
    Unsatisfiable,
}

/// Reads `bytes=0-4`, `bytes=5-`, `bytes=-5`. Several ranges at once are not served.
pub fn range(header: Option<&str>, size: u64) -> Wanted {
    let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
        return Wanted::All;
    };
    let Some((from, to)) = spec.split_once('-') else { return Wanted::Unsatisfiable };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (offset, end) = match (from.trim(), to.trim()) {
        ("", to) => match number(to) {
            Some(last) if last > 0 => (size.saturating_sub(last), size),
            _ => return Wanted::Unsatisfiable,
        },
        (from, "") => match number(from) {
            Some(from) => (from, size),
            None => return Wanted::Unsatisfiable,
        },
        (from, to) => match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => (from, to.saturating_add(1).min(size)),
            _ => return Wanted::Unsatisfiable,
        },
    };
    if offset >= size { Wanted::Unsatisfiable } else { Wanted::Part { offset, length: end - offset } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let part = |offset, length| Wanted::Part { offset, length };
        for (header, wanted) in [
            (None, Wanted::All),
            (Some("items=0-1"), Wanted::All),
            (Some("bytes=0-4"), part(0, 5)),
            (Some("bytes=5-"), part(5, 5)),
            (Some("bytes=-3"), part(7, 3)),
            (Some("bytes=-30"), part(0, 10)),
            (Some("bytes=8-100"), part(8, 2)),
            (Some("bytes=10-"), Wanted::Unsatisfiable),
            (Some("bytes=4-2"), Wanted::Unsatisfiable),
            (Some("bytes=-0"), Wanted::Unsatisfiable),
            (Some("bytes=x-"), Wanted::Unsatisfiable),
            (Some("bytes=0-1,4-5"), Wanted::Unsatisfiable),
        ] {
            assert_eq!(range(header, 10), wanted, "{header:?}");
        }
    }
}
