//! Walks over everything that is declared: each fails when something is added that breaks a promise of the house.
//!
//! | walk | what it promises |
//! |---|---|
//! | [`policies`] | every route and action has a rule that is declared and says what it is for |
//! | [`anonymous`] | nobody gets anything without a token |
//! | [`strangers`] | what is one project's is not another's, whatever is asked of it |
//! | [`bodies`] | a body that is not what a route takes gets a 400, and breaks nothing |
//! | [`lists`] | every column that a list is filtered or sorted by has an index |
//! | [`compatibility`] | every route is OpenStack's, in its microversions, and `docs/` says which are served |
//! | [`documents`] | every option and every command is in `docs/` |
//!
//! They go through the real composition of all services ([`house`]), in one process, on SQLite, with engines in memory.
//! Every answer that is a fault is looked at, in every walk ([`faults`]).

mod anonymous;
mod bodies;
mod compatibility;
mod documents;
mod estate;
mod faults;
mod house;
mod lists;
mod openapi;
mod policies;
mod samples;
mod strangers;
