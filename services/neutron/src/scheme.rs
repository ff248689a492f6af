//! How Neutron speaks.

use platform::http::{CatalogEntry, Envelope, Foreign, Scheme};

/// Networking has no microversions: extensions say what it can do.
pub static SCHEME: Scheme = Scheme {
    service_type: "network",
    name: "neutron",
    place: "/networking",
    catalog: &[CatalogEntry::new("network", "neutron", "")],
    microversions: None,
    envelope: Envelope::Neutron,
    foreign: Foreign::Hidden,
    max_body: 1 << 20,
};
