//! Keeping the daemon alive.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use nix::unistd::Pid;
use tokio::{process::Child, sync::oneshot, task::JoinHandle};
use virt::connect::Connect;

use super::{DaemonError, START_LIMIT, layout::Layout, process};

const LOOK: Duration = Duration::from_millis(20);
/// How often it is looked whether an adopted daemon lives (a child's end is told by the kernel).
const HEARTBEAT: Duration = Duration::from_millis(250);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A daemon that lived this long did not fail at its start.
const SETTLED: Duration = Duration::from_secs(60);
/// How long the daemon may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// What the daemon is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DaemonStatus {
    /// Its process; none between two of them.
    pub pid: Option<u32>,
    /// Whether it ran already when Pileus started.
    pub adopted: bool,
    /// How often it was started again after it had died.
    pub restarts: u32,
    /// Why the last start failed, if it did.
    pub last_failure: Option<String>,
}

type SharedStatus = Arc<Mutex<DaemonStatus>>;

/// A daemon's process, ours by birth or by adoption.
struct Daemon {
    /// Its collector, which ends with it, if it is a child of this process.
    collector: Option<Child>,
    /// The daemon; before it is up, the collector.
    pid: Pid,
}

impl Daemon {
    fn pid(&self) -> Pid {
        self.pid
    }

    /// Returns when it has ended.
    async fn ended(&mut self) {
        if let Some(collector) = &mut self.collector {
            // Should the collector have been killed, the daemon is still there.
            let _ = collector.wait().await;
        }
        while process::alive(self.pid) {
            tokio::time::sleep(HEARTBEAT).await;
        }
    }

    /// Ends it, by force if need be.
    async fn end(&mut self) {
        process::terminate(self.pid());
        if tokio::time::timeout(STOP_LIMIT, self.ended()).await.is_err() {
            tracing::warn!(pid = self.pid().as_raw(), "the libvirt daemon does not end; it is killed");
            process::end_by_force(self.pid());
            let _ = tokio::time::timeout(STOP_LIMIT, self.ended()).await;
        }
    }
}

/// The task that keeps the daemon alive.
pub(super) struct Supervisor {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Supervisor {
    /// Adopts or starts the daemon and watches it from then on.
    pub(super) async fn start(layout: Arc<Layout>, status: SharedStatus) -> Result<Self, DaemonError> {
        let daemon = match adopt(&layout).await {
            Some(daemon) => daemon,
            None => begin(&layout).await?,
        };
        update(&status, |status| {
            status.pid = u32::try_from(daemon.pid().as_raw()).ok();
            status.adopted = daemon.collector.is_none();
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(keep(layout, status, daemon, stopped));
        Ok(Self { stop, task })
    }

    /// Ends the daemon and the task.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

/// The daemon that runs already, if it answers and is where it should be.
async fn adopt(layout: &Layout) -> Option<Daemon> {
    let mut daemon = Daemon { collector: None, pid: process::running(layout)? };
    let pid = daemon.pid().as_raw();
    if !process::in_wanted_network(layout, daemon.pid()) {
        tracing::warn!(pid, "the libvirt daemon runs in another network namespace; it is replaced");
    } else if let Err(error) = answering(layout, &mut daemon).await {
        tracing::warn!(pid, %error, "the libvirt daemon does not answer; it is replaced");
    } else {
        tracing::info!(pid, "adopted the running libvirt daemon");
        return Some(daemon);
    }
    daemon.end().await;
    None
}

/// Starts the daemon; returns when it answers.
async fn begin(layout: &Layout) -> Result<Daemon, DaemonError> {
    let began = Instant::now();
    let child = process::spawn(layout)
        .map_err(|error| DaemonError::NotUp(format!("{}: {error}", layout.program.display())))?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    let pid = pid.ok_or_else(|| DaemonError::NotUp("it ended at once".into()))?;
    let mut daemon = Daemon { collector: Some(child), pid };
    if let Err(error) = answering(layout, &mut daemon).await {
        daemon.end().await;
        return Err(error);
    }
    daemon.pid = process::running(layout).unwrap_or(pid);
    tracing::info!(
        pid = daemon.pid.as_raw(),
        milliseconds = began.elapsed().as_millis(),
        "the libvirt daemon is up"
    );
    Ok(daemon)
}

/// Returns when the daemon answers a call.
async fn answering(layout: &Layout, daemon: &mut Daemon) -> Result<(), DaemonError> {
    let uri = layout.uri();
    let ask = async {
        loop {
            let uri = uri.clone();
            let answer = tokio::task::spawn_blocking(move || {
                Connect::open_read_only(Some(&uri)).and_then(|connect| connect.lib_version())
            });
            if matches!(answer.await, Ok(Ok(_))) {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        outcome = tokio::time::timeout(START_LIMIT, ask) => outcome
            .map_err(|_| DaemonError::NotUp(format!("no answer within {} s", START_LIMIT.as_secs()))),
        () = daemon.ended() => Err(DaemonError::NotUp(last_words(layout))),
    }
}

/// What the daemon said before it ended, in short.
fn last_words(layout: &Layout) -> String {
    let output = std::fs::read(layout.output()).unwrap_or_default();
    let output = String::from_utf8_lossy(&output);
    let lines: Vec<&str> = output.lines().filter(|line| line.contains("error")).collect();
    match lines.last() {
        Some(line) => line.chars().take(300).collect(),
        None => format!("it ended; see {}", layout.log().display()),
    }
}

/// Watches the daemon, and starts it again when it dies, more slowly the sooner it dies.
async fn keep(layout: Arc<Layout>, status: SharedStatus, daemon: Daemon, mut stopped: oneshot::Receiver<()>) {
    let mut current = Some(daemon);
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(mut daemon) = current.take() {
            let began = Instant::now();
            tokio::select! {
                () = daemon.ended() => {}
                outcome = &mut stopped => return finish(outcome.is_ok(), &mut daemon, &status).await,
            }
            if began.elapsed() >= SETTLED {
                pause = FIRST_PAUSE;
            }
            tracing::error!(
                pid = daemon.pid().as_raw(),
                "the libvirt daemon died; machines go on, it is started again"
            );
            update(&status, |status| status.pid = None);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = &mut stopped => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        match begin(&layout).await {
            Ok(daemon) => {
                update(&status, |status| {
                    status.pid = u32::try_from(daemon.pid().as_raw()).ok();
                    status.adopted = false;
                    status.restarts += 1;
                    status.last_failure = None;
                });
                current = Some(daemon);
            }
            Err(error) => {
                tracing::error!(%error, "the libvirt daemon can't be started; trying again");
                update(&status, |status| status.last_failure = Some(error.to_string()));
            }
        }
    }
}

/// Ends the daemon when that was asked for; when Pileus merely goes away, the daemon stays.
async fn finish(asked: bool, daemon: &mut Daemon, status: &SharedStatus) {
    if asked {
        daemon.end().await;
        update(status, |status| status.pid = None);
    }
}

fn update(status: &SharedStatus, change: impl FnOnce(&mut DaemonStatus)) {
    change(&mut status.lock().unwrap_or_else(PoisonError::into_inner));
}
