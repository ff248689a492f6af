//! Content comes in: written, counted and bounded on the way.

use std::{fs::File, io::Write, path::PathBuf};

use bytes::Bytes;
use contracts::image::ImageData;
use futures::StreamExt;
use tokio::sync::mpsc::channel;
use uuid::Uuid;

use super::{
    digest,
    store::{self, Store},
};
use crate::Error;

/// What has come in, whole and on the disk.
#[derive(Debug)]
pub struct Received {
    /// The file in the spool.
    pub path: PathBuf,
    /// In bytes.
    pub size: u64,
    /// MD5.
    pub checksum: String,
    /// SHA-512.
    pub hash_value: String,
}

/// How many pieces may wait for the disk.
const AHEAD: usize = 32;

/// Receives content into the spool. `most`: not more than so many bytes. `announced`: exactly so many.
///
/// After an error the file may be there: whoever called removes it with its content's row.
pub async fn receive(
    store: &dyn Store,
    id: Uuid,
    mut data: ImageData,
    most: u64,
    announced: Option<u64>,
) -> Result<Received, Error> {
    if announced.is_some_and(|size| size > most) {
        return Err(too_large(most));
    }
    let folder = store.spool().to_owned();
    let (path, file) =
        store::blocking(move || store::spool_file(&folder, id)).await.map_err(Error::storing)?;
    let (pieces, received) = channel::<Bytes>(AHEAD);
    let writing = tokio::task::spawn_blocking(move || write(file, received));
    let (md5, sha512) = (digest::md5(), digest::sha512());
    let mut size = 0u64;
    while let Some(piece) = data.next().await {
        let piece = piece.map_err(|error| Error::Truncated(error.to_string()))?;
        size += piece.len() as u64;
        if size > most {
            return Err(too_large(most));
        }
        // A writer that has given up tells why at the end.
        let written = pieces.send(piece.clone()).await;
        if written.is_err()
            || md5.pieces.send(piece.clone()).await.is_err()
            || sha512.pieces.send(piece).await.is_err()
        {
            break;
        }
    }
    drop(pieces);
    let (md5, sha512) = {
        drop(md5.pieces);
        drop(sha512.pieces);
        (md5.sum, sha512.sum)
    };
    writing.await.map_err(std::io::Error::other).and_then(|outcome| outcome).map_err(Error::storing)?;
    let checksum = md5.await.map_err(|error| Error::Storage(std::io::Error::other(error)))?;
    let hash_value = sha512.await.map_err(|error| Error::Storage(std::io::Error::other(error)))?;
    match announced {
        Some(announced) if announced != size => {
            Err(Error::Truncated(format!("{size} bytes of {announced} announced")))
        }
        _ => Ok(Received { path, size, checksum, hash_value }),
    }
}

fn write(mut file: File, mut received: tokio::sync::mpsc::Receiver<Bytes>) -> std::io::Result<()> {
    while let Some(piece) = received.blocking_recv() {
        file.write_all(&piece)?;
    }
    file.sync_all()
}

fn too_large(most: u64) -> Error {
    Error::TooLarge(format!("The incoming image is too large: the maximum size is {most} bytes"))
}
