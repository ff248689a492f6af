//! The API: one file for each resource, with its routes and the rules that guard them.

mod consumers;
mod metadata;
mod pages;
mod payloads;
mod secrets;
mod versions;

use chrono::{DateTime, SubsecRound, Utc};
use platform::{http::Routes, policy::Rule};

use crate::Barbican;

/// All routes and rules.
pub(crate) fn routes() -> Routes<Barbican> {
    versions::routes()
        .merge(secrets::routes())
        .merge(payloads::routes())
        .merge(metadata::routes())
        .merge(consumers::routes())
}

const fn rule(name: &'static str, default: &'static str, doc: &'static str) -> Rule {
    Rule { name, default, doc }
}

/// A time as Barbican writes it: without a zone, with a fraction where there is one.
fn moment(time: DateTime<Utc>) -> String {
    let time = time.trunc_subsecs(6);
    let format =
        if time.timestamp_subsec_micros() == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    time.format(format).to_string()
}
