//! How Glance speaks.

use platform::http::{CatalogEntry, Envelope, Foreign, Scheme};

/// Image v2. Its minor versions add, and are not asked for by clients.
pub static SCHEME: Scheme = Scheme {
    service_type: "image",
    name: "glance",
    place: "/image",
    catalog: &[CatalogEntry::new("image", "glance", "")],
    microversions: None,
    envelope: Envelope::Glance,
    foreign: Foreign::Hidden,
    max_body: 1 << 20,
};
