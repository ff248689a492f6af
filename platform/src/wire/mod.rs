//! Requests and answers whose fields know the microversions they belong to.
//!
//! A microversion is written once, on the field it changes:
//!
//! ```ignore
//! #[derive(Deserialize, Body)]
//! #[body(wrap = "keypair")]
//! struct CreateKeypair {
//!     #[body(min = 1, max = 255)]
//!     name: String,
//!     #[body(since = "2.2", one_of = ["ssh", "x509"])]
//!     r#type: Option<String>,
//! }
//!
//! #[derive(View)]
//! struct KeypairView<'a> {
//!     name: &'a str,
//!     #[view(since = "2.2")]
//!     r#type: &'a str,
//! }
//! ```
//!
//! `Body` gives the JSON schema of each version (see [`schema`]), `View` the answer of each version (see [`view`]).

mod refusal;
pub mod schema;
pub mod time;
pub mod version;
pub mod view;

pub use schema::{Patch, Schema};
pub use version::{Range, Version};
pub use view::{At, View};
