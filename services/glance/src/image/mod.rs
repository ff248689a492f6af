//! Images: who may see them, what may be said of them, how they change.

pub mod access;
pub mod change;
pub mod create;
pub mod rules;
pub mod view;
