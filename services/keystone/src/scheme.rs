//! How Keystone speaks.

use platform::http::{CatalogEntry, Envelope, Foreign, Scheme};

/// Identity v3, without microversions.
pub static SCHEME: Scheme = Scheme {
    service_type: "identity",
    name: "keystone",
    place: "/identity",
    catalog: &[CatalogEntry::new("identity", "keystone", "/v3")],
    microversions: None,
    envelope: Envelope::Keystone,
    foreign: Foreign::Forbidden,
    max_body: 112 * 1024,
};
