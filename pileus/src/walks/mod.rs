//! Walks over everything that is declared: each fails when something is added that breaks a promise of the house.
//!
//! | walk | what it promises |
//! |---|---|
//! | [`policies`] | every route and action has a rule that is declared and says what it is for |
//! | [`anonymous`] | nobody gets anything without a token |
//! | [`lists`] | every column that a list is filtered or sorted by has an index |
//! | [`documents`] | every option and every command is in `docs/` |
//!
//! They go through the real composition of all services ([`house`]), in one process, on SQLite, with engines in memory.
//! Every answer that is a fault is looked at, in every walk ([`faults`]).

mod anonymous;
mod documents;
mod faults;
mod house;
mod lists;
mod policies;
