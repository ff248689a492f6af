//! Rows: one file for each table. Those of a project are sealed: their tables can't be queried from elsewhere.

pub(crate) mod attachment;
pub(crate) mod message;
mod metadata;
mod migrations;
pub(crate) mod qos_specs;
pub(crate) mod quota_lock;
pub(crate) mod quota_override;
pub(crate) mod service_off;
pub(crate) mod snapshot;
pub(crate) mod transfer;
pub(crate) mod usage;
pub(crate) mod volume;
pub(crate) mod volume_type;

pub use migrations::Migrations;
