//! The agent's end: one connection to a controller, kept.

mod calls;
mod dial;
mod link;
mod session;

pub use calls::{ImageContent, LinkError};
pub use dial::{Connection, Dialer, InProcessDialer, TlsDialer};
pub use link::{AgentLink, Handler};
