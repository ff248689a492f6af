//! What the parts of Pileus know of one another: plain types, and traits that one part offers and others call.
//!
//! No service sees another's tables or another's crate. Nova, for example, asks [`network::Networks`] for a
//! port; which crate answers is decided in the composition (`pileus/src/compose`).
//!
//! * `identity`, `image`, `placement`, `network`, `volume`, `compute`: what services offer one another.
//! * [`network_proxy`], [`image_proxy`]: what Nova's old API shows of Neutron and Glance.
//! * [`machine`]: what a hypervisor host is told to run, and what it reports.
//! * [`driver`]: the traits behind which the real engines sit, and the in-memory ones for tests of scale.

pub mod compute;
pub mod driver;
pub mod error;
pub mod hosts;
pub mod identity;
pub mod image;
pub mod image_proxy;
pub mod machine;
pub mod network;
pub mod network_proxy;
pub mod placement;
pub mod volume;

pub use error::{CallError, CallResult};
