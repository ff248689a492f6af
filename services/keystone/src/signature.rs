//! Signatures of Amazon's kinds: EC2's versions 2 and 4, S3's own and version 4.

use std::collections::BTreeMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use hmac::{Hmac, Mac};
use platform::Body;
use serde::Deserialize;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::ids::hex;

/// A signed request, as the service that received it describes it.
#[derive(Debug, Default, Deserialize, Body)]
#[body(open)]
pub(crate) struct Signed {
    pub(crate) access: Option<String>,
    pub(crate) signature: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) verb: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) params: Option<BTreeMap<String, Value>>,
    pub(crate) headers: Option<BTreeMap<String, Value>>,
    pub(crate) body_hash: Option<String>,
    /// S3: the text that was signed, in base64.
    pub(crate) token: Option<String>,
}

impl Signed {
    fn param(&self, name: &str) -> Option<&str> {
        self.params.as_ref()?.get(name)?.as_str()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let headers = self.headers.as_ref()?;
        headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.as_str())
    }

    /// When it was signed.
    pub(crate) fn timestamp(&self) -> Option<String> {
        let stamp = self.param("Timestamp").or(self.header("X-Amz-Date")).or(self.param("X-Amz-Date"));
        stamp.map(str::to_owned)
    }
}

/// Whether the signature of an EC2 request is that of the secret. Version 4 where it says so, else 2; older versions
/// sign too little and are refused.
pub(crate) fn ec2(secret: &str, signed: &Signed) -> bool {
    let Some(given) = &signed.signature else { return false };
    let host = signed.host.as_deref().unwrap_or_default();
    let bare = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    // Some clients sign without the port.
    [host, bare].iter().any(|host| {
        if is_fourth(signed) {
            fourth(secret, signed, host).is_some_and(|right| same(&right, given))
        } else {
            signed.param("SignatureVersion") == Some("2")
                && second(secret, signed, host).is_some_and(|right| same(&right, given))
        }
    })
}

/// Whether the signature of an S3 request is that of the secret.
pub(crate) fn s3(secret: &str, signed: &Signed) -> bool {
    let (Some(given), Some(token)) = (&signed.signature, &signed.token) else { return false };
    let text = URL_SAFE.decode(token).or_else(|_| STANDARD.decode(token));
    let Ok(text) = text else { return false };
    if text.starts_with(b"AWS4-HMAC-SHA256\n") {
        let Ok(text) = std::str::from_utf8(&text) else { return false };
        let Some(scope) = text.split('\n').nth(2) else { return false };
        return scoped_key(secret, scope)
            .and_then(|key| mac256(&key, text.as_bytes()))
            .is_some_and(|right| same(&hex(&right), given));
    }
    mac1(secret.as_bytes(), &text).is_some_and(|right| same(&STANDARD.encode(right), given))
}

fn is_fourth(signed: &Signed) -> bool {
    signed.param("X-Amz-Algorithm") == Some("AWS4-HMAC-SHA256")
        || signed.header("Authorization").is_some_and(|text| text.starts_with("AWS4-HMAC-SHA256"))
}

fn second(secret: &str, signed: &Signed, host: &str) -> Option<String> {
    let empty = BTreeMap::new();
    let params = signed.params.as_ref().unwrap_or(&empty);
    let query = params
        .iter()
        .filter(|(name, _)| *name != "Signature")
        .map(|(name, value)| Some(format!("{}={}", quote(name), quote(value.as_str()?))))
        .collect::<Option<Vec<_>>>()?
        .join("&");
    let text = format!(
        "{}\n{host}\n{}\n{query}",
        signed.verb.as_deref().unwrap_or_default(),
        signed.path.as_deref().unwrap_or_default()
    );
    match signed.param("SignatureMethod") {
        Some("HmacSHA256") => Some(STANDARD.encode(mac256(secret.as_bytes(), text.as_bytes())?)),
        Some("HmacSHA1") => Some(STANDARD.encode(mac1(secret.as_bytes(), text.as_bytes())?)),
        _ => None,
    }
}

