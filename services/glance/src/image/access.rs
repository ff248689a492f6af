//! Who may know of an image.

use contracts::identity::Caller;
use platform::db::owned::{Inside, Scope};

use crate::model::image::Model;

/// Whether the caller (no administrator) may know of the image. `shared`: with the caller's project.
pub fn is_visible(image: &Model, caller: &Caller, shared: bool) -> bool {
    matches!(image.visibility.as_str(), "public" | "community")
        || image.owner.is_empty()
        || caller.project_id() == Some(image.owner.as_str())
        || (image.visibility == "shared" && shared)
}

/// All of a project's, to be counted.
pub fn all_of(project: &str) -> Scope {
    Scope::inside(&Inside::because("what a project has is counted, whoever adds to it")).narrowed(project)
}
