//! Glance's tables, one file each, and their queries.

pub mod content;
pub mod definition;
pub mod image;
pub mod member;
mod migrations;
pub mod namespace;
pub mod property;
pub mod tag;
pub mod task;

pub use migrations::Migrations;
