//! The certificate authority of one Pileus: it vouches for controllers and hosts to one another, and for nothing else.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::{
    credentials::{Credentials, write_secret},
    identity::{HostIdentity, InvalidHostName},
    tls::CONTROLLER_NAME,
};

const KEY_FILE: &str = "ca.key";
const CERTIFICATE_FILE: &str = "ca.pem";
const DAY: Duration = Duration::from_secs(86_400);

/// Why the authority could not do it.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// Its folder can't be read or written.
    #[error("the certificate authority's folder: {0}")]
    Storage(#[from] io::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A host can't have that name.
    #[error(transparent)]
    Name(#[from] InvalidHostName),
}

/// The authority. Its key stays in its folder.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

impl Authority {
    /// The authority whose key is in that folder; a new one when there is none.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let (key_file, certificate_file) = (folder.join(KEY_FILE), folder.join(CERTIFICATE_FILE));
        let key = match fs::read_to_string(&key_file) {
            Ok(pem) => KeyPair::from_pem(&pem)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = KeyPair::generate()?;
                write_secret(&key_file, key.serialize_pem().as_bytes())?;
                key
            }
            Err(error) => return Err(error.into()),
        };
        // The key is what makes the authority: a certificate that was lost is made again from it.
        let certificate_pem = match fs::read_to_string(&certificate_file) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = authority_params().self_signed(&key)?.pem();
                write_secret(&certificate_file, pem.as_bytes())?;
                pem
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { issuer: Issuer::new(authority_params(), key), certificate_pem })
    }

    /// Credentials of a controller.
    pub fn issue_controller(&self) -> Result<Credentials, AuthorityError> {
        self.issue(CONTROLLER_NAME, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Credentials of the host of that name.
    pub fn issue_host(&self, name: &str) -> Result<Credentials, AuthorityError> {
        self.issue(&HostIdentity::new(name)?.0, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A host's certificate is good for dialling only and a controller's for listening only, so that neither can pose
    /// as the other.
    /// A certificate for an HTTPS server of those names and addresses.
    pub fn issue_server(&self, names: &[String]) -> Result<Credentials, AuthorityError> {
        self.sign(
            CertificateParams::new(names)?,
            names.first().map_or("", String::as_str),
            ExtendedKeyUsagePurpose::ServerAuth,
        )
    }

    fn issue(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> Result<Credentials, AuthorityError> {
        self.sign(CertificateParams::new([name.to_owned()])?, name, usage)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        name: &str,
        usage: ExtendedKeyUsagePurpose,
    ) -> Result<Credentials, AuthorityError> {
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // A day back for clocks that differ; ten years on, since nothing renews it yet.
        params.not_before = date_time_ymd(1970, 1, 1) + now.saturating_sub(DAY);
        params.not_after = date_time_ymd(1970, 1, 1) + now + DAY * 3650;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Credentials {
            certificates_pem: format!("{}{}", certificate.pem(), self.certificate_pem),
            key_pem: key.serialize_pem(),
        })
    }
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Pileus hosts and controllers");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_authority_stays_the_same_when_opened_again_and_keeps_its_key_to_itself() {
        let folder = tempfile::tempdir().unwrap();
        let first = Authority::open(&folder.path().join("ca")).unwrap();
        let second = Authority::open(&folder.path().join("ca")).unwrap();
        assert_eq!(first.certificate_pem, second.certificate_pem);
        assert_eq!(first.issuer.key().serialize_der(), second.issuer.key().serialize_der());
        let mode = fs::metadata(folder.path().join("ca/ca.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn credentials_survive_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let issued = Authority::open(folder.path()).unwrap().issue_host("node1").unwrap();
        let path = folder.path().join("node1.pem");
        issued.write(&path).unwrap();
        let read = Credentials::read(&path).unwrap();
        assert_eq!((read.certificates_pem, read.key_pem), (issued.certificates_pem, issued.key_pem));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_certificate_names_its_host() {
        let folder = tempfile::tempdir().unwrap();
        let issued = Authority::open(folder.path()).unwrap().issue_host("node1.example.org").unwrap();
        let (certificate, ..) = issued.parse().unwrap();
        assert_eq!(
            HostIdentity::of_certificate(&certificate),
            Some(HostIdentity("node1.example.org".into()))
        );
    }
}
