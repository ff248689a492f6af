//! Placement's tables, one file each, and their queries.
//!
//! Resource classes and traits are kept by name: they are few, short, and shown in every answer.

pub mod aggregate;
pub mod allocation;
pub mod consumer;
pub mod custom;
pub mod inventory;
mod migrations;
pub mod provider;
pub mod provider_trait;
mod sql;

pub use migrations::Migrations;
pub(crate) use sql::Sql;
