//! `pileus down`

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::Place;
use crate::compose::engines;

#[derive(Debug, Args)]
pub struct Down {
    /// Also stop the machines and the daemons (OVN, Open vSwitch, libvirt). Disks and all other state stay.
    #[arg(long)]
    all: bool,
}

impl Down {
    pub fn run(self, place: &Place) -> anyhow::Result<()> {
        let state = place.state()?;
        match state.pid() {
            None => println!("Pileus does not run on {}.", state.root().display()),
            Some(pid) => {
                kill(Pid::from_raw(pid), Signal::SIGTERM)?;
                let deadline = Instant::now() + Duration::from_secs(20);
                while state.pid() == Some(pid) {
                    if Instant::now() > deadline {
                        bail!("process {pid} has not ended within 20 s");
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                println!("Pileus has stopped.");
            }
        }
        if self.all {
            let config = place.config()?;
            super::block_on(async { engines::stop_all(&config, &state).await })?;
            println!("Machines and daemons have stopped. All state is kept in {}.", state.root().display());
        } else {
            println!(
                "Machines keep running; `pileus up` finds them again. `pileus down --all` stops them too."
            );
        }
        Ok(())
    }
}
