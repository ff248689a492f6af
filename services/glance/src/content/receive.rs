//! Content comes in: written, counted and bounded on the way.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use contracts::image::ImageData;
use futures::{StreamExt, stream::Fuse};
use md5::Md5;
use sha2::Sha512;
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    lane::{Lane, Sum},
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

/// Pieces are worked on in batches of about that size.
const BATCH: usize = 1 << 20;

/// Whoever sends nothing for so long is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// Receives content into the spool. `most`: not more than so many bytes. `announced`: exactly so many.
///
/// After an error the file may be there: whoever called removes it with its content's row.
pub async fn receive(
    store: &dyn Store,
    id: Uuid,
    data: ImageData,
    most: u64,
    announced: Option<u64>,
) -> Result<Received, Error> {
    if announced.is_some_and(|size| size > most) {
        return Err(too_large(most));
    }
    let folder = store.spool().to_owned();
    let (path, file) =
        store::blocking(move || store::spool_file(&folder, id)).await.map_err(Error::storing)?;
    let mut writing = Lane::new(file);
    let mut md5 = Lane::new(Sum::<Md5>::default());
    let mut sha512 = Lane::new(Sum::<Sha512>::default());
    let mut size = 0u64;
    let mut data = data.fuse();
    loop {
        let batch = Arc::new(next_batch(&mut data, &mut size, most).await?);
        if batch.is_empty() {
            break;
        }
        writing.begin(batch.clone()).await.map_err(Error::storing)?;
        md5.begin(batch.clone()).await.map_err(Error::Storage)?;
        sha512.begin(batch).await.map_err(Error::Storage)?;
    }
    let file = writing.end().await.map_err(Error::storing)?;
    store::blocking(move || file.sync_all()).await.map_err(Error::storing)?;
    match announced {
        Some(announced) if announced != size => {
            Err(Error::Truncated(format!("{size} bytes of {announced} announced")))
        }
        _ => Ok(Received {
            path,
            size,
            checksum: md5.end().await.map_err(Error::Storage)?.text(),
            hash_value: sha512.end().await.map_err(Error::Storage)?.text(),
        }),
    }
}

/// The next pieces; none at the end.
async fn next_batch(data: &mut Fuse<ImageData>, size: &mut u64, most: u64) -> Result<Vec<Bytes>, Error> {
    let (mut batch, mut length) = (Vec::new(), 0);
    while length < BATCH {
        let late = |_| Error::Truncated("nothing came for too long".to_owned());
        let Some(piece) = timeout(PATIENCE, data.next()).await.map_err(late)? else { break };
        let piece = piece.map_err(|error| Error::Truncated(error.to_string()))?;
        *size += piece.len() as u64;
        if *size > most {
            return Err(too_large(most));
        }
        length += piece.len();
        if !piece.is_empty() {
            batch.push(piece);
        }
    }
    Ok(batch)
}

fn too_large(most: u64) -> Error {
    Error::TooLarge(format!("The incoming image is too large: the maximum size is {most} bytes"))
}
