//! What every service of Pileus stands on.
//!
//! | module | what it is for |
//! |---|---|
//! | [`http`] | routes with their policy, contexts from tokens, microversions, faults in each service's envelope, bodies, lists |
//! | [`wire`] | requests and answers whose fields know the microversions they belong to |
//! | [`policy`] | the oslo.policy language |
//! | [`db`] | SQLite, PostgreSQL and MariaDB: reads, the one way to write, migrations, lists by page |
//! | [`events`] | the outbox: every change of state, committed with it |
//! | [`part`] | a service as the composition has it |
//! | [`reconcile`] | controllers that bring what is to what is wanted |
//! | [`config`] | options with their documentation |
//! | [`telemetry`] | logs and metrics |
//!
//! Derives: [`Body`], [`View`], [`Options`].

// The derives name this crate as others do.
extern crate self as platform;

pub mod config;
pub mod db;
pub mod events;
pub mod http;
pub mod part;
pub mod policy;
pub mod reconcile;
pub mod telemetry;
pub mod wire;

pub use platform_derive::{Body, Options, View};
