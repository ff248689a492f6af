//! `pileus host`

use std::path::PathBuf;

use agent_protocol::Authority;
use clap::Subcommand;

use super::Place;

#[derive(Debug, Subcommand)]
pub enum HostCommand {
    /// Issue the certificate by which a host's agent is known to the controllers.
    Credentials {
        /// The host's name.
        name: String,
        /// The file that it is written to, readable for its owner only.
        #[arg(long)]
        output: PathBuf,
    },
}

impl HostCommand {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let Self::Credentials { name, output } = self;
        let state = place.state()?;
        let authority = Authority::open(&state.folder("pki")?)?;
        authority.issue_host(&name)?.write(&output)?;
        println!("{} is known as {name} to the controllers of {}.", output.display(), state.root().display());
        Ok(())
    }
}
