//! How Placement speaks.

use platform::{
    http::{CatalogEntry, Envelope, Foreign, Microversions, Scheme},
    wire::Version,
};

/// Placement 1.0 to 1.39.
pub static SCHEME: Scheme = Scheme {
    service_type: "placement",
    name: "placement",
    place: "/placement",
    catalog: &[CatalogEntry::new("placement", "placement", "")],
    microversions: Some(Microversions {
        min: Version::new(1, 0),
        max: Version::new(1, 39),
        legacy_header: None,
    }),
    envelope: Envelope::Placement,
    foreign: Foreign::Forbidden,
    max_body: 4 << 20,
};
