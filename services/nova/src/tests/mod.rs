//! Nova over HTTP, with everything around it in memory.

mod actions;
mod attachments;
mod builds;
mod catalog;
mod consoles;
mod disk_copies;
mod guests;
mod hosts;
mod lists;
mod proxies;
mod quotas;
mod routes;
mod wrecks;
