//! Pileus.
