//! The bounds of the protocol: sizes, counts and times.

use std::time::Duration;

/// How often each end says that it is alive.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(4);
/// A peer that has said nothing for so long is dead.
pub(crate) const DEAD_AFTER: Duration = Duration::from_secs(12);
/// From a connection's start to its session.
pub(crate) const SESSION_DEADLINE: Duration = Duration::from_secs(15);
/// For dialling and for the TLS handshake.
pub(crate) const DIAL_DEADLINE: Duration = Duration::from_secs(10);
/// For the first answer to a call besides the session.
pub(crate) const CALL_DEADLINE: Duration = Duration::from_secs(30);
/// For an agent to bring a console that it was asked for.
pub(crate) const CONSOLE_DEADLINE: Duration = Duration::from_secs(20);
/// Content that stands still for so long is given up.
pub(crate) const CONTENT_IDLE: Duration = Duration::from_secs(60);

/// Longest message. A console's text of 1 MiB fits, however many of its bytes JSON escapes.
pub(crate) const MAX_LINE: usize = 8 << 20;
/// Longest body of a call besides the session and content.
pub(crate) const MAX_CALL_BODY: usize = 1 << 20;
/// Longest metadata answer. As JSON, a byte takes up to four.
pub(crate) const MAX_METADATA: usize = 4 << 20;
/// Requests under way on one host.
pub(crate) const MAX_UNDER_WAY: usize = 256;
/// Messages that wait to be sent.
pub(crate) const OUTGOING: usize = 64;
/// Consoles open on one host.
pub(crate) const MAX_CONSOLES: usize = 64;
/// Events that a slow receiver may be behind before it misses some.
pub(crate) const EVENTS: usize = 4096;
/// TLS handshakes under way on a controller.
pub(crate) const MAX_HANDSHAKES: usize = 256;

/// Streams of one connection.
pub(crate) const MAX_STREAMS: u32 = 256;
/// Bytes under way in one stream.
pub(crate) const STREAM_WINDOW: u32 = 1 << 20;
/// Bytes under way in one connection: many streams that stand still must not stop the session.
pub(crate) const CONNECTION_WINDOW: u32 = 128 << 20;
/// Bytes that an in-memory connection or console holds.
pub(crate) const PIPE: usize = 256 << 10;
