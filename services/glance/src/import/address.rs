//! Which addresses an import may fetch from: the public Internet, and what the operator names (OSSA-2026-004, OSSN-0105).
//!
//! A name is looked up once, every address that it has must be public, and the connection goes to the address that was
//! looked at. Redirections are not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::Uri;

use crate::{Config, Error};

/// A place to fetch from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Whether it is https.
    pub tls: bool,
    /// The host, as it was written.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// Reads an address, and refuses what may never be fetched from, whatever it resolves to.
pub fn read(uri: &str, config: &Config) -> Result<Place, Error> {
    let refused = || {
        let uri: String = uri.chars().take(255).collect();
        Error::Invalid(format!("URI for web-download does not pass filtering: {uri}"))
    };
    let parsed: Uri = uri.parse().map_err(|_| refused())?;
    let tls = match parsed.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(refused()),
    };
    let authority = parsed.authority().ok_or_else(refused)?;
    if authority.as_str().contains('@') {
        return Err(refused());
    }
    let port = match parsed.port() {
        Some(port) => port.as_u16(),
        None if authority.as_str().ends_with(':') => return Err(refused()),
        None => {
            if tls {
                443
            } else {
                80
            }
        }
    };
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let named = config.web_download_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host));
    if host.is_empty() || !(named || [80, 443].contains(&port)) {
        return Err(refused());
    }
    if !named && (host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| !is_public(address))) {
        return Err(refused());
    }
    let path = parsed.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    Ok(Place { tls, host, port, path })
}

/// Looks the host up. All of its addresses must be public, unless the operator named the host.
pub async fn resolve(place: &Place, config: &Config) -> Result<SocketAddr, Error> {
    let unreachable = || Error::Invalid(format!("The host {} could not be found.", place.host));
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host((place.host.as_str(), place.port))
        .await
        .map_err(|_| unreachable())?
        .collect();
    let named = config.web_download_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(&place.host));
    if !named && addresses.iter().any(|address| !is_public(address.ip())) {
        return Err(Error::Invalid(format!("The host {} is not one to fetch images from.", place.host)));
    }
    addresses.first().copied().ok_or_else(unreachable)
}

/// Whether the address is of the public Internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    // Only what is given out globally, less the parts of it that lead elsewhere: documentation, Teredo, 6to4.
    let global = segments[0] & 0xe000 == 0x2000;
    let elsewhere =
        segments[0] == 0x2002 || (segments[0] == 0x2001 && (segments[1] == 0xdb8 || segments[1] < 0x200));
    global && !elsewhere
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config { web_download: true, web_download_hosts: vec!["mirror.lab".into()], ..Config::default() }
    }

    #[test]
    fn ossa_2026_004_addresses_inside_are_refused() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.1",
            "240.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["8.8.8.8", "1.1.1.1", "2a01:4f8::1", "2606:4700::1111"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn ossa_2026_004_only_plain_web_addresses_pass() {
        for uri in [
            "file:///etc/passwd",
            "ftp://example.org/x",
            "gopher://example.org",
            "http://user:pw@example.org/x",
            "http://example.org:8080/x",
            "http://127.0.0.1/x",
            "http://[::1]/x",
            "http://localhost/x",
            "http://",
            "example.org/x",
            "",
            "http://169.254.169.254/latest",
            "http://10.0.0.1:80/",
        ] {
            assert!(read(uri, &config()).is_err(), "{uri}");
        }
        let place = read("https://Example.org/a/b?c=d", &config()).unwrap();
        assert_eq!(
            place,
            Place { tls: true, host: "example.org".into(), port: 443, path: "/a/b?c=d".into() }
        );
        assert_eq!(read("http://mirror.lab:8080/x", &config()).unwrap().port, 8080);
    }

    #[tokio::test]
    async fn ossa_2026_004_what_a_name_resolves_to_counts() {
        // Another spelling of 127.0.0.1, which resolvers accept.
        for host in ["2130706433", "0177.0.0.1", "127.1"] {
            let place = Place { tls: false, host: host.into(), port: 80, path: "/".into() };
            assert!(resolve(&place, &config()).await.is_err(), "{host}");
        }
    }
}
