//! Who a host is.

use std::fmt;

use rustls::pki_types::CertificateDer;

/// A host's name, known by its certificate or by the composition: never by what the host says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostIdentity(pub String);

impl fmt::Display for HostIdentity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A name that no host can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} can't be a host's name: lower-case letters, digits, hyphens and dots, at most 63 in each part"
)]
pub struct InvalidHostName(pub String);

impl HostIdentity {
    /// A host of that name. It must be a DNS name, since a certificate carries it as one.
    pub fn new(name: &str) -> Result<Self, InvalidHostName> {
        let part = |part: &str| {
            (1..=63).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        let valid =
            name.len() <= 253 && name.split('.').all(part) && name.parse::<std::net::IpAddr>().is_err();
        if valid { Ok(Self(name.to_owned())) } else { Err(InvalidHostName(name.to_owned())) }
    }

    /// The host that a verified certificate names: it must name exactly one.
    pub(crate) fn of_certificate(certificate: &CertificateDer<'_>) -> Option<Self> {
        let certificate = webpki::EndEntityCert::try_from(certificate).ok()?;
        let mut names = certificate.valid_dns_names();
        let name = names.next()?;
        if names.next().is_some() { None } else { Self::new(name).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_a_dns_name() {
        for name in ["node1", "n-1.rack2.example.org", "1a"] {
            assert!(HostIdentity::new(name).is_ok(), "{name}");
        }
        for name in ["", "Node", "a_b", "a..b", ".a", "-a", "a-", "*.a", "10.0.0.1", "a/b", &"a".repeat(64)] {
            assert!(HostIdentity::new(name).is_err(), "{name}");
        }
    }
}
