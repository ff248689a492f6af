//! How a hypervisor host's agent and a controller meet.
//!
//! The agent dials one connection to a controller and is the HTTP/2 client on it. Apart, the connection is TLS with
//! certificates on both ends; in one process it is an in-memory pipe that carries the very same HTTP/2. On it go
//!
//! * `POST /agent/v1/session`: both bodies stay open as lines of JSON. The agent says what it is and has, and goes on
//!   with replies and events; the controller's requests come down the response. Both send heartbeats.
//! * `GET /agent/v1/images/{id}`: the content of an image, while a request to this host names it.
//! * `PUT /agent/v1/images/{id}`: the content of a snapshot, while a request to this host asks for it.
//! * `POST /agent/v1/consoles/{token}`: a graphical console's bytes, both ways, when the controller asked for it.
//! * `POST /agent/v1/metadata`: a guest's question to the metadata service.
//!
//! Who the host is follows from its certificate (or from the composition, in one process), never from what it says.
//!
//! [`HostRegistry`] is the controller's end, [`AgentLink`] the agent's.

mod agent;
mod authority;
mod body;
mod controller;
mod credentials;
mod identity;
mod limits;
mod lines;
mod message;
mod tls;
mod tunnel;

pub use agent::{
    AgentLink, Connection, Dialer, Handler, ImageContent, InProcessDialer, LinkError, TlsDialer,
};
pub use authority::{Authority, AuthorityError};
pub use controller::HostRegistry;
pub use credentials::Credentials;
pub use identity::{HostIdentity, InvalidHostName};
pub use tls::TlsError;
