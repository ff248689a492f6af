//! Keeping the files of serial consoles small: a guest could fill the host's disk by writing to its console.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use contracts::driver::{DriverError, DriverResult};
use uuid::Uuid;
use virt::connect::Connect;

use super::{is_ours, read};
use crate::error::Context;

/// A file of more than this is cut.
const LIMIT: u64 = 4 << 20;
/// What is kept of it: many times what the Compute API shows.
const KEPT: u64 = 1 << 20;
const PERIOD: Duration = Duration::from_secs(10);

type Files = Mutex<HashMap<Uuid, PathBuf>>;

/// The files that are watched, until this is dropped.
pub(super) struct ConsoleLogs(Arc<Files>);

impl ConsoleLogs {
    pub(super) fn start(known: HashMap<Uuid, PathBuf>) -> DriverResult<Self> {
        let files = Arc::new(Mutex::new(known));
        let watched = Arc::downgrade(&files);
        let watch = move || {
            while let Some(files) = watched.upgrade() {
                let paths: Vec<PathBuf> = lock(&files).values().cloned().collect();
                drop(files);
                for path in paths {
                    if let Err(error) = cut(&path, LIMIT, KEPT) {
                        tracing::warn!(path = %path.display(), %error, "a console's file could not be cut");
                    }
                }
                std::thread::sleep(PERIOD);
            }
        };
        let thread = std::thread::Builder::new().name("console-logs".into()).spawn(watch);
        thread.map_err(|error| DriverError::Unavailable(format!("no thread for consoles: {error}")))?;
        Ok(Self(files))
    }

    pub(super) fn keep(&self, id: Uuid, path: PathBuf) {
        lock(&self.0).insert(id, path);
    }

    pub(super) fn forget(&self, id: Uuid) {
        lock(&self.0).remove(&id);
    }
}

/// The consoles' files of the machines that are there already.
pub(super) fn find(connect: &Connect) -> DriverResult<HashMap<Uuid, PathBuf>> {
    let mut files = HashMap::new();
    for domain in connect.list_all_domains(0).context("listing machines")? {
        if !domain.name().is_ok_and(|name| is_ours(&name)) {
            continue;
        }
        let id = domain.uuid().context("reading a machine's id")?;
        match read(&domain, true) {
            Ok(read) => files.extend(read.console_log.map(|path| (id, path))),
            // Removed since the list was made.
            Err(DriverError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(files)
}

fn lock(files: &Files) -> MutexGuard<'_, HashMap<Uuid, PathBuf>> {
    // Single insertions and removals: a panic leaves a valid map.
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Cuts a file to its last `kept` bytes when it has more than `limit`. The writer appends and goes on undisturbed; what
/// it writes during the cut can be lost.
fn cut(path: &Path, limit: u64, kept: u64) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(file) if file.is_file() && file.len() > limit => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(()),
    }
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let mut tail = Vec::new();
    file.seek(SeekFrom::End(-i64::try_from(kept).unwrap_or(i64::MAX)))?;
    (&file).take(kept).read_to_end(&mut tail)?;
    file.set_len(0)?;
    file.write_all(&tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_to_its_end_and_its_writer_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("console.log");
        let mut writer = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        writer.write_all(b"0123456789").unwrap();
        cut(&path, 10, 4).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"0123456789");
        writer.write_all(b"ab").unwrap();
        cut(&path, 10, 4).unwrap();
        writer.write_all(b"cd").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"89abcd");
        cut(&directory.path().join("missing"), 1, 1).unwrap();
    }
}
