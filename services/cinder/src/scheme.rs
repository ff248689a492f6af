//! How Cinder speaks.

use platform::{
    http::{CatalogEntry, Envelope, Foreign, Microversions, Scheme},
    wire::Version,
};

/// Block storage v3, microversions 3.0 to 3.71.
pub static SCHEME: Scheme = Scheme {
    service_type: "volume",
    name: "cinder",
    place: "/volume",
    catalog: &[
        CatalogEntry::new("block-storage", "cinder", "/v3/%(project_id)s"),
        CatalogEntry::new("volumev3", "cinderv3", "/v3/%(project_id)s"),
    ],
    microversions: Some(Microversions {
        min: Version::new(3, 0),
        max: Version::new(3, 71),
        legacy_header: None,
    }),
    envelope: Envelope::Compute,
    foreign: Foreign::Hidden,
    max_body: 114_688,
};
