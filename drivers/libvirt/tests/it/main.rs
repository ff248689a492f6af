//! The driver against what it drives: a private libvirt daemon in a network namespace, and QEMU.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod bed;
mod conformance;
mod daemon;
mod guest;
mod memory;
mod real;
