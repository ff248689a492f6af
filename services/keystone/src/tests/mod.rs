//! Tests over HTTP, one module for each resource.

mod cloud;
mod tokens;
