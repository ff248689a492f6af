//! Links, addresses, namespaces and packet filters of a host, by iproute2, ethtool and nftables.

use std::process::Stdio;

use contracts::driver::{DriverError, DriverResult};
use tokio::{io::AsyncWriteExt, process::Command};

use crate::binary::path_of;

/// Runs network commands, in the namespace that Pileus runs in or in a named one.
#[derive(Debug, Clone, Default)]
pub(crate) struct IpRoute {
    namespace: Option<String>,
}

impl IpRoute {
    pub(crate) fn new(namespace: Option<String>) -> Self {
        IpRoute { namespace }
    }

    fn ip(&self) -> Command {
        let mut command = Command::new(path_of("ip"));
        if let Some(namespace) = &self.namespace {
            command.args(["-n", namespace]);
        }
        command
    }

    fn other(&self, program: &str) -> Command {
        let Some(namespace) = &self.namespace else { return Command::new(path_of(program)) };
        let mut command = Command::new(path_of("ip"));
        command.args(["netns", "exec", namespace]).arg(path_of(program));
        command
    }

    /// Runs commands of `ip` one after the other in one process; ends at the first that fails.
    pub(crate) async fn batch(&self, commands: &[String]) -> DriverResult<()> {
        let mut command = self.ip();
        command.args(["-batch", "-"]);
        run(command, &(commands.join("\n") + "\n")).await.map_err(|why| why.of("ip", &commands.join("; ")))
    }

    /// Runs a script of nftables, all or nothing.
    pub(crate) async fn nft(&self, script: &str) -> DriverResult<()> {
        let mut command = self.other("nft");
        command.args(["-f", "-"]);
        run(command, script).await.map_err(|why| why.of("nft", script.lines().next().unwrap_or_default()))
    }

    /// Lets the kernel compute checksums of what is sent by this link: the userspace datapath would pass on unfinished
    /// ones, and TCP would fail.
    pub(crate) async fn disable_offloads(&self, link: &str) -> DriverResult<()> {
        let mut command = self.other("ethtool");
        command.args(["-K", link, "tx", "off"]);
        run(command, "").await.map_err(|why| why.of("ethtool", &format!("-K {link} tx off")))
    }

    /// Whether there is a link of that name.
    pub(crate) async fn link_exists(&self, name: &str) -> DriverResult<bool> {
        let mut command = self.ip();
        command
            .args(["link", "show", "dev", name])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let status = command.status().await;
        Ok(status.map_err(|error| Failure::NotRun(error.to_string()).of("ip", "link show"))?.success())
    }

    /// The addresses of a link with their prefix lengths, sorted; those of the link alone are left out.
    pub(crate) async fn addresses(&self, link: &str) -> DriverResult<Vec<String>> {
        let mut command = self.ip();
        command.args(["-json", "address", "show", "dev", link]);
        let output = command.output().await;
        let output = output.map_err(|error| Failure::NotRun(error.to_string()).of("ip", "address show"))?;
        let links: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let all =
            links.as_array().into_iter().flatten().filter_map(|link| link["addr_info"].as_array()).flatten();
        let global = all.filter(|address| address["scope"] != "link");
        let mut found: Vec<String> = global
            .filter_map(|each| Some(format!("{}/{}", each["local"].as_str()?, each["prefixlen"])))
            .collect();
        found.sort_unstable();
        Ok(found)
    }
}

/// Why a command did not do what it should.
enum Failure {
    NotRun(String),
    Said(String),
}

impl Failure {
    fn of(self, program: &str, arguments: &str) -> DriverError {
        match self {
            Failure::NotRun(why) => DriverError::Unavailable(format!("{program} can't be run: {why}")),
            Failure::Said(what) => DriverError::Refused(format!("{program} {arguments}: {what}")),
        }
    }
}

async fn run(mut command: Command, input: &str) -> Result<(), Failure> {
    let not_run = |error: std::io::Error| Failure::NotRun(error.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(not_run)?;
    if let Some(mut pipe) = child.stdin.take() {
        // When the program has ended early, its exit status says why.
        let _ = pipe.write_all(input.as_bytes()).await;
    }
    let output = child.wait_with_output().await.map_err(not_run)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Said(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
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

/// Whether that name stands for a namespace, and is not just a file that was left.
pub(crate) fn is_namespace(name: &str) -> bool {
    let path = std::path::Path::new("/run/netns").join(name);
    nix::sys::statfs::statfs(&path).is_ok_and(|found| found.filesystem_type() == nix::sys::statfs::NSFS_MAGIC)
}
