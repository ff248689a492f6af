//! A certificate with its key, and the authority by which the other end is known: one PEM file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::tls::TlsError;

/// What one end of the protocol proves itself with. The key is a secret: it has no `Debug`.
#[derive(Clone)]
pub struct Credentials {
    /// The end's certificate, then the authority's.
    pub certificates_pem: String,
    /// The key of the first.
    pub key_pem: String,
}

impl Credentials {
    /// Reads what [`write`](Self::write) wrote.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let key_at = text
            .find("-----BEGIN PRIVATE KEY-----")
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the file has no private key"))?;
        let (certificates, key) = text.split_at(key_at);
        Ok(Self { certificates_pem: certificates.to_owned(), key_pem: key.to_owned() })
    }

    /// Writes all of it into one file that only its owner can read.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        write_secret(path, format!("{}{}", self.certificates_pem, self.key_pem).as_bytes())
    }

    /// The certificate, the authority and the key, parsed.
    pub(crate) fn parse(
        &self,
    ) -> Result<(CertificateDer<'static>, CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
        let unreadable = |error| TlsError::Credentials(format!("{error:?}"));
        let mut certificates = CertificateDer::pem_slice_iter(self.certificates_pem.as_bytes());
        let own = certificates.next().ok_or_else(|| TlsError::Credentials("no certificate".into()))?;
        let authority =
            certificates.next().ok_or_else(|| TlsError::Credentials("no authority's certificate".into()))?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(unreadable)?;
        Ok((own.map_err(unreadable)?, authority.map_err(unreadable)?, key))
    }
}

/// Writes a file that only its owner can read, whole or not at all.
pub(crate) fn write_secret(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}
