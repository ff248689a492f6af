//! The content of images: how it comes in, where it is kept, how it goes out.

pub mod collect;
pub mod download;
pub mod lane;
pub mod receive;
pub mod store;
pub mod upload;
