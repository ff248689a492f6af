//! One daemon: finding it alive, starting it, ending it.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use contracts::driver::{DriverError, DriverResult};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::process::Command;

use super::{
    paths::Paths,
    program::{CommandLine, Program},
};
use crate::{binary, ovsdb::unixctl};

/// How long a daemon may take to obey, before it is made to.
const GRACE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// A daemon, running or not.
#[derive(Debug)]
pub(super) struct Daemon {
    command: CommandLine,
}

/// A process that the pid file names.
enum Found {
    /// It is this daemon, with the arguments it should have.
    Right(i32),
    /// It is this daemon, with others.
    Other(i32),
    None,
}

impl Daemon {
    pub(super) fn new(command: CommandLine) -> Self {
        Daemon { command }
    }

    pub(super) fn name(&self) -> &'static str {
        self.command.program.name()
    }

    pub(super) fn program(&self) -> Program {
        self.command.program
    }

    /// Its process, when it lives.
    pub(super) fn living(&self) -> Option<i32> {
        match self.find() {
            Found::Right(pid) | Found::Other(pid) => Some(pid),
            Found::None => None,
        }
    }

    fn find(&self) -> Found {
        let Some(pid) = read_pid(&self.command.pid_file) else { return Found::None };
        match self.arguments_of(pid) {
            Some(arguments) if arguments == self.command.arguments => Found::Right(pid),
            Some(_) => Found::Other(pid),
            None => Found::None,
        }
    }

    fn is_mine(&self, pid: i32) -> bool {
        self.arguments_of(pid).is_some()
    }

    /// The arguments of a process, if it is this daemon. A number from a file may be another process's by now: only the
    /// command line tells.
    fn arguments_of(&self, pid: i32) -> Option<Vec<String>> {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
        let binary = words.next()?;
        let arguments: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        let pid_file = format!("--pidfile={}", self.command.pid_file.display());
        let same = Path::new(&binary).file_name() == self.command.binary.file_name()
            && arguments.contains(&pid_file);
        same.then_some(arguments)
    }

    /// It runs. Returns whether it had to be started.
    pub(super) async fn ensure(&self, paths: &Paths) -> DriverResult<bool> {
        match self.find() {
            Found::Right(pid) => {
                tracing::debug!(daemon = self.name(), pid, "adopted");
                return Ok(false);
            }
            Found::Other(pid) => {
                tracing::info!(daemon = self.name(), pid, "restarting with new arguments");
                self.stop().await?;
            }
            Found::None => {}
        }
        if let Some(database) = &self.command.database {
            database.prepare().await?;
        }
        self.start(paths).await?;
        Ok(true)
    }

    async fn start(&self, paths: &Paths) -> DriverResult<()> {
        let mut command = match &self.command.namespace {
            Some(namespace) => {
                let mut command = Command::new(binary::path_of("ip"));
                command.args(["netns", "exec", namespace]).arg(&self.command.binary);
                command
            }
            None => Command::new(&self.command.binary),
        };
        let run = paths.run();
        command.args(&self.command.arguments).current_dir("/");
        for variable in ["OVS_RUNDIR", "OVN_RUNDIR"] {
            command.env(variable, &run);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // A daemon keeps the descriptors it inherits, so its words go to its log file and not to a pipe of ours.
        let status = command.status().await;
        let status = status.map_err(|error| DriverError::Unavailable(format!("{}: {error}", self.name())))?;
        if !status.success() {
            let log = paths.log(self.name());
            let last = last_line(&log);
            return Err(DriverError::Refused(format!(
                "{}: {status}; {}: {last}",
                self.name(),
                log.display()
            )));
        }
        tracing::info!(daemon = self.name(), pid = self.living(), "started");
        Ok(())
    }

    /// It no longer runs: asked to end, then told to, then made to.
    pub(super) async fn stop(&self) -> DriverResult<()> {
        let Some(pid) = self.living() else { return Ok(()) };
        // A daemon that ends removes its pid file first, so from here on its process is looked at.
        let arguments: &[&str] = if self.program() == Program::Vswitchd { &["--cleanup"] } else { &[] };
        let control = match &self.command.control {
            Some(control) => control.clone(),
            None => self.command.pid_file.with_extension(format!("{pid}.ctl")),
        };
        let asked = unixctl::command(&control, "exit", arguments).await;
        if asked.is_ok() && gone_within(pid, GRACE).await {
            return Ok(());
        }
        for signal in [Signal::SIGTERM, Signal::SIGKILL] {
            if self.is_mine(pid) {
                tracing::warn!(daemon = self.name(), pid, %signal, "does not end when asked");
                let _ = kill(Pid::from_raw(pid), signal);
            }
            if gone_within(pid, GRACE).await {
                return Ok(());
            }
        }
        Err(DriverError::Unavailable(format!("{} (process {pid}) does not end", self.name())))
    }
}

/// Waits until the process has ended. One that nobody has waited for yet (a zombie) has ended.
async fn gone_within(pid: i32, patience: Duration) -> bool {
    let begun = Instant::now();
    while std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty()) {
        if begun.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(POLL).await;
    }
    true
}

fn read_pid(path: &Path) -> Option<i32> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok().filter(|pid| *pid > 1)
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().last().unwrap_or("nothing was logged").to_owned()
}