fn fourth(secret: &str, signed: &Signed, host: &str) -> Option<String> {
    let authorization = signed.header("Authorization").unwrap_or_default();
    let in_header = |name: &str| {
        let (_, rest) = authorization.split_once(&format!("{name}="))?;
        Some(rest.split([',', ' ']).next().unwrap_or_default().to_owned())
    };
    let credential =
        signed.param("X-Amz-Credential").map(str::to_owned).or_else(|| in_header("Credential"))?;
    let names =
        signed.param("X-Amz-SignedHeaders").map(str::to_owned).or_else(|| in_header("SignedHeaders"))?;
    let stamp = signed.param("X-Amz-Date").or(signed.header("X-Amz-Date"))?;
    let (_, scope) = credential.split_once('/')?;
    let mut headers = String::new();
    for name in names.split(';') {
        let value = if name == "host" { host } else { signed.header(name).unwrap_or_default() };
        headers.push_str(&format!("{name}:{}\n", value.trim()));
    }
    let empty = BTreeMap::new();
    let query = match signed.verb.as_deref() {
        Some("POST") => String::new(),
        _ => signed
            .params
            .as_ref()
            .unwrap_or(&empty)
            .iter()
            .filter(|(name, _)| *name != "X-Amz-Signature")
            .map(|(name, value)| Some(format!("{}={}", quote(name), quote(value.as_str()?))))
            .collect::<Option<Vec<_>>>()?
            .join("&"),
    };
    let canonical = format!(
        "{}\n{}\n{query}\n{headers}\n{names}\n{}",
        signed.verb.as_deref().unwrap_or_default(),
        signed.path.as_deref().unwrap_or_default(),
        signed.body_hash.as_deref().unwrap_or_default()
    );
    let digest = hex(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}");
    Some(hex(&mac256(&scoped_key(secret, scope)?, text.as_bytes())?))
}

/// The key of version 4: of one day, one region, one service.
fn scoped_key(secret: &str, scope: &str) -> Option<Vec<u8>> {
    let mut key = format!("AWS4{secret}").into_bytes();
    let parts: Vec<&str> = scope.split('/').collect();
    if parts.len() != 4 {
        return None;
    }
    for part in parts {
        key = mac256(&key, part.as_bytes())?;
    }
    Some(key)
}

fn mac256(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().to_vec())
}

fn mac1(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().to_vec())
}

/// Compares in constant time: digests of both under a key that nobody knows.
fn same(right: &str, given: &str) -> bool {
    let key: [u8; 32] = crate::ids::random();
    mac256(&key, right.as_bytes()) == mac256(&key, given.as_bytes())
}

/// Percent-encoding that leaves letters, digits and `-_.~`.
fn quote(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of AWS's own documentation of version 4 (GET of IAM's ListUsers).
    #[test]
    fn the_documented_example_of_version_4_is_right() {
        let mut signed: Signed = serde_json::from_value(json!({
            "access": "AKIDEXAMPLE",
            "host": "iam.amazonaws.com",
            "verb": "GET",
            "path": "/",
            "params": {"Action": "ListUsers", "Version": "2010-05-08"},
            "headers": {
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "host": "iam.amazonaws.com",
                "X-Amz-Date": "20150830T123600Z",
                "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
            },
            "body_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "signature": "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        }))
        .unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        assert!(ec2(secret, &signed));
        assert!(!ec2("other", &signed));
        signed.path = Some("/other".into());
        assert!(!ec2(secret, &signed));
    }

    #[test]
    fn versions_that_sign_too_little_are_refused() {
        for version in ["0", "1"] {
            let signed: Signed = serde_json::from_value(json!({
                "access": "a", "signature": "x", "host": "h", "verb": "GET", "path": "/",
                "params": {"SignatureVersion": version, "SignatureMethod": "HmacSHA1"},
            }))
            .unwrap();
            assert!(!ec2("s", &signed));
        }
    }

    #[test]
    fn version_2_covers_host_path_and_parameters() {
        let params = json!({"SignatureVersion": "2", "SignatureMethod": "HmacSHA256", "Timestamp": "2026-01-01T00:00:00Z"});
        let mut signed: Signed = serde_json::from_value(
            json!({"access": "a", "host": "h:8773", "verb": "GET", "path": "/", "params": params}),
        )
        .unwrap();
        signed.signature = second("s", &signed, "h:8773");
        assert!(ec2("s", &signed));
        signed.signature = second("s", &signed, "h");
        assert!(ec2("s", &signed), "signed without the port");
        signed.verb = Some("POST".into());
        assert!(!ec2("s", &signed));
    }

    #[test]
    fn s3_signs_its_token() {
        let text = "GET\n\n\nFri, 01 Jan 2026 00:00:00 GMT\n/bucket";
        let signature = STANDARD.encode(mac1(b"s", text.as_bytes()).unwrap());
        let signed = Signed {
            access: Some("a".into()),
            signature: Some(signature),
            token: Some(URL_SAFE.encode(text)),
            ..Signed::default()
        };
        assert!(s3("s", &signed));
        assert!(!s3("t", &signed));
    }
}
