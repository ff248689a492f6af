//! The API, one file for each resource.

mod actions;
mod file;
mod images;
mod import;
mod info;
mod members;
mod metadefs;
mod schemas;
mod tags;
mod tasks;
mod versions;

use platform::http::{Cx, Fault, Routes};
use sea_orm::ConnectionTrait;

use crate::{
    Glance,
    model::image::{self, Seen},
};

/// All routes.
pub fn routes() -> Routes<Glance> {
    Routes::new()
        .merge(versions::routes())
        .merge(images::routes())
        .merge(file::routes())
        .merge(import::routes())
        .merge(actions::routes())
        .merge(members::routes())
        .merge(tags::routes())
        .merge(tasks::routes())
        .merge(metadefs::routes())
        .merge(schemas::routes())
        .merge(info::routes())
}

/// The image that a path names, if the caller may do to it what the route does. Whoever may not know of it is told that
/// it is not there.
async fn found(cx: &Cx<Glance>, db: &impl ConnectionTrait, id: &str) -> Result<Seen, Fault> {
    Ok(cx.open(image::find(db, &cx.caller, cx.is_admin(), id).await?)?)
}
