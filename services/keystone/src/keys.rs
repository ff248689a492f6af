//! A repository of Fernet keys in a folder: file `0` is staged (it will be the next primary), the highest number is
//! primary (it encrypts), all decrypt. Several processes may share the folder: it is read again when it changes.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use fernet::Fernet;

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The keys, and where they are kept.
pub(crate) struct KeyRepository {
    folder: PathBuf,
    keep: usize,
    ring: RwLock<Arc<Ring>>,
    began: Instant,
    looked: AtomicU64,
}

/// The keys as they were read.
struct Ring {
    /// Numbers and times of the files.
    files: Vec<(u64, SystemTime)>,
    /// The primary key first.
    keys: Vec<Fernet>,
}

impl KeyRepository {
    /// Opens the folder, and makes what is not there.
    pub(crate) fn open(folder: &Path, keep: usize) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let files = list(folder)?;
        if !files.iter().any(|(number, _)| *number > 0) {
            write_key(folder, 1)?;
        }
        if !files.iter().any(|(number, _)| *number == 0) {
            write_key(folder, 0)?;
        }
        let ring = RwLock::new(Arc::new(read(folder)?));
        Ok(Self {
            folder: folder.into(),
            keep: keep.max(3),
            ring,
            began: Instant::now(),
            looked: AtomicU64::new(0),
        })
    }

    /// Promotes the staged key to be primary, stages a new one, and removes the oldest above the number to be kept.
    /// Each step is one rename or removal: a repository whose rotation was interrupted works, and rotates again.
    pub(crate) fn rotate(&self) -> io::Result<()> {
        let files = list(&self.folder)?;
        let highest = files.iter().map(|(number, _)| *number).max().unwrap_or(0);
        if files.iter().any(|(number, _)| *number == 0) {
            fs::rename(self.folder.join("0"), self.folder.join((highest + 1).to_string()))?;
        }
        write_key(&self.folder, 0)?;
        let mut numbers: Vec<u64> = list(&self.folder)?.into_iter().map(|(number, _)| number).collect();
        numbers.retain(|number| *number > 0);
        numbers.sort_unstable();
        let excess = (numbers.len() + 1).saturating_sub(self.keep);
        for number in numbers.into_iter().take(excess) {
            fs::remove_file(self.folder.join(number.to_string()))?;
        }
        self.replace(read(&self.folder)?);
        Ok(())
    }

    /// Encrypts and signs with the primary key. Without the padding, which Keystone's tokens don't have.
    pub(crate) fn encrypt(&self, data: &[u8]) -> Option<String> {
        let ring = self.ring();
        let mut text = ring.keys.first()?.encrypt(data);
        text.truncate(text.trim_end_matches('=').len());
        Some(text)
    }

    /// Checks and decrypts with whichever key fits.
    pub(crate) fn decrypt(&self, text: &str) -> Option<Vec<u8>> {
        self.ring().keys.iter().find_map(|key| key.decrypt(text).ok())
    }

    fn ring(&self) -> Arc<Ring> {
        let now = self.began.elapsed().as_millis() as u64;
        let last = self.looked.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= LOOK.as_millis() as u64;
        if due && self.looked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.look();
        }
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the folder again if it changed. What can't be read leaves the keys as they are.
    fn look(&self) {
        let known = self.ring.read().unwrap_or_else(PoisonError::into_inner).files.clone();
        match list(&self.folder) {
            Ok(files) if files != known => match read(&self.folder) {
                Ok(ring) => self.replace(ring),
                Err(error) => tracing::error!(folder = %self.folder.display(), %error, "keys can't be read"),
            },
            Ok(_) => {}
            Err(error) => tracing::error!(folder = %self.folder.display(), %error, "keys can't be read"),
        }
    }

    fn replace(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

/// The key files, by number; other files are none of ours.
fn list(folder: &Path) -> io::Result<Vec<(u64, SystemTime)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) {
            files.push((number, entry.metadata()?.modified()?));
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn read(folder: &Path) -> io::Result<Ring> {
    let files = list(folder)?;
    let mut keys = Vec::new();
    for (number, _) in files.iter().rev() {
        let text = fs::read_to_string(folder.join(number.to_string()))?;
        let key = Fernet::new(text.trim()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, format!("key {number} is no Fernet key"))
        })?;
        keys.push(key);
    }
    Ok(Ring { files, keys })
}

/// Writes a new key beside, then puts it in its place at once.
fn write_key(folder: &Path, number: u64) -> io::Result<()> {
    let beside = folder.join(format!(".{number}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(Fernet::generate_key().as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(number.to_string()))?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_was_encrypted_before_a_rotation_can_be_read_until_its_key_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyRepository::open(folder.path(), 3).unwrap();
        let old = keys.encrypt(b"old").unwrap();
        keys.rotate().unwrap();
        assert_eq!(keys.decrypt(&old).unwrap(), b"old");
        keys.rotate().unwrap();
        assert_eq!(keys.decrypt(&old), None);
        assert_eq!(list(folder.path()).unwrap().len(), 3);
    }

    #[test]
    fn another_process_with_the_staged_key_reads_what_the_new_primary_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) =
            (KeyRepository::open(folder.path(), 3).unwrap(), KeyRepository::open(folder.path(), 3).unwrap());
        here.rotate().unwrap();
        assert_eq!(there.decrypt(&here.encrypt(b"new").unwrap()).unwrap(), b"new");
    }

    #[test]
    fn a_rotation_elsewhere_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyRepository::open(folder.path(), 3).unwrap();
        let other = KeyRepository::open(folder.path(), 3).unwrap();
        other.rotate().unwrap();
        other.rotate().unwrap();
        let text = other.encrypt(b"far").unwrap();
        assert_eq!(keys.decrypt(&text), None);
        keys.look();
        assert_eq!(keys.decrypt(&text).unwrap(), b"far");
    }

    #[test]
    fn keys_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        KeyRepository::open(&path, 3).unwrap().rotate().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        for (number, _) in list(&path).unwrap() {
            let mode = fs::metadata(path.join(number.to_string())).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_was_tampered_with_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyRepository::open(folder.path(), 3).unwrap();
        let mut text = keys.encrypt(b"something").unwrap();
        let last = text.pop().unwrap();
        text.push(if last == 'A' { 'Q' } else { 'A' });
        assert_eq!(keys.decrypt(&text), None);
        assert_eq!(keys.decrypt(""), None);
        assert_eq!(keys.decrypt("not a token"), None);
    }
}
