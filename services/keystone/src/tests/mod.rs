//! Tests over HTTP, one module for each kind of resource.

mod applications;
mod assignments;
mod catalog;
mod cloud;
mod credentials;
mod people;
mod places;
mod routes;
mod tokens;
mod trusts;
