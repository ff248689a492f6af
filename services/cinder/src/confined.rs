//! `qemu-img`, with limits on processor, memory, file size and time: what it reads may be hostile (OSSA-2016-012).

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use crate::backend::BackendError;

const CPU_SECONDS: u64 = 600;
const MEMORY_BYTES: u64 = 2 << 30;
/// As much as any volume may have.
const FILE_BYTES: u64 = 1 << 46;
const PATIENCE: Duration = Duration::from_secs(1800);

/// Converts a file from a format that is known to another. Never detects a format.
pub(crate) async fn convert(
    from: &Path,
    format: &str,
    to: &Path,
    to_format: &str,
) -> Result<(), BackendError> {
    let output = tokio::time::timeout(PATIENCE, command(from, format, to, to_format).output())
        .await
        .map_err(|_| BackendError::Failed("qemu-img took too long".into()))??;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let why = format!("qemu-img: {}", said.lines().next().unwrap_or("no reason given"));
    // A machine writes to the file at the moment: QEMU guards it by a lock.
    Err(if why.ends_with(" lock") { BackendError::Failed(why) } else { BackendError::Refused(why) })
}

pub(crate) fn command(from: &Path, format: &str, to: &Path, to_format: &str) -> Command {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--cpu={CPU_SECONDS}"))
        .arg(format!("--as={MEMORY_BYTES}"))
        .arg(format!("--fsize={FILE_BYTES}"))
        .args(["--", "qemu-img", "convert", "-q", "-f", format, "-O", to_format])
        .arg(from)
        .arg(to)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}
