//! The agent: the role that runs machines on one hypervisor host.
//!
//! It holds one connection to a controller ([`agent_protocol`]), is told there what this host should run, and reports
//! what it does run. It never sees the database. Machines are run by a [`contracts::driver::Hypervisor`] and wired by a
//! [`contracts::driver::Wiring`]; what the agent itself adds is everything around them on the host's disk:
//!
//! ```text
//! STATE/images/IMAGE          an image's content as stored, read only: what disks are based upon
//! STATE/images/IMAGE.json     its format and digest
//! STATE/machines/MACHINE/     all of one machine: spec.json, disk.vda.qcow2, config.iso, console.log, vnc.sock
//! ```
//!
//! Every request is idempotent and every file appears whole, so that after a crash at any instruction the same request
//! completes what was begun. Requests for one machine are carried out one after the other, others beside one another.

mod agent;
mod config;
mod config_drive;
mod confined;
mod console;
mod console_log;
mod description;
mod disks;
mod fault;
mod file;
mod image;
mod journal;
mod layout;
mod machine;
mod metadata_proxy;
mod turns;

pub use agent::Agent;
pub use config::{AgentConfig, Storage};
