//! Images on this host.

mod cache;
mod header;

pub(crate) use cache::ImageCache;
