//! How Barbican speaks.

use platform::http::{CatalogEntry, Envelope, Fault, Foreign, Scheme};
use serde_json::{Value, json};

/// Key manager v1, without microversions.
pub static SCHEME: Scheme = Scheme {
    service_type: "key-manager",
    name: "barbican",
    place: "/key-manager",
    catalog: &[CatalogEntry::new("key-manager", "barbican", "")],
    microversions: None,
    envelope: Envelope::Own(envelope),
    foreign: Foreign::Forbidden,
    max_body: 1 << 20,
};

fn envelope(fault: &Fault, _request: &str) -> Value {
    json!({"code": fault.status.as_u16(), "title": fault.title(), "description": fault.message})
}
