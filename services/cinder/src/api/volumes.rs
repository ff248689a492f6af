//! Volumes.

use platform::http::Routes;

use crate::Cinder;

pub(crate) fn routes() -> Routes<Cinder> {
    Routes::new()
}
