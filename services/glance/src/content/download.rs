//! Content goes out: read ahead in large pieces, on a thread that waits for the disk.

use std::{fs::File, io, os::unix::fs::FileExt};

use bytes::{Bytes, BytesMut};
use contracts::image::ImageData;
use futures::{StreamExt, stream};
use tokio::sync::mpsc::channel;

const PIECE: u64 = 1 << 20;

/// How many pieces are read ahead.
const AHEAD: usize = 3;

/// So many bytes of a file from there, as a stream.
pub fn stream(file: File, offset: u64, length: u64) -> ImageData {
    let (sender, receiver) = channel::<io::Result<Bytes>>(AHEAD);
    tokio::task::spawn_blocking(move || {
        let end = offset.saturating_add(length);
        let mut at = offset;
        while at < end {
            let outcome = piece(&file, at, (end - at).min(PIECE) as usize);
            let failed = outcome.is_err();
            at += outcome.as_ref().map_or(0, |piece| piece.len() as u64);
            // Nobody listening any more: the client has gone.
            if sender.blocking_send(outcome).is_err() || failed {
                return;
            }
        }
    });
    stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }).boxed()
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
