//! `/servers`

pub mod body;
mod create;
pub mod disks;
mod list;
pub mod nics;
mod one;
pub mod view;

use http::Method;
use platform::http::Routes;

use crate::{Nova, model::server::LIST};

/// Routes.
pub fn routes() -> Routes<Nova> {
    Routes::new()
        .get("/v2.1/servers", "os_compute_api:servers:index", list::index)
        .list(&LIST)
        .get("/v2.1/servers/detail", "os_compute_api:servers:detail", list::detail)
        .list(&LIST)
        .post("/v2.1/servers", "os_compute_api:servers:create", create::create)
        // The path of old clients that boot from volumes.
        .route(Method::POST, "/v2.1/os-volumes_boot", "os_compute_api:servers:create", create::create)
        .get("/v2.1/servers/{id}", "os_compute_api:servers:show", one::show)
        .put("/v2.1/servers/{id}", "os_compute_api:servers:update", one::update)
        .delete("/v2.1/servers/{id}", "os_compute_api:servers:delete", one::delete)
}

pub use create::{fits, metadata_fits, password, snapshot};
pub use one::mark_deleting;
