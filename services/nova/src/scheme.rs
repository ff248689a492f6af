//! How Nova speaks.

use platform::{
    http::{CatalogEntry, Envelope, Foreign, Microversions, Scheme},
    wire::Version,
};

/// Compute v2.1, microversions 2.1 to 2.104.
pub static SCHEME: Scheme = Scheme {
    service_type: "compute",
    name: "nova",
    place: "/compute",
    catalog: &[CatalogEntry::new("compute", "nova", "/v2.1")],
    microversions: Some(Microversions {
        min: Version::new(2, 1),
        max: Version::new(2, 104),
        legacy_header: Some("x-openstack-nova-api-version"),
    }),
    envelope: Envelope::Compute,
    foreign: Foreign::Hidden,
    max_body: 114_688,
};
