//! The tables of Nova: one file for each, with its queries.

pub mod aggregate;
pub mod attachment;
pub mod console_token;
pub mod flavor;
pub mod host;
pub mod instance_action;
pub mod interface;
pub mod keypair;
mod migrations;
pub mod password;
pub mod quota;
pub mod quota_class;
pub mod resize;
pub mod server;
pub mod server_group;
pub mod server_tag;

pub use migrations::Migrations;

/// JSON for a column in an update.
pub fn json(value: &impl serde::Serialize) -> sea_orm::sea_query::Expr {
    sea_orm::sea_query::Expr::value(serde_json::to_value(value).unwrap_or_default())
}
