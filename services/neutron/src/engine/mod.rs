//! Bringing the network engine to what the tables say.

mod describe;
mod settle;
mod step;
mod watch;

pub(crate) use settle::Settled;
pub(crate) use step::Part;
pub(crate) use watch::watch;

use platform::db::owned::Inside;

const ENGINE: Inside = Inside::because("the network engine is told of everything, whosever it is");
