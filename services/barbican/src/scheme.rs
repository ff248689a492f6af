//! How Barbican speaks.

use platform::{
    http::{CatalogEntry, Envelope, Fault, Foreign, Microversions, Scheme},
    wire::Version,
};
use serde_json::{Value, json};

/// Key manager v1, microversions 1.0 and 1.1.
pub static SCHEME: Scheme = Scheme {
    service_type: "key-manager",
    name: "barbican",
    place: "/key-manager",
    catalog: &[CatalogEntry::new("key-manager", "barbican", "")],
    microversions: Some(Microversions {
        min: Version::new(1, 0),
        max: Version::new(1, 1),
        legacy_header: None,
    }),
    envelope: Envelope::Own(envelope),
    foreign: Foreign::Forbidden,
    max_body: 1 << 20,
};

fn envelope(fault: &Fault, _request: &str) -> Value {
    json!({"code": fault.status.as_u16(), "title": fault.title(), "description": fault.message})
}
