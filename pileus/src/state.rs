//! The state directory: everything that Pileus keeps on a machine is under it.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use nix::{
    fcntl::{Flock, FlockArg},
    sys::signal::kill,
    unistd::Pid,
};
use rand::distr::{Alphanumeric, SampleString};

/// The state directory.
#[derive(Debug, Clone)]
pub struct StateDir {
    root: PathBuf,
}

/// Held by the one process that runs on a state directory.
#[derive(Debug)]
pub struct Running {
    _lock: Flock<fs::File>,
}

impl StateDir {
    /// The directory, made where it is missing, for root only.
    pub fn open(root: &Path) -> anyhow::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(root)
            .with_context(|| format!("{} can't be made", root.display()))?;
        Ok(Self { root: root.canonicalize()? })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A place under it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A folder under it, made where it is missing, for its owner only.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.path(name);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("{} can't be made", path.display()))?;
        Ok(path)
    }

    /// Claims the directory for this process; refuses when another process runs on it.
    pub fn claim(&self) -> anyhow::Result<Running> {
        let path = self.path("pileus.pid");
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o644).open(&path)?;
        let Ok(mut lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) else {
            bail!("Pileus runs on {} already (process {})", self.root.display(), self.pid().unwrap_or(0));
        };
        lock.set_len(0)?;
        write!(lock, "{}", std::process::id())?;
        lock.flush()?;
        Ok(Running { _lock: lock })
    }

    /// The process that runs on this directory, if one does.
    pub fn pid(&self) -> Option<i32> {
        let file = OpenOptions::new().read(true).write(true).open(self.path("pileus.pid")).ok()?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(_) => None,
            Err((mut file, _)) => {
                let mut text = String::new();
                file.read_to_string(&mut text).ok()?;
                text.trim().parse().ok().filter(|&pid| kill(Pid::from_raw(pid), None).is_ok())
            }
        }
    }

    /// A secret that is made once and kept.
    pub fn secret(&self, name: &str) -> anyhow::Result<String> {
        let path = self.folder("secrets")?.join(name);
        match fs::read_to_string(&path) {
            Ok(secret) => Ok(secret.trim().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let secret = Alphanumeric.sample_string(&mut rand::rng(), 24);
                self.write(&format!("secrets/{name}"), &format!("{secret}\n"))?;
                Ok(secret)
            }
            Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
        }
    }

    /// Writes a file that only its owner may read, at once or not at all.
    pub fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path(name);
        let partial = path.with_extension("partial");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, &path)?;
        Ok(())
    }
}
