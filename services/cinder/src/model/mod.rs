//! Rows: one file for each table.

pub(crate) mod attachment;
pub(crate) mod message;
mod migrations;
pub(crate) mod qos_specs;
pub(crate) mod quota_lock;
pub(crate) mod quota_override;
pub(crate) mod service_off;
pub(crate) mod snapshot;
pub(crate) mod transfer;
pub(crate) mod volume;
pub(crate) mod volume_type;

pub use migrations::Migrations;
