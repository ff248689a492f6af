//! The command line: one file for each command.

mod agent;
mod config;
mod down;
mod host;
mod image;
mod logs;
mod status;
mod up;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{config::Config, state::StateDir};

/// All of OpenStack in one program.
#[derive(Debug, Parser)]
#[command(name = "pileus", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where the state is, and what is set.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Everything that Pileus keeps is under this directory.
    #[arg(long, global = true, env = "PILEUS_STATE", default_value = "/var/lib/pileus")]
    state: PathBuf,
    /// The configuration file. Without it: `pileus.toml` in the state directory, if there is one.
    #[arg(long, global = true, env = "PILEUS_CONFIG")]
    config: Option<PathBuf>,
    /// Sets an option: `--set api.listen=127.0.0.1:9000`. Wins over environment and file.
    #[arg(long, global = true, value_name = "SECTION.OPTION=VALUE")]
    set: Vec<String>,
}

impl Place {
    fn state(&self) -> anyhow::Result<StateDir> {
        StateDir::open(&self.state)
    }

    fn config(&self) -> anyhow::Result<Config> {
        let mut flags = Vec::new();
        for setting in &self.set {
            let (name, value) =
                setting.split_once('=').ok_or_else(|| anyhow::anyhow!("--set takes SECTION.OPTION=VALUE"))?;
            flags.push((name, value.to_owned()));
        }
        Config::read(self.config.as_deref(), &self.state, &flags)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the cloud: every role in one process.
    Up(up::Up),
    /// Stop the cloud. Machines keep running, unless `--all` is given.
    Down(down::Down),
    /// Say what runs.
    Status(status::Status),
    /// Show the log.
    Logs(logs::Logs),
    /// Run a hypervisor host's agent apart from the controllers.
    Agent(agent::Agent),
    /// Hypervisor hosts.
    #[command(subcommand)]
    Host(host::HostCommand),
    /// The configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Images.
    #[command(subcommand)]
    Image(image::ImageCommand),
}

impl Arguments {
    /// Does what was asked.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Up(up) => up.run(&self.place),
            Command::Down(down) => down.run(&self.place),
            Command::Status(status) => status.run(&self.place),
            Command::Logs(logs) => logs.run(&self.place),
            Command::Agent(agent) => agent.run(&self.place),
            Command::Host(host) => host.run(&self.place),
            Command::Config(config) => config.run(&self.place),
            Command::Image(image) => image.run(&self.place),
        }
    }
}

/// The event loop, for commands that need one.
fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}
