//! How Keystone speaks.

use platform::http::{Envelope, Foreign, Scheme};

pub(crate) const SCHEME: Scheme = Scheme {
    service_type: "identity",
    name: "keystone",
    microversions: None,
    envelope: Envelope::Keystone,
    foreign: Foreign::Forbidden,
    max_body: 112 * 1024,
};
