//! The protocol, spoken between both of its ends.

mod content;
mod fakes;
mod session;
mod tls;
