//! The tables: one file for each.

pub(crate) mod access_rule;
pub(crate) mod application_credential;
pub(crate) mod application_credential_access_rule;
pub(crate) mod application_credential_role;
pub(crate) mod assignment;
pub(crate) mod consumer;
pub(crate) mod credential;
pub(crate) mod domain_config;
pub(crate) mod end;
pub(crate) mod endpoint;
pub(crate) mod endpoint_group;
pub(crate) mod group;
pub(crate) mod implied_role;
pub(crate) mod limit;
pub(crate) mod login_failure;
pub(crate) mod membership;
pub(crate) mod password_history;
pub(crate) mod policy;
pub(crate) mod project;
pub(crate) mod project_endpoint;
pub(crate) mod project_endpoint_group;
pub(crate) mod project_tag;
pub(crate) mod region;
pub(crate) mod registered_limit;
pub(crate) mod revocation;
pub(crate) mod role;
pub(crate) mod service;
pub(crate) mod trust;
pub(crate) mod trust_role;
pub(crate) mod user;

pub(crate) mod migrations;
