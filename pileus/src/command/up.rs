//! `pileus up`

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Place;
use crate::{compose, state::StateDir};

#[derive(Debug, Args)]
pub struct Up {
    /// Return to the prompt once every API answers; the cloud goes on in the background.
    #[arg(short, long)]
    detach: bool,
    /// Return only when the hypervisor host is ready for machines too (with `--detach`).
    #[arg(long)]
    wait: bool,
}

impl Up {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let state = place.state()?;
        place.config()?;
        if self.detach { self.background(&state) } else { foreground(place, &state) }
    }

    /// Starts this program again, apart from the terminal, and waits until it answers.
    fn background(&self, state: &StateDir) -> anyhow::Result<()> {
        if let Some(pid) = state.pid() {
            println!("Pileus runs on {} already (process {pid}).", state.root().display());
        } else {
            let log = log_file(state)?;
            let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
            arguments.retain(|argument| argument != "--detach" && argument != "-d" && argument != "--wait");
            let mut child = Command::new(std::env::current_exe()?);
            child.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).process_group(0);
            let mut child = child.spawn().context("the background process can't be started")?;
            let deadline = Instant::now() + Duration::from_secs(30);
            while ready(state) != Some(child.id()) {
                if let Some(status) = child.try_wait()? {
                    bail!("Pileus ended at once ({status}): see {}", state.path("log/pileus.log").display());
                }
                if Instant::now() > deadline {
                    bail!(
                        "Pileus does not answer after 30 s: see {}",
                        state.path("log/pileus.log").display()
                    );
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if self.wait {
            super::status::wait_for_host(state, Duration::from_secs(60))?;
        }
        print!("{}", compose::clouds::directions(state));
        Ok(())
    }
}

/// The process that has said that it answers.
fn ready(state: &StateDir) -> Option<u32> {
    std::fs::read_to_string(state.path("ready")).ok()?.trim().parse().ok()
}

fn log_file(state: &StateDir) -> anyhow::Result<std::fs::File> {
    let path = state.folder("log")?.join("pileus.log");
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("{} can't be written", path.display()))
}

fn foreground(place: &Place, state: &StateDir) -> anyhow::Result<()> {
    let config = place.config()?;
    let running = state.claim()?;
    let _ = std::fs::remove_file(state.path("ready"));
    platform::telemetry::start(&config.log, Mutex::new(log_file(state)?));
    platform::telemetry::count();
    super::block_on(async {
        let cancel = CancellationToken::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let started = Instant::now();
        let cloud = compose::Cloud::start(&config, state, cancel.clone()).await?;
        state.write("ready", &std::process::id().to_string())?;
        tracing::info!(ms = started.elapsed().as_millis() as u64, url = cloud.url(), "every API answers");
        // Without a reader of standard output, what was to be said stands in the log.
        let _ = write!(std::io::stdout(), "{}", compose::clouds::directions(state));
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping; machines keep running");
        cancel.cancel();
        cloud.ended().await;
        anyhow::Ok(())
    })?;
    drop(running);
    Ok(())
}
