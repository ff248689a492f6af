//! Glance's tables, one file each, and their queries. Those of a project are sealed: they can't be queried from elsewhere.

pub mod content;
pub mod definition;
pub mod image;
pub mod image_list;
pub mod member;
mod migrations;
pub mod namespace;
pub mod property;
pub mod tag;
pub mod task;

pub use migrations::Migrations;
