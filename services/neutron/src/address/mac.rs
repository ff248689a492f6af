//! MAC addresses.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

/// A new MAC address of the kind that OpenStack gives: `fa:16:3e:` and three random bytes.
pub(crate) fn random_mac() -> String {
    let [a, b, c]: [u8; 3] = rand::random();
    format!("fa:16:3e:{a:02x}:{b:02x}:{c:02x}")
}

/// A MAC address in lower case with colons, or `None` when it is none that a port can have.
pub(crate) fn normal_mac(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // `12:34` and `1234.5678.9abc` are known spellings, a text with a colon anywhere is not.
    let spelled = [17, 14, 12].contains(&text.len());
    let digits = digits.to_ascii_lowercase();
    let parts: Vec<&str> = (0..6).map(|at| &digits[2 * at..2 * at + 2]).collect();
    (spelled && digits != "000000000000").then(|| parts.join(":"))
}

/// The address that a MAC address makes on a subnet (modified EUI-64).
pub(crate) fn eui64(net: &Ipv6Net, mac: &str) -> Option<Ipv6Addr> {
    let bytes: Vec<u8> = mac.split(':').filter_map(|part| u8::from_str_radix(part, 16).ok()).collect();
    let [a, b, c, d, e, f] = <[u8; 6]>::try_from(bytes).ok()?;
    let low = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Some(Ipv6Addr::from(u128::from(net.network()) | u128::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_have_one_spelling() {
        assert_eq!(normal_mac("FA-16-3E-00-11-22").as_deref(), Some("fa:16:3e:00:11:22"));
        assert_eq!(normal_mac("fa:16:3e:00:11:22").as_deref(), Some("fa:16:3e:00:11:22"));
        for bad in ["", "fa:16:3e:00:11", "fa:16:3e:00:11:zz", "00:00:00:00:00:00", "fa:16:3e:00:11:22:33"] {
            assert_eq!(normal_mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_mac_address_makes_its_ipv6_address() {
        let net = "2001:db8::/64".parse().unwrap();
        let made = eui64(&net, "fa:16:3e:00:11:22").unwrap();
        assert_eq!(made, "2001:db8::f816:3eff:fe00:1122".parse::<Ipv6Addr>().unwrap());
    }
}
