//! Where everything is. All names follow from ids and from device names of letters.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use contracts::hosts::HostError;
use uuid::Uuid;

use crate::fault::refused;

/// Longest path of a Unix socket: the kernel takes 108 bytes, the last of which is a zero.
const LONGEST_SOCKET: usize = 107;

/// The folders of the agent.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    state: PathBuf,
    run: PathBuf,
}

/// A device's name that is fit for a file's name: `vda`, `sdb`, ...
#[derive(Debug, Clone, Copy)]
pub(crate) struct Device<'a>(&'a str);

impl<'a> Device<'a> {
    pub(crate) fn new(name: &'a str) -> Result<Self, HostError> {
        let fit = (3..=5).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase());
        if fit { Ok(Self(name)) } else { Err(refused(format!("{name:?} is not a disk device's name"))) }
    }
}

impl fmt::Display for Device<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }
}

impl Layout {
    pub(crate) fn new(state: PathBuf, run: PathBuf) -> Self {
        Self { state, run }
    }

    pub(crate) fn images(&self) -> PathBuf {
        self.state.join("images")
    }

    pub(crate) fn image(&self, id: Uuid) -> PathBuf {
        self.images().join(id.to_string())
    }

    pub(crate) fn image_record(&self, id: Uuid) -> PathBuf {
        self.images().join(format!("{id}.json"))
    }

    pub(crate) fn machines(&self) -> PathBuf {
        self.state.join("machines")
    }

    pub(crate) fn machine(&self, id: Uuid) -> PathBuf {
        self.machines().join(id.to_string())
    }

    pub(crate) fn spec(&self, id: Uuid) -> PathBuf {
        self.machine(id).join("spec.json")
    }

    pub(crate) fn disk(&self, id: Uuid, device: Device<'_>) -> PathBuf {
        self.machine(id).join(format!("disk.{device}.qcow2"))
    }

    pub(crate) fn config_drive(&self, id: Uuid) -> PathBuf {
        self.machine(id).join("config.iso")
    }

    pub(crate) fn snapshot(&self, id: Uuid, image: Uuid) -> PathBuf {
        self.machine(id).join(format!("snapshot.{image}.qcow2"))
    }

    pub(crate) fn console_log(&self, id: Uuid) -> PathBuf {
        self.machine(id).join("console.log")
    }

    /// The socket of a machine's screen: with the machine, or in the run folder if that is too deep for a socket.
    pub(crate) fn vnc_socket(&self, id: Uuid) -> PathBuf {
        let beside = self.machine(id).join("vnc.sock");
        if beside.as_os_str().len() <= LONGEST_SOCKET { beside } else { self.run_socket(id) }
    }

    fn run_socket(&self, id: Uuid) -> PathBuf {
        self.run.join(format!("{}.vnc", id.simple()))
    }

    /// The machine's only file that may be outside its folder.
    pub(crate) fn outside(&self, id: Uuid) -> Option<PathBuf> {
        let socket = self.vnc_socket(id);
        (!socket.starts_with(self.machine(id))).then_some(socket)
    }
}

/// A file that is being written, beside where it will be.
pub(crate) fn part(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_a_few_letters() {
        assert!(["vda", "sdaa", "hdc"].iter().all(|name| Device::new(name).is_ok()));
        assert!(
            ["", "a", "../x", "vda1", "VDA", "vd/a", "vdabcdefg"]
                .iter()
                .all(|name| Device::new(name).is_err())
        );
    }

    #[test]
    fn a_socket_has_a_path_that_the_kernel_takes() {
        let id = Uuid::new_v4();
        let near = Layout::new("/var/lib/pileus".into(), "/run/p".into());
        assert!(near.vnc_socket(id).starts_with(near.machine(id)));
        assert_eq!(near.outside(id), None);
        let deep = Layout::new(format!("/{}", "deep/".repeat(20)).into(), "/run/p".into());
        assert_eq!(deep.vnc_socket(id), PathBuf::from(format!("/run/p/{}.vnc", id.simple())));
        assert_eq!(deep.outside(id), Some(deep.vnc_socket(id)));
    }
}
