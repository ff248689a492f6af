//! The API, one file for each resource.

mod aggregates;
mod allocation_body;
mod allocation_candidates;
mod allocations;
mod fresh;
mod inventories;
mod provider_traits;
mod reshaper;
mod resource_classes;
mod resource_providers;
mod root;
mod traits;
mod usages;

use platform::http::Routes;

use crate::Placement;

/// All routes.
pub fn routes() -> Routes<Placement> {
    Routes::new()
        .merge(root::routes())
        .merge(resource_providers::routes())
        .merge(inventories::routes())
        .merge(aggregates::routes())
        .merge(provider_traits::routes())
        .merge(allocations::routes())
        .merge(allocation_candidates::routes())
        .merge(usages::routes())
        .merge(traits::routes())
        .merge(resource_classes::routes())
        .merge(reshaper::routes())
}
