//! `pileus`: all of OpenStack in one program.
//!
//! `command/` has one file for each command, `compose/` puts services and engines together, [`config`] and [`state`] say
//! what is set and where things are kept, [`front`] and [`serve`] are the one port behind which every API stands.

mod command;
mod compose;
mod config;
mod front;
mod serve;
mod state;
#[cfg(test)]
mod walks;

use clap::Parser;

fn main() -> anyhow::Result<()> {
    command::Arguments::parse().run()
}
