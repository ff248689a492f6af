//! Rows: one file for each table.

pub(crate) mod attachment;
mod migrations;
pub(crate) mod quota_override;
pub(crate) mod snapshot;
pub(crate) mod volume;
pub(crate) mod volume_type;

pub use migrations::Migrations;
