//! How Cinder speaks.

use platform::{
    http::{Envelope, Foreign, Microversions, Scheme},
    wire::Version,
};

pub(crate) static SCHEME: Scheme = Scheme {
    service_type: "volume",
    name: "cinder",
    microversions: Some(Microversions {
        min: Version::new(3, 0),
        max: Version::new(3, 71),
        legacy_header: None,
    }),
    envelope: Envelope::Compute,
    foreign: Foreign::Hidden,
    max_body: 114_688,
};
