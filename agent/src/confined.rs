//! Running the host's tools on what users gave us, with limits on what a hostile file can make them use (OSSA-2016-012).

use std::{ffi::OsStr, process::Stdio, time::Duration};

use contracts::hosts::HostError;
use tokio::process::Command;

use crate::fault::failed;

const MEMORY: u64 = 1 << 30;
const PROCESSOR: Duration = Duration::from_secs(30);
/// On the clock: writing waits for the disk.
const TIME: Duration = Duration::from_secs(120);

/// Runs a program with those arguments to its end.
pub(crate) async fn run<A: AsRef<OsStr>>(
    program: &'static str,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), HostError> {
    let mut command = Command::new("prlimit");
    command
        .arg(format!("--as={MEMORY}"))
        .arg(format!("--cpu={}", PROCESSOR.as_secs()))
        .args(["--core=0", "--", program])
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(TIME, command.output()).await {
        Ok(output) => output.map_err(|error| failed(program, error))?,
        Err(_) => return Err(failed(program, format!("not done within {} s", TIME.as_secs()))),
    };
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no word why");
    Err(failed(program, format!("{} ({})", last.chars().take(300).collect::<String>(), output.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_has_little_memory_and_no_environment_and_its_complaint_is_heard() {
        run("sh", ["-c", "test $(ulimit -v) = 1048576 && test -z \"$HOME$CARGO\""]).await.unwrap();
        let error = run("sh", ["-c", "echo it hurts >&2; exit 3"]).await.unwrap_err();
        assert!(error.to_string().contains("it hurts"), "{error}");
        assert!(matches!(error, HostError::Failed { .. }));
    }
}
