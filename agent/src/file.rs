//! Files that appear whole or not at all, and survive a power cut once they are said to be there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use contracts::hosts::HostError;

use crate::{fault::failed, layout::part};

/// Runs what blocks on the disk where blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, HostError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(|error| failed(what, error)),
        Err(error) => Err(failed(what, error)),
    }
}

/// Writes a file that only its owner can read.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = part(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    sync_parent(path)
}

/// Makes a file that was written elsewhere in the same folder appear under its own name.
pub(crate) fn publish(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    let file = File::open(from)?;
    file.set_permissions(Permissions::from_mode(mode))?;
    file.sync_all()?;
    fs::rename(from, to)?;
    sync_parent(to)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Makes a folder through which others can reach a file whose name they know, and which only its owner can list: QEMU
/// may run as another user.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o711).create(path)
}

pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_file(path))
}

pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    unless_missing(fs::remove_dir_all(path))
}

fn unless_missing(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(crate) async fn is_there(path: PathBuf) -> Result<bool, HostError> {
    blocking("looking for a file", move || path.try_exists()).await
}
