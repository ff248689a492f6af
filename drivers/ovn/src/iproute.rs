//! Links, addresses and namespaces of a host, by iproute2 and ethtool.

use std::process::Stdio;

use contracts::driver::{DriverError, DriverResult};
use tokio::{io::AsyncWriteExt, process::Command};

/// Runs network commands, in the namespace that Pileus runs in or in a named one.
#[derive(Debug, Clone, Default)]
pub(crate) struct IpRoute {
    namespace: Option<String>,
}

impl IpRoute {
    pub(crate) fn new(namespace: Option<String>) -> Self {
        IpRoute { namespace }
    }

    /// Runs commands of `ip` one after the other in one process; ends at the first that fails.
    pub(crate) async fn batch(&self, commands: &[String]) -> DriverResult<()> {
        let mut command = Command::new("ip");
        if let Some(namespace) = &self.namespace {
            command.args(["-n", namespace]);
        }
        command.args(["-batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| not_run("ip", &error))?;
        if let Some(mut input) = child.stdin.take() {
            let text = commands.join("\n") + "\n";
            // When ip has ended early, its exit status says why.
            let _ = input.write_all(text.as_bytes()).await;
        }
        let output = child.wait_with_output().await.map_err(|error| not_run("ip", &error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(DriverError::Refused(format!("ip {}: {}", commands.join("; "), said.trim())))
    }

    /// Whether there is a link of that name.
    pub(crate) async fn link_exists(&self, name: &str) -> DriverResult<bool> {
        let mut command = Command::new("ip");
        if let Some(namespace) = &self.namespace {
            command.args(["-n", namespace]);
        }
        let status =
            command.args(["link", "show", "dev", name]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(status.await.map_err(|error| not_run("ip", &error))?.success())
    }

    /// Lets the kernel compute checksums of what is sent by this link: the userspace datapath would pass on unfinished
    /// ones, and TCP would fail.
    pub(crate) async fn disable_offloads(&self, link: &str) -> DriverResult<()> {
        let mut command = match &self.namespace {
            Some(namespace) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace, "ethtool"]);
                command
            }
            None => Command::new("ethtool"),
        };
        let output = command
            .args(["-K", link, "tx", "off"])
            .output()
            .await
            .map_err(|error| not_run("ethtool", &error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(DriverError::Refused(format!("ethtool -K {link} tx off: {}", said.trim())))
    }
}

/// Names of all named network namespaces.
pub(crate) fn namespaces() -> DriverResult<Vec<String>> {
    match std::fs::read_dir("/run/netns") {
        Ok(entries) => {
            Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(DriverError::Unavailable(format!("/run/netns: {error}"))),
    }
}

fn not_run(program: &str, error: &std::io::Error) -> DriverError {
    DriverError::Unavailable(format!("{program} can't be run: {error}"))
}
