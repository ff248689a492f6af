//! `qemu-img` under limits: no network, no core dumps, bounded memory, an empty environment.
//!
//! Disks are written by guests. The format is always given and never detected, and should a bug in a format's reader
//! be met all the same, the process has little to reach.
#![allow(unsafe_code, reason = "limits are set between fork and exec, for which std only has an unsafe call")]

use std::{path::Path, process::Stdio, time::Duration};

use contracts::driver::{DriverError, DriverResult};
use nix::{
    sched::{CloneFlags, unshare},
    sys::resource::{Resource, setrlimit},
};
use tokio::process::Command;

const MEMORY: u64 = 4 << 30;
const OPEN_FILES: u64 = 256;

/// Writes the content of `source` into a new qcow2 file that needs no other.
pub(crate) async fn convert(source: &Path, format: &str, to: &Path, limit: Duration) -> DriverResult<()> {
    if !matches!(format, "raw" | "qcow2") {
        return Err(DriverError::Refused(format!("disks of format {format:?} are not read")));
    }
    let mut command = qemu_img();
    command.args(["convert", "-f", format, "-O", "qcow2", "--"]).arg(source).arg(to);
    let output = match tokio::time::timeout(limit, command.output()).await {
        Ok(output) => output.map_err(|error| DriverError::Unavailable(format!("qemu-img: {error}")))?,
        Err(_) => return Err(DriverError::Unavailable("qemu-img took too long".into())),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said: String = said.chars().take(400).collect();
    let text = format!("qemu-img convert of {}: {}", source.display(), said.trim());
    // A lock is held by a QEMU that runs after all: the next look sees it.
    Err(if said.contains("lock") { DriverError::Unavailable(text) } else { DriverError::Refused(text) })
}

fn qemu_img() -> Command {
    let mut command = Command::new("/usr/bin/qemu-img");
    command.env_clear().stdin(Stdio::null()).current_dir("/").kill_on_drop(true);
    let root = nix::unistd::geteuid().is_root();
    // SAFETY: between fork and exec only system calls are made; nothing is allocated and no lock is taken.
    unsafe {
        command.pre_exec(move || {
            if root {
                unshare(CloneFlags::CLONE_NEWNET)?;
            }
            setrlimit(Resource::RLIMIT_AS, MEMORY, MEMORY)?;
            setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
            setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)?;
            Ok(())
        });
    }
    command
}
