//! Copies of disks that the controller works on (snapshots of volumes that machines write to).

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Component, Path, PathBuf},
};

use contracts::hosts::{HostError, HostReply};
use uuid::Uuid;

use super::{COPY, Machines};
use crate::{
    fault::{refused, within},
    file::{blocking, remove_file},
    layout::Device,
};

const QCOW2: [u8; 4] = *b"QFI\xfb";

impl Machines {
    pub(crate) async fn copy_disk(&self, id: Uuid, device: &str, to: &str) -> Result<HostReply, HostError> {
        Device::new(device)?;
        let to = place(to, &self.config.state_dir)?;
        self.must_have(id)?;
        let _slot = self.snapshots.acquire().await.map_err(|_| refused("the agent is stopping"))?;
        let turn = self.turns.take(id).await;
        let earlier = to.clone();
        if !blocking("making way for the copy", move || make_way(&earlier)).await? {
            return Err(refused(format!("{} is there, and is no copy of a disk", to.display())));
        }
        let copying = within(COPY, "copying the disk", self.hypervisor.copy_disk(id, device, &to));
        turn.unless_doomed(copying).await?;
        Ok(HostReply::Done)
    }
}

/// A path that leads where it says, and not to what the agent keeps.
fn place(to: &str, own: &Path) -> Result<PathBuf, HostError> {
    let path = PathBuf::from(to);
    let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
    if path.is_absolute() && plain && !path.starts_with(own) {
        Ok(path)
    } else {
        Err(refused(format!("{to:?} is no place for a copy of a disk")))
    }
}

/// Removes an earlier copy; whether nothing else is in the way.
fn make_way(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_file() => {
            let mut head = [0; QCOW2.len()];
            let copy = File::open(path)?.read_exact(&mut head).is_ok() && head == QCOW2;
            if copy {
                remove_file(path)?;
            }
            Ok(copy)
        }
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}
