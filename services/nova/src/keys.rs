//! Keypairs: making them, and telling whether what a user brings is one.
//!
//! New SSH keys are ECDSA P-256, in the form that OpenSSH and paramiko read (SEC 1).

use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use ring::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};

/// A keypair that was made here. The private half is shown once and kept nowhere.
pub struct Generated {
    /// The public key, or the certificate.
    pub public: String,
    /// The private key, in PEM.
    pub private: String,
    /// See [`crate::model::keypair::Model::fingerprint`].
    pub fingerprint: String,
}

const UNREADABLE: &str = "failed to generate fingerprint";

fn colons(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// The fingerprint of a public key in OpenSSH's form; why it is none otherwise.
pub fn import_ssh(key: &str) -> Result<String, String> {
    let mut words = key.split_whitespace();
    let (Some(kind), Some(data)) = (words.next(), words.next()) else { return Err(UNREADABLE.into()) };
    let blob = BASE64_STANDARD.decode(data).map_err(|_| UNREADABLE)?;
    let mut fields = Fields(&blob);
    let known = match kind {
        "ssh-rsa" => 2,
        "ssh-ed25519" => 1,
        "ecdsa-sha2-nistp256" | "ecdsa-sha2-nistp384" | "ecdsa-sha2-nistp521" => 2,
        "ssh-dss" => 4,
        "sk-ssh-ed25519@openssh.com" => 2,
        "sk-ecdsa-sha2-nistp256@openssh.com" => 3,
        _ => return Err(UNREADABLE.into()),
    };
    if fields.next() != Some(kind.as_bytes()) {
        return Err(UNREADABLE.into());
    }
    let parts: Vec<&[u8]> = fields.by_ref().collect();
    let whole = fields.0.is_empty() && parts.len() == known && parts.iter().all(|part| !part.is_empty());
    let plausible = match kind {
        "ssh-ed25519" => parts.first().is_some_and(|key| key.len() == 32),
        // More than 16384 bits would only keep verifiers busy.
        "ssh-rsa" => parts.get(1).is_some_and(|modulus| (128..=2049).contains(&modulus.len())),
        _ => true,
    };
    if !whole || !plausible {
        return Err(UNREADABLE.into());
    }
    Ok(colons(&Md5::digest(&blob)))
}

/// Length-prefixed fields of an SSH blob. Ends at the first that is cut short, with the rest left.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let field = rest.get(..length)?;
        self.0 = &rest[length..];
        Some(field)
    }
}

/// The fingerprint of a certificate in PEM; why it is none otherwise.
pub fn import_x509(pem: &str) -> Result<String, String> {
    let failed = "failed to generate X509 fingerprint. Error message: not a certificate in PEM";
    let body = pem
        .split_once("-----BEGIN CERTIFICATE-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"))
        .ok_or(failed)?
        .0;
    let packed: String = body.split_whitespace().collect();
    let der = BASE64_STANDARD.decode(packed).map_err(|_| failed)?;
    if der.first() != Some(&0x30) {
        return Err(failed.into());
    }
    Ok(colons(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der).as_ref()))
}

/// A new SSH keypair.
pub fn generate_ssh() -> Result<Generated, String> {
    let failed = "a key could not be made";
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| failed)?;
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).map_err(|_| failed)?;
    let point = pair.public_key().as_ref();
    // In ring's PKCS#8 the private number is the only octet string of 32 bytes that follows `04 20`.
    let bytes = document.as_ref();
    let at = bytes.windows(2).position(|window| window == [0x04, 0x20]).ok_or(failed)?;
    let number = bytes.get(at + 2..at + 34).ok_or(failed)?;
    let mut blob = Vec::new();
    for field in [b"ecdsa-sha2-nistp256".as_slice(), b"nistp256", point] {
        blob.extend((field.len() as u32).to_be_bytes());
        blob.extend(field);
    }
    let public = format!("ecdsa-sha2-nistp256 {} Generated-by-Nova", BASE64_STANDARD.encode(&blob));
    let fingerprint = import_ssh(&public)?;
    Ok(Generated { private: sec1(number, point), public, fingerprint })
}

/// `ECPrivateKey` of RFC 5915 for P-256, in PEM.
fn sec1(number: &[u8], point: &[u8]) -> String {
    let mut der = vec![0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20];
    der.extend(number);
    der.extend([0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);
    der.extend([0xa1, 0x44, 0x03, 0x42, 0x00]);
    der.extend(point);
    let mut pem = String::from("-----BEGIN EC PRIVATE KEY-----\n");
    let text = BASE64_STANDARD.encode(der);
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END EC PRIVATE KEY-----\n");
    pem
}

/// A new certificate of a user, signed by itself.
pub fn generate_x509(user: &str) -> Result<Generated, String> {
    let failed = |error: rcgen::Error| error.to_string();
    let key = rcgen::KeyPair::generate().map_err(failed)?;
    let mut params = rcgen::CertificateParams::new(Vec::new()).map_err(failed)?;
    params.distinguished_name.push(rcgen::DnType::CommonName, user);
    params.extended_key_usages.push(rcgen::ExtendedKeyUsagePurpose::ClientAuth);
    let public = params.self_signed(&key).map_err(failed)?.pem();
    let fingerprint = import_x509(&public)?;
    Ok(Generated { private: key.serialize_pem(), public, fingerprint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_read_by_openssh() {
        let key = generate_ssh().unwrap();
        let folder = std::env::temp_dir().join(format!("nova-key-{}", uuid::Uuid::new_v4()));
        std::fs::write(&folder, &key.private).unwrap();
        std::process::Command::new("chmod").arg("600").arg(&folder).status().unwrap();
        let said = std::process::Command::new("ssh-keygen").arg("-y").arg("-f").arg(&folder).output();
        std::fs::remove_file(&folder).unwrap();
        // Machines without OpenSSH skip this.
        if let Ok(said) = said {
            let public = String::from_utf8(said.stdout).unwrap();
            let own: Vec<&str> = key.public.split(' ').take(2).collect();
            assert_eq!(public.split_whitespace().take(2).collect::<Vec<_>>(), own);
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let cut = generate_ssh().unwrap().public.replace("AAAA", "AAAB");
        for key in ["ssh-rsa JUNK nova@ubuntu", "", "ssh-rsa", "what ever", &cut] {
            assert!(import_ssh(key).is_err(), "{key}");
        }
        assert!(import_x509("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----").is_err());
    }

    #[test]
    fn a_certificate_is_made_and_read_again() {
        let key = generate_x509("bob").unwrap();
        assert_eq!(import_x509(&key.public).unwrap(), key.fingerprint);
        assert!(key.private.contains("PRIVATE KEY"));
    }
}
