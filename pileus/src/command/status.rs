//! `pileus status`

use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::Value;

use super::Place;
use crate::{compose::clouds, state::StateDir};

#[derive(Debug, Args)]
pub struct Status {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let state = place.state()?;
        let Some(pid) = state.pid() else {
            if self.json {
                println!("{}", serde_json::json!({"running": false}));
            } else {
                println!("Pileus does not run on {}.", state.root().display());
            }
            std::process::exit(3);
        };
        let report = super::block_on(report(&state))?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
            return Ok(());
        }
        println!("process   {pid}, state in {}", state.root().display());
        println!("apis      {}", report["url"].as_str().unwrap_or_default());
        for host in list(&report["hosts"]) {
            println!(
                "host      {} ({}): {} machines running",
                text(&host["host"]),
                text(&host["hypervisor"]),
                host["machines"]
            );
        }
        for daemon in list(&report["daemons"]) {
            let alive = if daemon["alive"] == true { "runs" } else { "does NOT run" };
            println!("daemon    {} {alive} (process {})", text(&daemon["name"]), daemon["pid"]);
        }
        Ok(())
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What the process says of itself.
async fn report(state: &StateDir) -> anyhow::Result<Value> {
    let client = clouds::client(state)?;
    let answer = client.get("/healthcheck", None).await.context("Pileus runs and does not answer")?;
    Ok(serde_json::from_slice(&answer.body)?)
}

/// Waits until a hypervisor host has connected.
pub(super) fn wait_for_host(state: &StateDir, patience: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    loop {
        let report = super::block_on(report(state))?;
        if list(&report["hosts"]).next().is_some() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("no hypervisor host is ready after {} s: see `pileus logs`", patience.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
