//! A client of OVSDB (RFC 7047): the protocol by which Open vSwitch and OVN are configured.
//!
//! [`Client`] holds one connection to one database. It keeps a [`Replica`] of the tables it is told to watch, so that
//! reading costs nothing, and sends [`Transaction`]s. When the connection breaks, calls under way end with an error, the
//! client connects again by itself, takes the replica anew and says so.
//!
//! Architecture invariant: the server sends the update that a transaction causes before the transaction's own answer, and
//! the client handles messages in order; so whoever got the answer reads his own writes in the replica.

mod client;
mod connection;
mod endpoint;
mod error;
mod framing;
mod replica;
mod schema;
mod transaction;
pub(crate) mod unixctl;
mod value;

pub use client::{Client, Notice};
pub use endpoint::Endpoint;
pub use error::OvsdbError;
pub use replica::{Change, Index, Monitored, Replica, Row, Table};
pub use transaction::{Columns, Transaction};
pub use value::{Atom, Datum};
