//! How Neutron speaks.

use platform::http::{Envelope, Foreign, Scheme};

/// Networking has no microversions: extensions say what it can do.
pub(crate) static SCHEME: Scheme = Scheme {
    service_type: "network",
    name: "neutron",
    microversions: None,
    envelope: Envelope::Neutron,
    foreign: Foreign::Hidden,
    max_body: 1 << 20,
};
