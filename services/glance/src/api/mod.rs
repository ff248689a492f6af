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

use contracts::identity::Caller;
use platform::{
    http::{Cx, Fault, Routes},
    policy::Target,
};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    Error, Glance,
    image::access::{self, Shared},
    model::image::{self, Model},
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

/// The image that a path names, if the caller may know of it; and the caller may do to it what the route does. Whoever
/// may not know of it is told that it is not there.
async fn found(cx: &Cx<Glance>, db: &impl ConnectionTrait, id: &str) -> Result<(Model, Shared), Fault> {
    let missing =
        || Fault::not_found(format!("No image found with ID {}", id.chars().take(64).collect::<String>()));
    let found = match id.parse::<Uuid>() {
        Err(_) => None,
        Ok(id) => match image::visible(db, &cx.caller, cx.is_admin(), id).await {
            Ok(found) => Some(found),
            Err(Error::NoImage(_)) => None,
            Err(error) => return Err(error.into()),
        },
    };
    let known = found.filter(|(image, shared)| cx.may("get_image", &target(image, &cx.caller, *shared)));
    let Some((image, shared)) = known else {
        // Asked, though there was nothing to ask about.
        let _ = cx.allow_on(&Target::none());
        return Err(missing());
    };
    cx.allow_on(&target(&image, &cx.caller, shared))?;
    Ok((image, shared))
}

fn target<'a>(image: &'a Model, caller: &'a Caller, shared: Shared) -> Target<'a> {
    access::target(image, caller, shared)
}
