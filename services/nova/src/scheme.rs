//! How Nova speaks.

use platform::{
    http::{Envelope, Foreign, Microversions, Scheme},
    wire::Version,
};

/// Compute v2.1, microversions 2.1 to 2.104.
pub static SCHEME: Scheme = Scheme {
    service_type: "compute",
    name: "nova",
    microversions: Some(Microversions {
        min: Version::new(2, 1),
        max: Version::new(2, 104),
        legacy_header: Some("x-openstack-nova-api-version"),
    }),
    envelope: Envelope::Compute,
    foreign: Foreign::Hidden,
    max_body: 114_688,
};
