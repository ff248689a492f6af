//! The HTTP layer: one table of routes for each service, and everything around a handler that is the same everywhere.
//!
//! A handler reads top to bottom: who may, what is asked, one transaction, what is answered.
//!
//! ```ignore
//! pub fn routes() -> Routes<Nova> {
//!     Routes::new()
//!         .get("/v2.1/os-keypairs", "os_compute_api:os-keypairs:index", list)
//!         .post("/v2.1/os-keypairs", "os_compute_api:os-keypairs:create", create)
//! }
//!
//! async fn create(cx: Cx<Nova>, body: Body<CreateKeypair>) -> Result<Response, Fault> {
//!     cx.allow()?;
//!     let body = body.0;
//!     let mut tx = cx.service.db.write().await?;
//!     ...
//!     tx.commit().await?;
//!     cx.answer(StatusCode::CREATED, "keypair", &view)
//! }
//! ```

mod body;
mod context;
mod edge;
mod fault;
mod lookup;
mod paths;
mod query;
mod route;
mod scheme;
pub mod testing;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use context::{Base, Cx, NamedProject, OpenCx, Service, answer, json};
pub use edge::{RequestId, mount, mount_lenient};
pub use fault::Fault;
pub use query::Query;
pub use route::{Action, Route, Routes};
pub use scheme::{CatalogEntry, Envelope, Foreign, Microversions, Scheme};
