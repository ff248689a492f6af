//! Who may know of an image, and what policies are told of it.

use contracts::identity::Caller;
use platform::policy::Target;

use crate::model::image::Model;

/// Whether the image was shared with the caller's project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared(pub bool);

/// Whether the caller (no administrator) may know of the image.
pub fn is_visible(image: &Model, caller: &Caller, shared: Shared) -> bool {
    matches!(image.visibility.as_str(), "public" | "community")
        || image.owner.is_empty()
        || caller.project_id() == Some(image.owner.as_str())
        || (image.visibility == "shared" && shared.0)
}

/// The image, as policies see it.
pub fn target<'a>(image: &'a Model, caller: &'a Caller, shared: Shared) -> Target<'a> {
    let target = Target::project(image.owner.as_str())
        .with("owner", image.owner.as_str())
        .with("visibility", image.visibility.as_str());
    match caller.project_id() {
        Some(project) if shared.0 => target.with("member_id", project),
        _ => target,
    }
}
